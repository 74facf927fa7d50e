import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSimulatedMachineStats } from './machine_stats.ts'
import { createMemoryDisk } from './disk.ts'
import { createWorld } from './world.ts'

const GIB = 2 ** 30

function begin() {
  const world = createWorld({ seed: 1 })
  const { clock, random } = world.host('node-a').machine
  const storage = createMemoryDisk({ clock, random })
  const used = { cpuNanoSeconds: 0, memoryBytes: 0, processes: 0, imagesBytes: 0, imagesInodes: 0, writableBytes: 0, writableInodes: 0 }
  const stats = createSimulatedMachineStats({
    clock,
    machine: { memoryBytes: 8 * GIB, ephemeralStorageBytes: 100 * GIB },
    runtime: { usage: () => used },
    storage,
  })
  return { world, stats, used, storage }
}

test('a machine uses what its containers use and what its system does', async () => {
  const { stats, used } = begin()
  stats.set({ systemMemoryBytes: GIB })
  used.memoryBytes = 2 * GIB
  const memory = await stats.memory()
  assert.deepEqual([memory.workingSetBytes, memory.availableBytes], [3 * GIB, 5 * GIB])
  used.memoryBytes = 20 * GIB
  assert.equal((await stats.memory()).availableBytes, 0)
})

test('CPU time of the system is counted as it was at each moment', async () => {
  const { world, stats, used } = begin()
  stats.set({ systemCpus: 1 })
  await world.advance(10_000)
  stats.set({ systemCpus: 0 })
  await world.advance(10_000)
  used.cpuNanoSeconds = 5e9
  const { usageNanoSeconds } = await stats.cpu()
  assert.equal(usageNanoSeconds, 15e9)
})

test('images lie on the node filesystem, or on their own when a story says so', async () => {
  const { stats, used, storage } = begin()
  stats.set({ systemDiskBytes: 10 * GIB })
  used.imagesBytes = 3 * GIB
  used.writableBytes = GIB
  await storage.makeDirectory('/var')
  await storage.writeFile('/var/file', new Uint8Array(4096))
  const node = await stats.filesystem('/var/lib/kubelet')
  assert.deepEqual([node.device, node.usedBytes], ['node', 14 * GIB + 3 * 4096])
  assert.deepEqual({ ...(await stats.filesystem('/var/lib/containers')), at: 0 }, { ...node, at: 0 })

  stats.set({ imageFilesystem: { capacityBytes: 20 * GIB, inodes: 1000, otherBytes: GIB } })
  assert.equal((await stats.filesystem('/var/lib/kubelet')).usedBytes, 10 * GIB + 3 * 4096)
  const images = await stats.filesystem('/var/lib/containers')
  assert.deepEqual([images.device, images.usedBytes, images.availableBytes], ['images', 5 * GIB, 15 * GIB])
})
