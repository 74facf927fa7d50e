import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameSuffix, seededRandom, uuid, type Random } from './random.ts'

const draws = (random: Random, count: number, bound = 1_000_000) => Array.from({ length: count }, () => random.below(bound))

test('a seed gives the same numbers every time, on every machine', () => {
  assert.deepEqual(draws(seededRandom('poise'), 100), draws(seededRandom('poise'), 100))
  assert.deepEqual(draws(seededRandom('poise'), 4), [181_123, 230_788, 745_338, 917_562])
})

test('seeds that hardly differ give streams that have nothing in common', () => {
  const firsts = new Set(Array.from({ length: 5_000 }, (_, n) => seededRandom(String(n)).below(2 ** 32)))
  assert.ok(firsts.size >= 4_999, `${firsts.size} different first numbers`)
  for (const [a, b] of [
    ['1', '2'],
    ['', ' '],
    ['a', 'aa'],
    ['ab', 'ba'],
  ] as const) {
    const common = correlation(fractions(seededRandom(a), 10_000), fractions(seededRandom(b), 10_000))
    assert.ok(Math.abs(common) < 0.05, `${a} and ${b}: ${common}`)
  }
})

test('every number below the bound comes about equally often', () => {
  for (const bound of [2, 3, 10, 27]) {
    const counts = Array.from({ length: bound }, () => 0)
    const total = bound * 10_000
    for (const n of draws(seededRandom(`bound ${bound}`), total, bound)) counts[n]!++
    const chiSquared = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)
    // Ten times the degrees of freedom is far beyond chance, and any real bias is far beyond that.
    assert.ok(chiSquared < 10 * bound, `${bound}: ${chiSquared}`)
  }
  assert.deepEqual(new Set(draws(seededRandom('one'), 100, 1)), new Set([0]))
})

test('fractions fill 0 to 1 evenly, and one says nothing about the next', () => {
  const all = fractions(seededRandom('fractions'), 100_000)
  assert.ok(all.every(f => f >= 0 && f < 1))
  const mean = all.reduce((a, b) => a + b) / all.length
  assert.ok(Math.abs(mean - 0.5) < 0.01, `mean ${mean}`)
  const next = correlation(all.slice(0, -1), all.slice(1))
  assert.ok(Math.abs(next) < 0.02, `correlation ${next}`)
  const bits = all.map(f => f * 2 ** 32)
  for (let bit = 0; bit < 32; bit++) {
    const ones = bits.filter(value => Math.floor(value / 2 ** bit) % 2 === 1).length / bits.length
    assert.ok(Math.abs(ones - 0.5) < 0.02, `bit ${bit} is set in ${ones}`)
  }
})

test('a fork does not depend on what was drawn before, and drawing from it changes nothing else', () => {
  const untouched = seededRandom('seed')
  const used = seededRandom('seed')
  draws(used, 1_000)
  const fork = used.fork('kubelet')
  assert.deepEqual(draws(fork, 20), draws(untouched.fork('kubelet'), 20))
  draws(fork, 1_000)
  draws(untouched, 1_000)
  assert.deepEqual(draws(used, 20), draws(untouched, 20))
})

test('forks by different labels, of different depth or from different parents are different streams', () => {
  const random = seededRandom('seed')
  const streams = [
    random,
    random.fork('a'),
    random.fork('b'),
    random.fork('a/b'),
    random.fork('a').fork('b'),
    random.fork('b').fork('a'),
    random.fork(''),
    random.fork('').fork(''),
    seededRandom('seed2').fork('a'),
  ]
  const seen = new Set(streams.map(stream => draws(stream, 5).join(' ')))
  assert.equal(seen.size, streams.length)
  assert.ok(Math.abs(correlation(fractions(random.fork('a'), 10_000), fractions(random.fork('b'), 10_000))) < 0.05)
})

test('uuids are version 4 and do not repeat', () => {
  const random = seededRandom('uuid')
  const all = Array.from({ length: 10_000 }, () => uuid(random))
  for (const id of all) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(new Set(all).size, all.length)
})

test('generated names end in five letters and digits that spell no word', () => {
  const random = seededRandom('names')
  const all = Array.from({ length: 2_000 }, () => nameSuffix(random))
  for (const suffix of all) assert.match(suffix, /^[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  assert.equal(new Set(all.join('')).size, 27)
  assert.equal(nameSuffix(random, 10).length, 10)
})

function fractions(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.fraction())
}

function correlation(xs: readonly number[], ys: readonly number[]): number {
  const mean = (list: readonly number[]) => list.reduce((a, b) => a + b) / list.length
  const [x, y] = [mean(xs), mean(ys)]
  const sum = (of: (i: number) => number) => xs.reduce((total, _, i) => total + of(i), 0)
  const [dx, dy] = [(i: number) => xs[i]! - x, (i: number) => ys[i]! - y]
  return sum(i => dx(i) * dy(i)) / Math.sqrt(sum(i => dx(i) ** 2) * sum(i => dy(i) ** 2))
}
