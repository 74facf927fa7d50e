import assert from 'node:assert/strict'
import { test } from 'node:test'
import { live } from './year.ts'

/** Others with SEEDS=a,b. */
const seeds = (process.env['SEEDS'] ?? '1,2,3').split(',')

for (const seed of seeds) {
  test(`seed ${seed}: a year of one Pod that crashes at random breaks no promise, and is the same when lived again`, async t => {
    const began = performance.now()
    const report = await live({ seed, pods: 1, days: 365 })
    t.diagnostic(`${Math.round(performance.now() - began)} ms: ${JSON.stringify(report)}`)
    assert.ok(report.seen.starts > 500 && report.seen.backOffs > 100 && report.reboots > 2)
    if (seed === seeds[0]) assert.equal((await live({ seed, pods: 1, days: 365 })).hash, report.hash)
  })
}

test(`a year of ten Pods breaks no promise`, async t => {
  const began = performance.now()
  const report = await live({ seed: seeds[0]!, pods: 10, days: 365 })
  t.diagnostic(`${Math.round(performance.now() - began)} ms: ${JSON.stringify(report)}`)
  assert.ok(report.seen.starts > 5_000 && report.ended > 100 && report.made > report.ended)
})
