import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import type { StepOutcome } from '../../base/lifecycle_trace.ts'
import { manualClock } from '../../base/testing/manual_clock.ts'
import type { ContainerStatus } from '../../runtime/runtime.ts'
import type { KubeletContext } from '../context.ts'
import { createContainerTrace } from './trace_containers.ts'

const NOON = Date.UTC(2026, 0, 1, 12)
const POD = { metadata: { name: 'web', namespace: 'default', uid: 'web-uid' }, spec: { containers: [{ name: 'web' }] }, status: {} } as unknown as Pod
const RUNNING = {
  id: 'one',
  sandboxId: 'sandbox',
  metadata: { name: 'web', attempt: 0 },
  state: 'running',
  startedAt: NOON,
  finishedAt: 0,
  exitCode: 0,
  reason: '',
  labels: {},
  annotations: {},
} as unknown as ContainerStatus

function begin() {
  const ends: StepOutcome[] = []
  const trace = { begin: () => ({ end: (outcome: StepOutcome = {}) => void ends.push(outcome) }), note() {} }
  const containers = createContainerTrace({ host: { clock: manualClock(NOON) }, trace } as unknown as KubeletContext)
  const look = (...all: Partial<ContainerStatus>[]) => containers.looked(POD, { sandboxes: [], containers: all.map(one => ({ ...RUNNING, ...one })) })
  return { ends, look }
}

test('a container that is seen no more, and was not seen to exit, ends with a reason at an instant nobody knows', () => {
  const { ends, look } = begin()
  look({})
  // Another one that is not told of does not hide that this one is gone.
  look({ id: 'recalled', sandboxId: '' })
  assert.deepEqual(
    ends.map(({ atMs, reason, exitCode }) => [atMs, reason, exitCode]),
    [['unknown', 'ContainerStatusUnknown', undefined]],
  )
  look()
  assert.equal(ends.length, 1)
})

test('one that was lost while it ran ends so, too; one that exited before it was removed ends when it exited', () => {
  const { ends, look } = begin()
  look({}, { id: 'two' })
  look({ sandboxId: '', state: 'unknown', exitCode: 137 }, { id: 'two', state: 'exited', finishedAt: NOON, exitCode: 3, reason: 'Error' })
  look()
  assert.deepEqual(
    ends.map(({ atMs, reason, exitCode }) => [atMs, reason, exitCode]),
    [
      [0, 'Error', 3],
      ['unknown', 'ContainerStatusUnknown', undefined],
    ],
  )
})
