import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wilsonInterval } from './wilson.ts'

/** By the formula in Wilson (1927), as tables of statistics print it. */
const KNOWN: readonly [hits: number, trials: number, low: number, high: number][] = [
  [0, 10, 0, 0.2775],
  [1, 10, 0.0179, 0.4042],
  [5, 10, 0.2366, 0.7634],
  [10, 10, 0.7225, 1],
  [0, 50, 0, 0.0713],
  [81, 263, 0.2553, 0.3662],
]

test('the interval by Wilson agrees with what is printed of it', () => {
  for (const [hits, trials, low, high] of KNOWN) {
    const interval = wilsonInterval(hits, trials)
    assert.ok(Math.abs(interval.low - low) < 0.00006, `${hits} of ${trials}: low ${interval.low}, not ${low}`)
    assert.ok(Math.abs(interval.high - high) < 0.00006, `${hits} of ${trials}: high ${interval.high}, not ${high}`)
  }
})

test('without a trial nothing is known', () => {
  assert.deepEqual(wilsonInterval(0, 0), { low: 0, high: 1 })
})
