import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/base/random.ts'
import { killInTheMiddle, MOMENTS, VICTIMS } from './faults.ts'
import { reasonToSkip } from './site.ts'

/** Some of them with ROUNDS=20; others with SEED=monday. */
const rounds = Number(process.env['ROUNDS'] ?? 200)
const seed = process.env['SEED'] ?? 'long'

test(
  `${rounds} rounds of SIGKILL: every Pod reaches the state it should, and nothing is left behind`,
  { skip: await reasonToSkip(['busybox']), timeout: rounds * 120_000 },
  async t => {
    const random = seededRandom(seed)
    const drawn = Array.from({ length: rounds }, (_, i) => ({
      seed: `${seed}-${i}`,
      victim: VICTIMS[random.below(VICTIMS.length)]!,
      moment: MOMENTS[random.below(MOMENTS.length)]!,
    }))
    const report = await killInTheMiddle(drawn, line => console.error(line))
    t.diagnostic(JSON.stringify(report))
    assert.equal(report.rounds, rounds)
  },
)
