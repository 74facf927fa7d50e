import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveIntOrPercent, validateAtMostAll, validateIntOrPercent } from './int_or_percent.ts'

test('a share is taken of the total and rounded as asked, exactly', () => {
  assert.equal(resolveIntOrPercent(3, 10, 'up'), 3)
  assert.equal(resolveIntOrPercent('25%', 10, 'up'), 3)
  assert.equal(resolveIntOrPercent('25%', 10, 'down'), 2)
  assert.equal(resolveIntOrPercent('7%', 100, 'up'), 7, 'a share that is whole is not rounded by an error of floating point')
  assert.equal(resolveIntOrPercent('0%', 10, 'up'), 0)
  assert.throws(() => resolveIntOrPercent('3', 10, 'up'), /string is not a percentage/)
})

test('a value is refused in the words of Kubernetes', () => {
  const of = (value: number | string) => [...validateIntOrPercent(value, 'x'), ...validateAtMostAll(value, 'x')].map(({ body }) => body)
  assert.deepEqual(of(0), [])
  assert.deepEqual(of('100%'), [])
  assert.deepEqual(of(-1), ['Invalid value: -1: must be greater than or equal to 0'])
  assert.deepEqual(of('101%'), ['Invalid value: "101%": must not be greater than 100%'])
  assert.deepEqual(of('5'), [
    `Invalid value: "5": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')`,
  ])
})
