import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCpuRates } from './cpu_rates.ts'

test('the rate is that of the last two readings which lie far enough apart', () => {
  const rates = createCpuRates()
  const at = (seconds: number, cpuSeconds: number) => rates.with('c', { at: seconds * 1000, usageNanoSeconds: cpuSeconds * 1e9 }).usageNanoCores
  assert.equal(at(0, 0), undefined)
  assert.equal(at(1, 1), undefined, 'a second is too short to say')
  assert.equal(at(10, 5), 0.5e9)
  assert.equal(at(12, 7), 0.5e9, 'the last rate holds on')
  assert.equal(at(20, 5 + 10), 1e9)
  assert.equal(at(30, 1), undefined, 'the counter has begun anew')
  assert.equal(at(40, 3.5), 0.25e9)
})

test('a source that is not kept begins anew', () => {
  const rates = createCpuRates()
  rates.with('c', { at: 0, usageNanoSeconds: 0 })
  rates.keep(new Set(['other']))
  assert.equal(rates.with('c', { at: 10_000, usageNanoSeconds: 1e9 }).usageNanoCores, undefined)
})
