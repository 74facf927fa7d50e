import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DaemonSet } from '../../api/kinds/daemon_set.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { Verdict } from './daemon_pods.ts'
import { planNodes, planUpdate, type Changes, type Observed } from './plan_daemon_set.ts'

let number = 0

/** `up`, `up old`, `unready old`, `failed`, `succeeded`, `going`. */
function podIn(state: string): Pod {
  const [how, hash = 'new'] = state.split(' ')
  return {
    metadata: {
      name: `${state}/${number++}`,
      labels: { 'controller-revision-hash': hash },
      ...(how === 'going' && { deletionTimestamp: '1970-01-01T00:00:00Z' }),
    },
    spec: { containers: [] },
    status: {
      phase: how === 'failed' ? 'Failed' : how === 'succeeded' ? 'Succeeded' : 'Running',
      conditions: [{ type: 'Ready', status: how === 'up' ? 'True' : 'False', lastTransitionTime: '1970-01-01T00:00:00Z' }],
    },
  } as unknown as Pod
}

/** `run up old + up`: the verdict on a node, and its Pods. */
function observe(nodes: readonly string[], rollingUpdate: object = {}, type = 'RollingUpdate', wallMs = 0): Observed {
  return {
    set: { spec: { minReadySeconds: 0, updateStrategy: { type, rollingUpdate } } } as unknown as DaemonSet,
    hash: 'new',
    wallMs,
    nodes: nodes.map((text, index) => {
      const [verdict, ...states] = text.split(/ (.*)/s)
      const pods = (states[0] ?? '').split(' + ').filter(Boolean).map(podIn)
      return { name: `n${index}`, verdict: verdict as Verdict, pods }
    }),
  }
}

const shown = ({ create, remove }: Changes): string[] => [
  ...create.map(node => `create ${node}`),
  ...remove.map(({ pod, node, why }) => `remove ${pod.metadata.name!.split('/')[0]} of ${node}: ${why}`),
]
const nodes = (...texts: string[]) => shown(planNodes(observe(texts), () => false))
const update = (rollingUpdate: object, ...texts: string[]) => shown(planUpdate(observe(texts, rollingUpdate)))

test('a node that shall have the Pod gets one, when none is there, not even one that is going', () => {
  assert.deepEqual(nodes('run', 'run up', 'run going', 'stay', 'go'), ['create n0'])
})

test('a node that shall have none loses it; one with a taint that came later keeps it', () => {
  assert.deepEqual(nodes('go up', 'go going', 'stay up'), ['remove up of n0: unwanted'])
})

test('of several Pods on a node the first stays', () => {
  assert.deepEqual(nodes('run up + up old + unready'), ['remove up old of n0: unwanted', 'remove unready of n0: unwanted'])
})

test('Pods that have ended go, unless their node has to wait', () => {
  assert.deepEqual(nodes('run failed', 'run succeeded'), ['remove failed of n0: failed', 'remove succeeded of n1: succeeded'])
  assert.deepEqual(shown(planNodes(observe(['run failed', 'run failed']), node => node === 'n1')), ['remove failed of n0: failed'])
})

test('no more than 250 changes of a kind are made at once', () => {
  const { create } = planNodes(observe(Array.from({ length: 400 }, () => 'run')), () => false)
  assert.equal(create.length, 250)
})

test('an update takes as many Pods away as may be unavailable, counting those that are', () => {
  const old = ['run up old', 'run up old', 'run up old', 'run up old']
  assert.deepEqual(update({ maxUnavailable: 1 }, ...old), ['remove up old of n0: outdated'])
  assert.deepEqual(update({ maxUnavailable: 2 }, ...old), ['remove up old of n0: outdated', 'remove up old of n1: outdated'])
  assert.deepEqual(update({ maxUnavailable: 1 }, 'run unready', ...old), [])
  assert.deepEqual(update({ maxUnavailable: 1 }, 'run going old', ...old), [])
  assert.deepEqual(update({ maxUnavailable: 1 }, 'run', ...old), [])
})

test('a share is rounded up', () => {
  const old = Array.from({ length: 5 }, () => 'run up old')
  assert.equal(update({ maxUnavailable: '21%' }, ...old).length, 2)
  assert.equal(update({ maxUnavailable: '1%' }, ...old).length, 1)
})

test('who is not available is replaced at once, whatever the number', () => {
  assert.deepEqual(update({ maxUnavailable: 1 }, 'run unready old', 'run unready old', 'run up old'), [
    'remove unready old of n0: outdated',
    'remove unready old of n1: outdated',
  ])
})

test('Pods of the newest revision are left alone, and OnDelete leaves everybody alone', () => {
  assert.deepEqual(update({ maxUnavailable: 3 }, 'run up', 'run unready', 'run up'), [])
  assert.deepEqual(shown(planUpdate(observe(['run up old'], {}, 'OnDelete'))), [])
})

test('with a surge the new Pod comes first, and the old one goes when it is available', () => {
  const surge = { maxSurge: 1, maxUnavailable: 0 }
  assert.deepEqual(update(surge, 'run up old', 'run up old'), ['create n0'])
  assert.deepEqual(update(surge, 'run up old + unready', 'run up old'), [])
  assert.deepEqual(update(surge, 'run up', 'run up old'), ['create n1'])
  assert.deepEqual(update({ maxSurge: '50%', maxUnavailable: 0 }, 'run up old', 'run up old', 'run up old'), ['create n0', 'create n1'])
  assert.deepEqual(update(surge, 'run unready old', 'run unready old', 'run up old'), ['create n0', 'create n1', 'create n2'])

  const manage = (...texts: string[]) => shown(planNodes(observe(texts, surge), () => false))
  assert.deepEqual(manage('run up old + unready'), [])
  assert.deepEqual(manage('run up old + up'), ['remove up old of n0: unwanted'])
  assert.deepEqual(manage('run unready old + unready'), ['remove unready old of n0: unwanted'], 'it serves nobody any more')
  assert.deepEqual(manage('run up old + up old + unready'), ['remove up old of n0: unwanted'])
})
