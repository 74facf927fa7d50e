import assert from 'node:assert/strict'
import { test } from 'node:test'
import { live } from './year.ts'

// year.long.test.ts lives a year, alone and with ten Pods.
test('a season of one Pod that crashes at random breaks no promise', { timeout: 120_000 }, async t => {
  const report = await live({ seed: 'season', pods: 1, days: 60 })
  t.diagnostic(JSON.stringify(report))
  const { starts, backOffs, kills, hooks } = report.seen
  assert.ok(starts > 50 && backOffs > 5 && kills >= 1 && hooks > 5 && report.kubeletLives > 3, 'there was something to break')
})
