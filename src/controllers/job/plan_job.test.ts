import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Job } from '../../api/kinds/job.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { createdOf } from '../../api/testing/draft.ts'
import type { JobStatus } from '../../api/types/job.ts'
import { planJob } from './plan_job.ts'

const NOW = Date.parse('2026-01-01T00:10:00Z')
const TRACKING = 'batch.kubernetes.io/job-tracking'
const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } }

function job(spec: object, status: JobStatus = {}): Job {
  const created = createdOf(Job, { metadata: { name: 'work', uid: 'job' }, spec: { template, ...spec } })
  created.status = { startTime: '2026-01-01T00:00:00Z', ...status }
  return created
}

interface About {
  phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed'
  tracked?: boolean
  deleted?: boolean
  index?: number
}

function pod(uid: string, { phase = 'Running', tracked = true, deleted = false, index }: About = {}): Pod {
  const created = createdOf(Pod, { metadata: { name: uid, uid, namespace: 'default' }, spec: template.spec })
  created.metadata.creationTimestamp = '2026-01-01T00:00:00Z'
  if (tracked) created.metadata.finalizers = [TRACKING]
  if (deleted) created.metadata.deletionTimestamp = '2026-01-01T00:09:00Z'
  if (index !== undefined) created.metadata.annotations = { 'batch.kubernetes.io/job-completion-index': String(index) }
  created.status.phase = phase
  return created
}

/** The numbers, who is let go, and how many are made. */
function outcome(of: Job, pods: readonly Pod[]) {
  const { status, release, make } = planJob(of, pods, [], NOW)
  const { succeeded = 0, failed = 0, uncountedTerminatedPods: uncounted } = status
  return {
    succeeded,
    failed,
    uncounted: [...(uncounted?.succeeded ?? []), ...(uncounted?.failed ?? [])],
    release: release.map(({ metadata }) => metadata.uid),
    make: make.length,
  }
}

test('an end is counted in three steps, of which each waits for the one before', () => {
  const spec = { completions: 2, parallelism: 1 }
  const uncounted = { uncountedTerminatedPods: { succeeded: ['a'] } }
  const ended = pod('a', { phase: 'Succeeded' })
  const free = pod('a', { phase: 'Succeeded', tracked: false })
  assert.deepEqual(
    outcome(job(spec), [ended]),
    { succeeded: 0, failed: 0, uncounted: ['a'], release: ['a'], make: 1 },
    'written down; to be let go once that is stored',
  )
  assert.deepEqual(outcome(job(spec, uncounted), [ended]), { succeeded: 0, failed: 0, uncounted: ['a'], release: ['a'], make: 1 }, 'still to be let go')
  assert.deepEqual(outcome(job(spec, uncounted), [free]), { succeeded: 1, failed: 0, uncounted: [], release: [], make: 1 }, 'let go: counted')
  assert.deepEqual(outcome(job(spec, uncounted), []), { succeeded: 1, failed: 0, uncounted: [], release: [], make: 1 }, 'gone: counted')
  assert.deepEqual(outcome(job(spec, { succeeded: 1 }), [free]), { succeeded: 1, failed: 0, uncounted: [], release: [], make: 1 }, 'and not again')
})

test('a Pod that was taken for failed when it was deleted stays so, though it succeeded in its last moment', () => {
  const spec = { completions: 1, completionMode: 'Indexed' }
  const late = pod('a', { phase: 'Succeeded', deleted: true, index: 0 })
  const { status } = planJob(job(spec, { uncountedTerminatedPods: { failed: ['a'] } }), [late], [], NOW)
  assert.deepEqual([status.completedIndexes, status.conditions], [undefined, undefined])
  const other = planJob(job(spec), [late], [], NOW)
  assert.equal(other.status.completedIndexes, '0', 'nobody had counted it yet')
})

test('what has too many Pods lets those go whose loss costs least, and two of one index are one too many', () => {
  const pending = pod('b', { phase: 'Pending' })
  const plan = (of: Job, pods: readonly Pod[]) => planJob(of, pods, [], NOW).sendAway.map(({ metadata }) => metadata.uid)
  assert.deepEqual(plan(job({ completions: 5, parallelism: 2 }), [pod('a'), pending, pod('c')]), ['b'])
  assert.deepEqual(
    plan(job({ completions: 5, parallelism: 3, completionMode: 'Indexed' }), [
      pod('a', { index: 0 }),
      pod('b', { index: 0, phase: 'Pending' }),
      pod('c', { index: 9 }),
    ]),
    ['c', 'b'],
  )
})

test('at most 500 Pods are made in one pass, and at most 500 ends are written into one status', () => {
  assert.equal(planJob(job({ parallelism: 2_000 }), [], [], NOW).make.length, 500)
  const ended = Array.from({ length: 700 }, (_, index) => pod(`p${index}`, { phase: 'Succeeded' }))
  const plan = planJob(job({ completions: 1_000, parallelism: 1_000 }), ended, [], NOW)
  assert.deepEqual([plan.status.uncountedTerminatedPods?.succeeded?.length, plan.againMs], [500, 0])
})
