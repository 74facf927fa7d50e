import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ttlStep } from './node_ttl.ts'

test('node ttl: a cluster grows and shrinks through steps that overlap', () => {
  const walk = (counts: readonly number[]) => {
    let step = 0
    return counts.map(count => (step = ttlStep(count, step)))
  }
  assert.deepEqual(walk([1, 100, 101, 95, 90, 89]), [0, 0, 1, 1, 1, 0])
  assert.deepEqual(walk([5000, 1800, 1799, 3]), [4, 4, 3, 0])
})
