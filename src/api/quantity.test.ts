import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  QUANTITY_FORMAT,
  quantityMilli,
  quantityProblem,
  quantityValue,
  subtractQuantities,
} from './quantity.ts'

test('a quantity is printed as Kubernetes prints it', () => {
  const cases: [string, string][] = [
    ['0', '0'],
    ['0m', '0'],
    ['0Gi', '0'],
    ['1', '1'],
    ['01', '1'],
    ['+1', '1'],
    ['-1', '-1'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['0.1', '100m'],
    ['.5', '500m'],
    ['1.', '1'],
    ['1.5', '1500m'],
    ['1.5k', '1500'],
    ['1000', '1k'],
    ['1000000', '1M'],
    ['1024', '1024'],
    ['1234567', '1234567'],
    ['1500k', '1500k'],
    ['1024Mi', '1Gi'],
    ['1536Mi', '1536Mi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Ki', '512'],
    ['0.5Mi', '512Ki'],
    ['1000Ki', '1000Ki'],
    ['1e3', '1e3'],
    ['1E3', '1e3'],
    ['1e4', '10e3'],
    ['1.5e3', '1500'],
    ['1e-3', '1e-3'],
    ['12e6', '12e6'],
    ['1E', '1E'],
    ['1n', '1n'],
    ['0.5n', '1n'],
    ['-0.5n', '-1n'],
    ['1000u', '1m'],
    ['100P', '100P'],
    ['0.0001Ki', '102400u'],
    ['1.1Ki', '1126400m'],
    ['8Ei', '9223372036854775807'],
    ['9223372036854775808', '9223372036854775808'],
  ]
  for (const [text, canonical] of cases) assert.equal(canonicalQuantity(text), canonical, text)
})

test('what is no quantity is refused with the reason Kubernetes gives', () => {
  for (const text of ['', 'abc', '1 Gi', ' 1', '1.1.1', '--1', '1Gi ', 'Gi', '1,5', '１'])
    assert.equal(quantityProblem(text), QUANTITY_FORMAT, JSON.stringify(text))
  for (const text of ['1Kii', '1mm', '1e', '1m3', '1e99999']) {
    assert.equal(quantityProblem(text), "unable to parse quantity's suffix", text)
    assert.equal(parseQuantity(text), undefined)
  }
  assert.equal(quantityProblem('.'), 'unable to parse numeric part of quantity')
  assert.throws(() => quantityValue('ten'), RangeError)
})

test('quantities are compared and counted exactly across families', () => {
  assert.equal(compareQuantities('1', '1000m'), 0)
  assert.equal(compareQuantities('1Gi', '1G'), 1)
  assert.equal(compareQuantities('100m', '0.2'), -1)
  assert.equal(compareQuantities('9007199254740993', '9007199254740992'), 1)
  assert.equal(addQuantities('100m', '0.9'), '1')
  assert.equal(addQuantities('512Mi', '512Mi'), '1Gi')
  assert.equal(addQuantities('0', '1Gi'), '1Gi')
  assert.equal(subtractQuantities('1Gi', '512Mi'), '512Mi')
  assert.equal(quantityMilli('1500m'), 1500)
  assert.equal(quantityMilli('0.0001'), 1)
  assert.equal(quantityValue('100m'), 1)
  assert.equal(quantityValue('1.5Gi'), 1_610_612_736)
  assert.equal(quantityValue('-100m'), -1)
})

test('the canonical form is a fixed point and keeps the value', () => {
  const quantity = fc.record({ nano: fc.bigInt(-(2n ** 62n), 2n ** 62n), format: fc.constantFrom('decimal', 'binary', 'exponent') })
  fc.assert(
    fc.property(quantity, value => {
      const text = formatQuantity(value as never)
      assert.equal(canonicalQuantity(text), text)
      assert.equal(parseQuantity(text)!.nano, value.nano)
    }),
  )
})

test('the short way of counting common quantities agrees with the exact one', () => {
  for (const number of ['0', '1', '7', '999', '1023', '9999'])
    for (const suffix of ['', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi']) {
      const { nano } = parseQuantity(number + suffix)!
      assert.equal(quantityMilli(number + suffix), Number(nano / 1_000_000n), number + suffix)
      assert.equal(quantityValue(number + suffix), Number((nano + 999_999_999n) / 1_000_000_000n), number + suffix)
    }
})
