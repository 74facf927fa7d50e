import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createInstants } from './instants.ts'

test('the time of day follows the clock that never goes back, and a clock that is set', () => {
  let now = 1_000.75
  let wall = 50_000
  const instants = createInstants({ now: () => now, wall: () => wall, at: () => ({ cancel() {} }) })
  const first = instants.now()
  now += 0.5
  const second = instants.now()
  assert.deepEqual([first, second.wallMs - first.wallMs], [{ ms: 1_000.75, wallMs: 50_000 }, 0.5], 'although the reading has not moved')
  assert.equal(instants.at(1_000.75).wallMs, 50_000)
  wall += 3_600_000
  assert.equal(instants.now().wallMs, 3_650_000)
})
