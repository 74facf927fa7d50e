import assert from 'node:assert/strict'
import { test } from 'node:test'
import { workloadSwarm } from './workload_swarm.ts'

/** More with SEEDS=100; one alone with SEED=4711. */
const seeds = process.env['SEED'] ? [Number(process.env['SEED'])] : Array.from({ length: Number(process.env['SEEDS'] ?? 2) }, (_, i) => i + 1)

for (const seed of seeds) {
  test(`seed ${seed}: workloads keep what they promise while everything fails, and come to rest as asked`, async () => {
    const one = await workloadSwarm(seed)
    if (seed > 1) return
    const other = await workloadSwarm(seed)
    const parted = one.lines.findIndex((line, i) => line !== other.lines[i])
    assert.equal(parted, -1, `the same seed is the same run, and they part at\n  ${one.lines[parted]}\n  ${other.lines[parted]}`)
    assert.equal(one.hash, other.hash)
  })
}
