import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deepFreeze } from './freeze.ts'

test('freezing reaches everything inside, also where the outside is frozen already', () => {
  for (const value of [{ a: [{ b: 1 }] }, Object.freeze({ a: [{ b: 1 }] })]) {
    const frozen = deepFreeze(value)
    assert.throws(() => {
      frozen.a[0]!.b = 2
    }, TypeError)
  }
})
