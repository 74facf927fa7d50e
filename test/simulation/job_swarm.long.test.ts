/** The sweep of the long run. SEEDS=50 for fewer, FROM=500 to go on. */
import { test } from 'node:test'
import { jobSwarm } from './job_swarm.ts'

const from = Number(process.env['FROM'] ?? 1)
const seeds = Array.from({ length: Number(process.env['SEEDS'] ?? 1_000) }, (_, i) => from + i)

for (const seed of seeds) {
  test(`seed ${seed}: whatever dies when, each end of a Pod is counted once, and no Job has more Pods than it may`, async () => {
    await jobSwarm(seed)
  })
}
