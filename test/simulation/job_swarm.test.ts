import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jobSwarm } from './job_swarm.ts'

/** In 116 a Pod succeeds in the moment after it was counted as failed, because somebody had deleted it. */
const PINNED = [116]

/** More with SEEDS=100; one alone with SEED=4711. */
const seeds = process.env['SEED'] ? [Number(process.env['SEED'])] : [...Array.from({ length: Number(process.env['SEEDS'] ?? 3) }, (_, i) => i + 1), ...PINNED]

for (const seed of seeds) {
  test(`seed ${seed}: whatever dies when, each end of a Pod is counted once, and no Job has more Pods than it may`, async () => {
    const one = await jobSwarm(seed)
    assert.ok(one.pods > 10 && one.failures > 0 && one.crashes > 1, JSON.stringify(one))
    if (seed === 1) assert.equal((await jobSwarm(seed)).hash, one.hash, 'the same seed is the same run')
  })
}
