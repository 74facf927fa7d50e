import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { deepFreeze } from '../base/freeze.ts'
import { deepEqual } from './deep.ts'
import { applyJsonPatch } from './json_patch.ts'
import { applyMergePatch } from './merge_patch.ts'
import { ApiError } from './status.ts'

const refusal = (code: number, why: RegExp) => (error: unknown) => error instanceof ApiError && error.code === code && why.test(error.message)

test('a merge patch merges, replaces and removes as RFC 7386 shows', () => {
  const cases: [unknown, unknown, unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ]
  for (const [target, patch, result] of cases) assert.deepEqual(applyMergePatch(deepFreeze(target), patch), result)
})

test('a merge patch applied twice does what it did once', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
      const once = applyMergePatch(target, patch)
      assert.ok(deepEqual(applyMergePatch(once, patch), once))
      if (typeof target === 'object' && target !== null && !Array.isArray(target)) assert.ok(deepEqual(applyMergePatch(target, {}), target))
    }),
  )
})

test('a merge patch changes no prototype', () => {
  const result = applyMergePatch({}, JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')) as any
  assert.equal(result.polluted, undefined)
  assert.equal(({} as any).polluted, undefined)
})

test('a JSON patch changes a copy, operation after operation', () => {
  const target = deepFreeze({ spec: { replicas: 1, list: ['a', 'b'], 'x/y': 1 } })
  const cases: [unknown[], unknown][] = [
    [[{ op: 'replace', path: '/spec/replicas', value: 2 }], { spec: { ...target.spec, replicas: 2 } }],
    [
      [
        { op: 'add', path: '/spec/list/-', value: 'c' },
        { op: 'remove', path: '/spec/list/0' },
      ],
      { spec: { ...target.spec, list: ['b', 'c'] } },
    ],
    [[{ op: 'add', path: '/spec/list/1', value: 'x' }], { spec: { ...target.spec, list: ['a', 'x', 'b'] } }],
    [
      [
        { op: 'test', path: '/spec/x~1y', value: 1 },
        { op: 'move', from: '/spec/x~1y', path: '/z' },
      ],
      { spec: { replicas: 1, list: ['a', 'b'] }, z: 1 },
    ],
    [[{ op: 'copy', from: '/spec/list', path: '/copy' }], { ...target, copy: ['a', 'b'] }],
    [[{ op: 'replace', path: '', value: { a: 1 } }], { a: 1 }],
    [[], target],
  ]
  for (const [patch, result] of cases) assert.deepEqual(applyJsonPatch(target, patch), result)
})

test('a JSON patch that fails is refused as a whole', () => {
  const target = { spec: { replicas: 1, text: 'x'.repeat(100_000) } }
  const cases: [unknown, number, RegExp][] = [
    [{}, 400, /error decoding patch/],
    [[{ op: 'test', path: '/spec/replicas', value: 2 }], 422, /testing value \/spec\/replicas failed: test failed/],
    [[{ op: 'remove', path: '/spec/none' }], 422, /remove operation does not apply: doc is missing path: "\/spec\/none": missing value/],
    [[{ op: 'replace', path: '/spec/none', value: 1 }], 422, /replace operation does not apply: doc is missing path/],
    [[{ op: 'add', path: '/a/b', value: 1 }], 422, /add operation does not apply: doc is missing path/],
    [[{ op: 'add', path: '/a' }], 422, /add operation does not apply: missing value/],
    [[{ op: 'explode', path: '/a' }], 422, /Unexpected kind: explode/],
    [[{ op: 'add', path: 'a', value: 1 }], 422, /unable to decode path/],
    [[null], 422, /Unexpected kind: unknown/],
    [Array.from({ length: 10_001 }, () => ({ op: 'remove', path: '/a' })), 413, /maximum operations in a JSON patch is 10000, got 10001/],
    [Array.from({ length: 40 }, (_, i) => ({ op: 'copy', from: '/spec', path: `/spec/${i}` })), 422, /accumulated size increase of copy/],
  ]
  for (const [patch, code, why] of cases) assert.throws(() => applyJsonPatch(target, patch), refusal(code, why), String(why))
  assert.equal(Object.keys(target.spec).length, 2)
  for (const path of ['/__proto__/polluted', '/constructor/prototype/polluted']) {
    assert.throws(() => applyJsonPatch({}, [{ op: 'add', path, value: 1 }]), refusal(422, /doc is missing path/))
  }
  assert.deepEqual(applyJsonPatch({ data: {} }, [{ op: 'add', path: '/data/constructor', value: 'c' }]), { data: { constructor: 'c' } })
  assert.equal(({} as any).polluted, undefined)
})
