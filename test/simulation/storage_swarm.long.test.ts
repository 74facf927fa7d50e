/** The sweep of the long run. SEEDS=50 for fewer, FROM=500 to go on. */
import { test } from 'node:test'
import { storageSwarm } from './storage_swarm.ts'

const from = Number(process.env['FROM'] ?? 1)
const seeds = Array.from({ length: Number(process.env['SEEDS'] ?? 1_000) }, (_, i) => from + i)

for (const seed of seeds) {
  test(`seed ${seed}: claims and volumes keep each other, and nothing is left on a disk`, async () => {
    await storageSwarm(seed)
  })
}
