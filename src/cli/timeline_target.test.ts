import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PodTimeline } from '../api/kinds/pod_timeline.ts'
import { chosen } from './timeline_question.ts'
import { parseTargets } from './timeline_target.ts'

const targets = (...words: string[]) => parseTargets(words).map(({ kind, name }) => `${kind.kind} ${name}`)

test('objects are named as kubectl names them', () => {
  assert.deepEqual(targets(), [])
  assert.deepEqual(targets('pods'), [])
  assert.deepEqual(targets('po/web-0', 'deploy/web'), ['Pod web-0', 'Deployment web'])
  assert.deepEqual(targets('pods', 'web-0', 'web-1'), ['Pod web-0', 'Pod web-1'])
  assert.deepEqual(targets('deployment.apps/web', 'deployments.v1.apps/web', 'sts/db', 'rs/web-5d', 'ds/log', 'job.batch/import', 'svc/web'), [
    'Deployment web',
    'Deployment web',
    'StatefulSet db',
    'ReplicaSet web-5d',
    'DaemonSet log',
    'Job import',
    'Service web',
  ])
})

test('words that name nothing are refused with what to write instead', () => {
  for (const [words, complaint] of [
    [['web-0'], /"web-0" is not a kind/],
    [['deployment.batch/web'], /"deployment\.batch" is not a kind/],
    [['configmap/web'], /"configmap" is not a kind/],
    [['deploy'], /which Deployment\?/],
    [['pod/'], /"pod\/" is not KIND\/NAME/],
    [['pod/a/b'], /"pod\/a\/b" is not KIND\/NAME/],
    [['pod/a', 'b'], /cannot be mixed/],
  ] as const) {
    assert.throws(() => parseTargets(words), complaint)
  }
})

test('--since asks for Pods to which something happened, and a probe that goes on succeeding is no news', () => {
  const at = (second: number) => new Date(second * 1_000).toISOString()
  const timeline = (name: string, spans: object[]) => ({ metadata: {}, pod: { name, uid: name }, spans }) as unknown as PodTimeline
  const quiet = timeline('quiet', [
    { type: 'Ready', startAt: at(100) },
    { type: 'Probe', result: 'success', startAt: at(99), finishAt: at(1_000) },
  ])
  const failing = timeline('failing', [{ type: 'Probe', result: 'failure', startAt: at(99), finishAt: at(1_000) }])
  const young = timeline('young', [{ type: 'Scheduling', startAt: at(995) }])
  const names = (sinceMs: number | undefined) => chosen([quiet, failing, young], () => true, sinceMs, 1_001_000).map(({ pod }) => pod.name)
  assert.deepEqual(names(10_000), ['failing', 'young'])
  assert.deepEqual(names(undefined), ['quiet', 'failing', 'young'])
})
