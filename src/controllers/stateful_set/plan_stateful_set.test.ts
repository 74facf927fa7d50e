import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import type { StatefulSet } from '../../api/kinds/stateful_set.ts'
import { planStatefulSet, type Observed, type Step } from './plan_stateful_set.ts'

const SECOND = 1_000

/** `up`, `up old`, `unready`, `pending`, `failed`, `going`: how a Pod is, and of which revision. */
function podIn(ordinal: number, state: string, readyAtSeconds = 0): Pod {
  const [how, revision = 'new'] = state.split(' ')
  const name = `web-${ordinal}`
  const isUp = how === 'up'
  return {
    metadata: {
      name,
      uid: name,
      labels: {
        'controller-revision-hash': revision,
        'statefulset.kubernetes.io/pod-name': name,
        'apps.kubernetes.io/pod-index': String(ordinal),
      },
      ...(how === 'going' && { deletionTimestamp: '1970-01-01T00:00:00Z' }),
    },
    spec: { containers: [] },
    status: {
      phase: how === 'failed' ? 'Failed' : how === 'pending' ? 'Pending' : 'Running',
      conditions: [{ type: 'Ready', status: isUp ? 'True' : 'False', lastTransitionTime: new Date(readyAtSeconds * SECOND).toISOString() }],
    },
  } as unknown as Pod
}

/** States by ordinal from 0; empty: no Pod. */
function plan(states: readonly string[], spec: object = {}, more: Partial<Observed> = {}): string[] {
  const set = {
    metadata: { name: 'web' },
    spec: { replicas: 3, podManagementPolicy: 'OrderedReady', updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } }, ...spec },
  } as unknown as StatefulSet
  const pods = states.flatMap((state, ordinal) => (state ? [podIn(ordinal, state)] : []))
  return planStatefulSet({ set, pods, currentRevision: 'old', updateRevision: 'new', wallMs: 100 * SECOND, isWaiting: () => false, ...more }).map(printStep)
}

function printStep(step: Step): string {
  if (step.do === 'create') return `create ${step.ordinal} ${step.revision}`
  return `${step.do} ${step.pod.metadata.name!.split('-')[1]}`
}

const PARALLEL = { podManagementPolicy: 'Parallel' }

test('in order, the lowest Pod that is missing is made, and only when all below it are well', () => {
  assert.deepEqual(plan([]), ['create 0 new'])
  assert.deepEqual(plan(['up']), ['create 1 new'])
  assert.deepEqual(plan(['up', 'unready']), [])
  assert.deepEqual(plan(['up', 'pending']), [])
  assert.deepEqual(plan(['going', '', 'up']), [])
  assert.deepEqual(plan(['up', '', 'up']), ['create 1 new'])
  assert.deepEqual(plan(['up', 'up', 'up']), [])
})

test('in parallel, nobody waits for anybody', () => {
  assert.deepEqual(plan([], PARALLEL), ['create 0 new', 'create 1 new', 'create 2 new'])
  assert.deepEqual(plan(['unready', '', 'going'], PARALLEL), ['create 1 new'])
  assert.deepEqual(plan(['up', 'up', 'unready', 'up', 'unready'], PARALLEL), ['delete 4', 'delete 3'])
})

test('a Pod that has ended is deleted, and its successor is made when it has gone', () => {
  assert.deepEqual(plan(['up', 'failed', 'up']), ['delete 1'])
  assert.deepEqual(plan(['failed', 'failed', 'up']), ['delete 0'])
  assert.deepEqual(plan(['failed', 'failed', 'up'], PARALLEL), ['delete 0', 'delete 1'])
  assert.deepEqual(plan(['failed', 'failed', 'up'], PARALLEL, { isWaiting: ordinal => ordinal === 0 }), ['delete 1'], 'unless that has just been done')
})

test('too many go from the highest down, one at a time, when everybody else is well', () => {
  assert.deepEqual(plan(['up', 'up', 'up', 'up', 'up']), ['delete 4'])
  assert.deepEqual(plan(['up', 'up', 'up', 'up', 'going']), [])
  assert.deepEqual(plan(['up', 'unready', 'up', 'up', 'up']), [])
  assert.deepEqual(plan(['up', 'up', 'up', 'unready', 'up']), ['delete 4'], 'the highest first, though another one is unwell')
  assert.deepEqual(plan(['up', 'up', 'up', 'unready', 'unready']), [], 'two are unwell: the lower one holds the higher up')
  assert.deepEqual(plan(['up', 'up', 'up', 'up', 'unready']), ['delete 4'], 'it is the unwell one itself')
})

test('an update goes from the highest ordinal down, one at a time, and stops at the partition', () => {
  const partition = (number: number) => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: number } } })
  assert.deepEqual(plan(['up old', 'up old', 'up old']), ['delete 2'])
  assert.deepEqual(plan(['up old', 'up old', 'going']), [])
  assert.deepEqual(plan(['up old', 'up old', 'unready']), [])
  assert.deepEqual(plan(['up old', 'up old', 'up']), ['delete 1'])
  assert.deepEqual(plan(['up old', 'up', 'up'], partition(1)), [])
  assert.deepEqual(plan(['up old', 'up old', 'up'], partition(1)), ['delete 1'])
  assert.deepEqual(plan(['up old', 'up old', 'up old'], partition(7)), [])
})

test('a Pod below the partition is made again as it was, one above it as it shall be', () => {
  const partition = { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } }
  assert.deepEqual(plan(['up old', '', 'up'], partition), ['create 1 old'])
  assert.deepEqual(plan(['up old', 'up old', ''], partition), ['create 2 new'])
  assert.deepEqual(plan(['up old', '', 'up'], { updateStrategy: { type: 'OnDelete' } }), ['create 1 new'])
})

test('OnDelete replaces nobody', () => {
  assert.deepEqual(plan(['up old', 'up old', 'up old'], { updateStrategy: { type: 'OnDelete' } }), [])
})

test('in order, a Pod that never gets ready stops everything, and bringing the template back does not help', () => {
  assert.deepEqual(plan(['up', 'up', 'unready bad']), [])
  assert.deepEqual(plan(['up', 'up', 'unready bad'], PARALLEL), ['delete 2'], 'in parallel it is replaced')
})

test('an update in parallel is one Pod at a time all the same', () => {
  assert.deepEqual(plan(['up old', 'up old', 'up old'], PARALLEL), ['delete 2'])
  assert.deepEqual(plan(['up old', 'up old', 'unready'], PARALLEL), [])
})

test('a Pod counts when it has been ready for minReadySeconds', () => {
  const spec = { minReadySeconds: 10 }
  assert.deepEqual(plan(['up'], spec, { wallMs: 9 * SECOND }), [])
  assert.deepEqual(plan(['up'], spec, { wallMs: 10 * SECOND }), ['create 1 new'])
  assert.deepEqual(plan(['up', 'up old', 'up'], spec, { wallMs: 9 * SECOND }), [])
  assert.deepEqual(plan(['up', 'up old', 'up'], spec, { wallMs: 10 * SECOND }), ['delete 1'])
})

test('ordinals may begin elsewhere; Pods below and above go', () => {
  assert.deepEqual(plan(['', 'up', 'up', 'up'], { ordinals: { start: 1 } }), [])
  assert.deepEqual(plan(['up', 'up', 'up'], { ordinals: { start: 1 } }), ['create 3 new'])
  assert.deepEqual(plan(['up', 'up', 'up', 'up'], { ordinals: { start: 1 } }), ['delete 0'])
})

test('a set that is being deleted does nothing', () => {
  const set = { metadata: { name: 'web', deletionTimestamp: 'now' }, spec: { replicas: 3 } } as unknown as StatefulSet
  assert.deepEqual(planStatefulSet({ set, pods: [], currentRevision: 'old', updateRevision: 'new', wallMs: 0, isWaiting: () => false }), [])
})

test('a Pod with the labels of another one is mended, one that waits for its claims is given them', () => {
  const tampered = podIn(0, 'up')
  tampered.metadata.labels!['statefulset.kubernetes.io/pod-name'] = 'web-7'
  assert.deepEqual(plan([], { replicas: 1 }, { pods: [tampered] }), ['mend 0'])
  const claims = { replicas: 1, volumeClaimTemplates: [{ metadata: { name: 'data' } }] }
  assert.deepEqual(plan(['pending'], claims), ['claim 0'])
  assert.deepEqual(plan(['up'], claims), ['mend 0'], 'it was adopted, and mounts no claim of this set')
})
