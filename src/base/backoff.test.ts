import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoffMs } from './backoff.ts'

test('a crashing container waits 10, 20, 40, 80, 160 and then 300 seconds', () => {
  const range = { baseMs: 10_000, maxMs: 300_000 }
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 7].map(failures => backoffMs(failures, range) / 1_000),
    [0, 10, 20, 40, 80, 160, 300, 300],
  )
})

test('any number of failures gives a wait no longer than the cap', () => {
  for (const failures of [30, 53, 54, 1_000, 1e9, Number.MAX_SAFE_INTEGER]) assert.equal(backoffMs(failures, { baseMs: 5, maxMs: 1_000_000 }), 1_000_000)
  assert.equal(backoffMs(1, { baseMs: 500, maxMs: 100 }), 100)
})

test('no failure, no wait', () => {
  assert.equal(backoffMs(0, { baseMs: 10, maxMs: 100 }), 0)
  assert.equal(backoffMs(-1, { baseMs: 10, maxMs: 100 }), 0)
})
