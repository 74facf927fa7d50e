import { test } from 'node:test'
import { nodeSeason } from './node_season.ts'

const FIRST = Number(process.env['FIRST_SEED'] ?? 1001)

for (let seed = FIRST; seed < FIRST + 60; seed++)
  test(`seed ${seed}: nodes come and go, and everything is there again`, async () => void (await nodeSeason(seed)))
