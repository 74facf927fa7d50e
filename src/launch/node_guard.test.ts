import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Machine } from '../kubelet/node/machine.ts'
import { nodeGuard } from './node_guard.ts'

const GIB = 2 ** 30
const machine = (gib: number) => ({ ephemeralStorageBytes: gib * GIB }) as Machine

test('a large disk that is nearly full of other things is not short until 1 GiB is left; a small one by Kubernetes’ shares', () => {
  assert.deepEqual(nodeGuard('containerd', machine(500)), {
    eviction: {
      evictionHard: {
        'memory.available': '100Mi',
        'nodefs.available': '1Gi',
        'nodefs.inodesFree': '1%',
        'imagefs.available': '1Gi',
        'imagefs.inodesFree': '1%',
      },
    },
    imageGc: { imageGCHighThresholdPercent: 100 },
  })
  const { evictionHard } = nodeGuard('containerd', machine(5)).eviction!
  assert.deepEqual([evictionHard?.['nodefs.available'], evictionHard?.['imagefs.available']], ['10%', '15%'])
})

test('simulated containers take no disk', () => {
  assert.deepEqual(nodeGuard('simulated', machine(1)).eviction, { evictionHard: { 'memory.available': '100Mi' } })
})

test('what is chosen goes before it, option by option', () => {
  const guard = nodeGuard('simulated', machine(1), { eviction: { evictionMonitorPeriodMs: 1 }, volumeStatsAggPeriodMs: 2 })
  assert.deepEqual(
    [guard.eviction?.evictionMonitorPeriodMs, guard.eviction?.evictionHard, guard.volumeStatsAggPeriodMs],
    [1, { 'memory.available': '100Mi' }, 2],
  )
})
