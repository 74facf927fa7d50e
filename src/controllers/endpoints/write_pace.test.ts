import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../base/testing/manual_clock.ts'
import { createWritePace } from './write_pace.ts'

test('five additions leave at once, then one every 100 ms; a pause lets five leave again', () => {
  const clock = manualClock()
  const pace = createWritePace(clock)
  const take = () => pace.take('default/web', 'addition')
  assert.deepEqual([take(), take(), take(), take(), take(), take()], [0, 0, 0, 0, 0, 100])
  clock.advance(99)
  assert.equal(take(), 1)
  clock.advance(1)
  assert.deepEqual([take(), take()], [0, 100])
  clock.advance(500)
  assert.deepEqual([take(), take(), take(), take(), take(), take()], [0, 0, 0, 0, 0, 100])
})

test('a withdrawal waits for no addition, and in a storm of its own no longer than 10 ms', () => {
  const clock = manualClock()
  const pace = createWritePace(clock)
  while (pace.take('default/web', 'addition') === 0);
  for (let i = 0; i < 20; i++) assert.equal(pace.take('default/web', 'withdrawal'), 0)
  assert.equal(pace.take('default/web', 'withdrawal'), 10)
  assert.equal(pace.take('default/other', 'addition'), 0, 'each Service has a pace of its own')
  pace.forget('default/web')
  assert.equal(pace.take('default/web', 'addition'), 0)
})
