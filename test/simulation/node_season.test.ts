import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeSeason } from './node_season.ts'

/** More with SEEDS=100; one alone with SEED=4711. */
const seeds = process.env['SEED'] ? [Number(process.env['SEED'])] : Array.from({ length: Number(process.env['SEEDS'] ?? 2) }, (_, i) => i + 1)

for (const seed of seeds)
  test(`seed ${seed}: nodes come and go, no Pod runs twice unforced, and everything is there again`, async () => {
    const { lost } = await nodeSeason(seed)
    assert.ok(lost > 0, 'a season without a lost node shows nothing')
  })
