import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killServerRepeatedly } from './server_crashes.ts'

test('a server killed 120 times under load over HTTPS has lost nothing that it acknowledged', { timeout: 1_200_000 }, async t => {
  const report = await killServerRepeatedly({ kills: 120, seed: 'server, for long', patienceMs: 1_100_000 })
  t.diagnostic(JSON.stringify(report))
  assert.equal(report.kills, 120)
  assert.ok(report.writes > 2_000 && report.unknown > 500, 'the kills fell into the load')
})
