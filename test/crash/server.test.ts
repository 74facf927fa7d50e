import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killServerRepeatedly } from './server_crashes.ts'

// server.long.test.ts does it more than a hundred times.
test('a server killed 25 times under load over HTTPS has lost nothing that it acknowledged', { timeout: 170_000 }, async t => {
  const report = await killServerRepeatedly({ kills: 25, seed: 'server', patienceMs: 90_000 })
  t.diagnostic(JSON.stringify(report))
  assert.ok(report.kills >= 8, `only ${report.kills} kills in the time`)
  assert.ok(report.writes > 200 && report.unknown > 50, 'the kills fell into the load')
})
