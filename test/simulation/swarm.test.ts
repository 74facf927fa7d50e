import assert from 'node:assert/strict'
import { test } from 'node:test'
import { swarm } from './swarm.ts'

/** More with SEEDS=100; one alone with SEED=4711. */
const seeds = process.env['SEED'] ? [Number(process.env['SEED'])] : Array.from({ length: Number(process.env['SEEDS'] ?? 2) }, (_, i) => i + 1)

for (const seed of seeds) {
  test(`seed ${seed}: nothing that must not be is ever stored, and everything comes to rest; twice the same`, async () => {
    const one = await swarm(seed)
    const other = await swarm(seed)
    const parted = one.lines.findIndex((line, i) => line !== other.lines[i])
    assert.equal(parted, -1, `the runs part at\n  ${one.lines[parted]}\n  ${other.lines[parted]}`)
    assert.equal(one.hash, other.hash)
  })
}
