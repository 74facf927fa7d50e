import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ContainerConfig, EventSubject, PodSandboxConfig } from './messages.ts'
import { bool, bytes, decode, encode, int32, int64, int64s, listOf, message, of, string, stringMap, strings, uint64 } from './wire.ts'

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex')
const raw = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

const Inner = message({ name: string(1), value: int64(2) })
const Outer = message({
  text: string(1),
  flag: bool(2),
  small: int32(3),
  big: int64(4),
  huge: uint64(5),
  data: bytes(6),
  words: strings(7),
  numbers: int64s(8),
  map: stringMap(9),
  inner: of(10, Inner),
  inners: listOf(16, Inner),
})

test('fields are encoded as Protocol Buffers prescribe', () => {
  const cases = [
    [{ text: 'testing' }, '0a 07 74657374696e67'],
    [{ small: 150 }, '18 9601'],
    [{ small: -1 }, '18 ffffffffffffffffff01'],
    [{ numbers: [3, 270] }, '42 03 03 8e02'],
    [{ map: { a: 'b' } }, '4a 06 0a0161 120162'],
    [{ inners: [{ value: 1 }] }, '8201 02 1001'],
  ] as const
  for (const [value, expected] of cases) assert.equal(hex(encode(Outer, value)), expected.replaceAll(' ', ''))
})

test('what has its zero value is left out, but an empty message is sent', () => {
  assert.equal(hex(encode(Outer, { text: '', flag: false, small: 0, words: [], map: {} })), '')
  assert.equal(hex(encode(Outer, { inner: {} })), '5200')
  assert.deepEqual(decode(Outer, raw('5200')).inner, { name: '', value: 0 })
  assert.equal(decode(Outer, raw('')).inner, undefined)
})

test('repeated numbers are read packed and unpacked', () => {
  assert.deepEqual(decode(Outer, raw('42 03 03 8e02')).numbers, [3, 270])
  assert.deepEqual(decode(Outer, raw('40 03 40 8e02')).numbers, [3, 270])
})

test('unknown fields, and known ones of another type, are skipped', () => {
  assert.equal(decode(Inner, raw('a00601 0a0178 9a0302ffff')).name, 'x')
  assert.deepEqual(decode(EventSubject, raw('0a03616263 1085 01')), { containerId: 'abc', id: '' })
})

test('a message that is cut off is refused', () => {
  assert.throws(() => decode(Inner, raw('0a07 7465')), RangeError)
})

test('a map may hold any key', () => {
  const map = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>
  assert.deepEqual(Object.entries(decode(Outer, encode(Outer, { map })).map), Object.entries(map))
})

test('whatever is encoded is decoded again', () => {
  const inner = fc.record({ name: fc.string(), value: fc.maxSafeInteger() }, { noNullPrototype: true })
  fc.assert(
    fc.property(
      fc.record(
        {
          text: fc.string({ unit: 'grapheme' }),
          flag: fc.boolean(),
          small: fc.integer(),
          big: fc.maxSafeInteger(),
          huge: fc.maxSafeNat(),
          data: fc.uint8Array(),
          words: fc.array(fc.string()),
          numbers: fc.array(fc.maxSafeInteger()),
          map: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
          inner: fc.option(inner, { nil: undefined }),
          inners: fc.array(inner),
        },
        { noNullPrototype: true },
      ),
      value => {
        assert.deepEqual(decode(Outer, encode(Outer, value)), value)
      },
    ),
  )
})

test('the numbers of nested CRI messages are those of the CRI', () => {
  const sandbox = encode(PodSandboxConfig, { linux: { securityContext: { runAsGroup: { value: 5 } } } })
  assert.equal(hex(sandbox), '4206' + '1204' + '4202' + '0805')
  const container = encode(ContainerConfig, { linux: { securityContext: { maskedPaths: ['/x'] } }, envs: [{ key: 'A', value: 'ü' }] })
  assert.equal(hex(container), '3207' + '0a0141' + '1202c3bc' + '7a06' + '1204' + '6a022f78')
})
