import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killInTheMiddle, type FaultRound } from './faults.ts'
import { reasonToSkip } from './site.ts'

/** Where most can go wrong; faults.long.test.ts draws 200 rounds. */
const ROUNDS: readonly FaultRound[] = [
  { seed: 'short-1', victim: 'containerd', moment: 'start' },
  { seed: 'short-2', victim: 'poise', moment: 'end' },
  { seed: 'short-3', victim: 'shim', moment: 'running' },
  { seed: 'short-4', victim: 'process', moment: 'start' },
]

test(
  'whatever is killed, every Pod reaches the state it should, and nothing is left behind',
  { skip: await reasonToSkip(['busybox']), timeout: 280_000 },
  async t => {
    const report = await killInTheMiddle(ROUNDS, line => t.diagnostic(line))
    assert.equal(report.kills, ROUNDS.length)
  },
)
