import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Lease } from '../../api/kinds/lease.ts'
import type { Node } from '../../api/kinds/node.ts'
import { timestamp } from '../../api/meta.ts'
import { noteSigns, silentConditions, type NodeHealth } from './node_health.ts'

const WALL_MS = Date.UTC(2026, 0, 1)
const at = (seconds: number) => ({ now: seconds * 1000, wall: WALL_MS + seconds * 1000 })
const stamp = (seconds: number) => timestamp(WALL_MS + seconds * 1000)

const nodeOf = (conditions: Record<string, string> | undefined, heartbeatSeconds = 0, madeSeconds = 0): Node =>
  ({
    metadata: { name: 'one', creationTimestamp: stamp(madeSeconds) },
    spec: {},
    status: {
      conditions:
        conditions &&
        Object.entries(conditions).map(([type, status]) => ({
          type,
          status,
          reason: 'R',
          message: 'm',
          lastHeartbeatTime: stamp(heartbeatSeconds),
          lastTransitionTime: stamp(0),
        })),
    },
  }) as unknown as Node
const leaseOf = (renewedSeconds: number) => ({ spec: { renewTime: stamp(renewedSeconds) } }) as unknown as Lease
const READY = { Ready: 'True', MemoryPressure: 'False', DiskPressure: 'False', PIDPressure: 'False' }

/** When a Node was last heard, given what was seen at which second. */
function heard(...sights: readonly [seconds: number, node: Node, lease?: Lease][]): number {
  let health: NodeHealth | undefined
  for (const [seconds, node, lease] of sights) health = noteSigns(health, node, lease, at(seconds))
  return health!.seenAt / 1000
}

test('node health: what counts is when a sign was seen, not when it was made', () => {
  assert.equal(heard([100, nodeOf(READY, 20)]), 100)
  assert.equal(heard([100, nodeOf(READY), leaseOf(40)], [105, nodeOf(READY), leaseOf(50)]), 105)
})
test('node health: a heartbeat in the status is a sign, and so is a renewed Lease; the same once more is none', () => {
  assert.equal(heard([0, nodeOf(READY)], [5, nodeOf(READY, 4)]), 5)
  assert.equal(heard([0, nodeOf(READY), leaseOf(0)], [5, nodeOf(READY), leaseOf(4)]), 5)
  assert.equal(heard([0, nodeOf(READY), leaseOf(0)], [5, nodeOf(READY), leaseOf(0)]), 0)
})
test('node health: a Lease that is gone is none, nor is the same one there again', () => {
  assert.equal(heard([0, nodeOf(READY), leaseOf(10)], [10, nodeOf(READY)], [15, nodeOf(READY), leaseOf(10)]), 0)
})
test('node health: a Lease renewed by a clock that was set back is a sign', () => {
  assert.equal(heard([0, nodeOf(READY), leaseOf(3600)], [5, nodeOf(READY), leaseOf(4)], [15, nodeOf(READY), leaseOf(14)]), 15)
})
test('node health: that we have called it Unknown ourselves is none', () => {
  assert.equal(heard([0, nodeOf(READY)], [55, nodeOf({ ...READY, Ready: 'Unknown' })]), 0)
})
test('node health: one that has never spoken is silent since it was made', () => {
  assert.equal(heard([100, nodeOf(undefined, 0, 70)]), 70)
  assert.equal(heard([100, nodeOf(undefined, 0, 70)], [105, nodeOf(undefined, 0, 70)]), 70)
  assert.equal(heard([100, nodeOf(undefined, 0, 70)], [105, nodeOf(READY, 0, 70)]), 105)
})

const silent = (node: Node, seconds: number) => silentConditions(node, noteSigns(undefined, node, undefined, at(0)), at(seconds))

test('node health: after 50 s of silence four conditions are unknown, and say what they were last', () => {
  const node = nodeOf({ ...READY, NetworkUnavailable: 'False' })
  assert.equal(silent(node, 49.999), undefined)
  const conditions = silent(node, 50)!
  assert.deepEqual(
    conditions.map(({ type }) => type),
    ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'],
  )
  for (const { type: _, ...condition } of conditions)
    assert.deepEqual(condition, {
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastHeartbeatTime: stamp(0),
      lastTransitionTime: stamp(50),
    })
})
test('node health: one that has never spoken gets 60 s, and conditions it never had', () => {
  const node = nodeOf(undefined)
  assert.equal(silent(node, 59.999), undefined)
  assert.deepEqual(silent(node, 60)![0], {
    type: 'Ready',
    status: 'Unknown',
    reason: 'NodeStatusNeverUpdated',
    message: 'Kubelet never posted node status.',
    lastHeartbeatTime: stamp(0),
    lastTransitionTime: stamp(60),
  })
})
test('node health: what is unknown already stays as it is', () => {
  const unknown = Object.fromEntries(Object.keys(READY).map(type => [type, 'Unknown']))
  assert.equal(silent(nodeOf(unknown), 1000), undefined)
  assert.deepEqual(
    silent(nodeOf({ ...unknown, PIDPressure: 'True' }), 1000)!.map(({ type }) => type),
    ['PIDPressure'],
  )
})
