import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cloneJson, deepEqual } from './deep.ts'

test('a copy equals its original and shares nothing with it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      const copy = cloneJson(value)
      assert.equal(deepEqual(copy, value), true)
      assert.equal(JSON.stringify(copy), JSON.stringify(value))
      if (typeof value === 'object' && value !== null) assert.notEqual(copy, value)
    }),
  )
})

test('order of keys does not count, absence and undefined are the same, types are not mixed up', () => {
  const cases: [unknown, unknown, boolean][] = [
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: undefined }, {}, true],
    [{ a: undefined }, { b: undefined }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{ a: 1, b: undefined }, { a: 1, b: 2 }, false],
    [[], {}, false],
    [[1, 2], [2, 1], false],
    [null, {}, false],
    [{ toString: 1 }, {}, false],
    [{}, { toString: undefined }, true],
  ]
  for (const [a, b, equal] of cases) {
    assert.equal(deepEqual(a, b), equal, JSON.stringify([a, b]))
    assert.equal(deepEqual(b, a), equal, JSON.stringify([b, a]))
  }
})

test('a member called __proto__ is data and changes no prototype', () => {
  const copy = cloneJson(JSON.parse('{"__proto__":{"polluted":true}}'))
  assert.equal(copy.polluted, undefined)
  assert.equal(JSON.stringify(copy), '{"__proto__":{"polluted":true}}')
})
