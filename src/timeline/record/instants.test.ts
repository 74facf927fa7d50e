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
  assert.deepEqual([first, instants.wallOf(first)], [1_000.75, 50_000])
  assert.equal(instants.wallOf(second) - instants.wallOf(first), 0.5, 'although the reading has not moved')
  now += 10
  wall += 3_600_000
  assert.equal(instants.wallOf(instants.now()), 3_650_000)
  assert.deepEqual([instants.wallOf(first), instants.wallOf(second)], [50_000, 50_000.5], 'what was before keeps the time of day it had')
  for (let set = 0; set < 1_000; set++) {
    now += 10
    wall += 3_600_000
    instants.now()
  }
  assert.equal(instants.wallOf(now), wall)
})
