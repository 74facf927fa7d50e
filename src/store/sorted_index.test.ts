import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../base/random.ts'
import { compareKeys } from './key_order.ts'
import { createSortedIndex } from './sorted_index.ts'

test('an index through thousands of insertions and removals is what a sorted array is', () => {
  const random = seededRandom('sorted index')
  const index = createSortedIndex<number>()
  const model = new Map<string, number>()
  for (let step = 0; step < 20_000; step++) {
    const key = `/${'pqr'[random.below(3)]}/${random.below(6_000)}`
    // Grows first and shrinks later, so that chunks are split and emptied.
    if (random.below(20_000) > step / 2 + 2_000) {
      index.set(key, step)
      model.set(key, step)
    } else {
      const victim = nthKey(model, random.below(200)) ?? key
      index.delete(victim)
      model.delete(victim)
    }
  }
  assert.ok(model.size > 1_000)
  const sorted = [...model].sort(([a], [b]) => compareKeys(a, b))
  for (const [prefix, after] of [
    ['', undefined],
    ['/q/', undefined],
    ['/q/3', undefined],
    ['/q/', '/q/3'],
    ['/q/', '/p'],
    ['/q/', '/r'],
    ['/s', undefined],
  ] as const) {
    const wanted = sorted.filter(([key]) => key.startsWith(prefix) && (after === undefined || compareKeys(key, after) > 0))
    const found: [string, number][] = []
    index.scan(prefix, after, (value, key) => found.push([key, value]) > 0)
    assert.deepEqual(found, wanted)
    assert.equal(index.count(prefix, after), wanted.length)
  }
  for (const [key, value] of sorted) assert.equal(index.get(key), value)
  assert.equal(index.size, sorted.length)
  for (const [key] of sorted) index.delete(key)
  assert.deepEqual([index.size, index.count('', undefined)], [0, 0])
})

test('a scan ends when it is told to', () => {
  const index = createSortedIndex<number>()
  for (let n = 0; n < 2_000; n++) index.set(`/${String(n).padStart(4, '0')}`, n)
  const seen: number[] = []
  index.scan('/', '/0998', value => seen.push(value) < 3)
  assert.deepEqual(seen, [999, 1000, 1001])
})

test('keys are ordered as their bytes are', () => {
  const keys = ['', 'a', 'a/', 'a/b', 'ab', 'b', 'ß', '\ud7ff', '\ue000', '\uffee', '\u{10000}', '\u{1f600}', '\u{1f600}a']
  for (const a of keys) {
    for (const b of keys) {
      assert.equal(Math.sign(compareKeys(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)), `${a} and ${b}`)
    }
  }
})

function nthKey(model: Map<string, number>, n: number): string | undefined {
  for (const key of model.keys()) if (n-- === 0) return key
  return undefined
}
