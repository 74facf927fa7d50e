import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Observations, Signal } from './signals.ts'
import {
  DEFAULT_EVICTION_HARD,
  hardReservation,
  parseEvictionFlag,
  parseThresholds,
  printedAmount,
  printedAvailable,
  thresholdsMet,
  type Threshold,
  type ThresholdSettings,
} from './thresholds.ts'

const MI = 2 ** 20
const GI = 2 ** 30

const parse = (settings: Partial<ThresholdSettings>): Threshold[] =>
  parseThresholds({ evictionHard: {}, evictionSoft: {}, evictionSoftGracePeriodMs: {}, evictionMinimumReclaim: {}, ...settings })

const seen = (figures: Partial<Record<Signal, [available: number, capacity: number]>>): Observations =>
  new Map(Object.entries(figures).map(([signal, [available, capacity]]) => [signal as Signal, { available, capacity, at: 0 }]))

test('the thresholds of a kubelet on Linux: 100Mi of memory, 10 % of the disk, 15 % of the images’ disk, 5 % of the inodes', () => {
  const thresholds = parse({ evictionHard: DEFAULT_EVICTION_HARD })
  const met = (figures: Parameters<typeof seen>[0]) => thresholdsMet(thresholds, seen(figures)).map(({ signal }) => signal)
  assert.deepEqual(met({ 'memory.available': [100 * MI, 8 * GI] }), [])
  assert.deepEqual(met({ 'memory.available': [100 * MI - 1, 8 * GI] }), ['memory.available'])
  assert.deepEqual(met({ 'nodefs.available': [11, 100], 'imagefs.available': [16, 100] }), [])
  assert.deepEqual(met({ 'nodefs.available': [9, 100], 'imagefs.available': [14, 100] }), ['nodefs.available', 'imagefs.available'])
  assert.deepEqual(met({ 'nodefs.inodesFree': [4, 100] }), ['nodefs.inodesFree'])
  assert.deepEqual(met({ 'pid.available': [0, 100] }), [], 'there is no default for processes')
  assert.deepEqual(met({}), [], 'what is not known is not short')
})

test('0% and 100% turn a threshold off', () => {
  assert.deepEqual(parse({ evictionHard: { 'nodefs.available': '0%', 'imagefs.available': '100%' } }), [])
})

test('what is met stays met until it has risen above threshold and minimum reclaim', () => {
  const thresholds = parse({ evictionHard: { 'memory.available': '100Mi' }, evictionMinimumReclaim: { 'memory.available': '50Mi' } })
  const at = (available: number, untilCured: boolean) => thresholdsMet(thresholds, seen({ 'memory.available': [available * MI, GI] }), { untilCured }).length
  assert.deepEqual([at(149, false), at(149, true), at(150, true)], [0, 1, 0])
})

test('a minimum reclaim may be a share of the capacity', () => {
  const thresholds = parse({ evictionHard: { 'nodefs.available': '1Gi' }, evictionMinimumReclaim: { 'nodefs.available': '10%' } })
  const met = (available: number) => thresholdsMet(thresholds, seen({ 'nodefs.available': [available * GI, 100 * GI] }), { untilCured: true }).length
  assert.deepEqual([met(10.9), met(11.1)], [1, 0])
})

test('amounts are printed as they were written, shares as what they come to', () => {
  const [memory, disk, inodes] = parse({ evictionHard: { 'memory.available': '1024Ki', 'nodefs.available': '10%', 'nodefs.inodesFree': '5%' } })
  assert.equal(printedAmount(memory!.value, 8 * GI), '1Mi')
  assert.equal(printedAmount(disk!.value, 100 * GI), '10737418400', 'in single precision, as the kubelet counts')
  assert.equal(printedAmount(inodes!.value, 6553600), '320Ki')
  assert.equal(printedAvailable('memory.available', { available: 56 * MI, capacity: 0, at: 0 }), '56Mi')
  assert.equal(printedAvailable('nodefs.inodesFree', { available: 12_345, capacity: 0, at: 0 }), '12345')
  assert.equal(printedAvailable('pid.available', { available: 12_000, capacity: 0, at: 0 }), '12k')
})

test('settings that make no sense are refused with what is wrong', () => {
  for (const [settings, message] of [
    [{ evictionHard: { 'memory.free': '1Gi' } }, /^unknown eviction signal memory\.free; there are memory\.available, /],
    [{ evictionHard: { 'memory.available': '-1Gi' } }, 'eviction threshold memory.available must be positive: -1Gi'],
    [{ evictionHard: { 'memory.available': 'much' } }, 'eviction threshold memory.available is no quantity: much'],
    [{ evictionHard: { 'memory.available': '101%' } }, 'eviction percentage threshold memory.available must be <= 100%: 101%'],
    [{ evictionHard: { 'memory.available': '-1%' } }, 'eviction percentage threshold memory.available must be >= 0%: -1%'],
    [{ evictionHard: { 'memory.available': '%' } }, 'eviction percentage threshold memory.available is no percentage: %'],
    [{ evictionSoft: { 'memory.available': '1Gi' } }, 'grace period must be specified for the soft eviction threshold memory.available'],
    [{ evictionMinimumReclaim: { free: '1Gi' } }, /^unknown eviction signal free/],
  ] as const)
    assert.throws(() => parse(settings), { name: 'EvictionSettingsError', message })
})

test('the form of the kubelet’s flags is understood', () => {
  assert.deepEqual(parseEvictionFlag('memory.available<100Mi, nodefs.available<10%'), { 'memory.available': '100Mi', 'nodefs.available': '10%' })
  assert.deepEqual(parseEvictionFlag('imagefs.available=2Gi', '='), { 'imagefs.available': '2Gi' })
  assert.deepEqual(parseEvictionFlag(''), {})
  assert.throws(() => parseEvictionFlag('memory.available>1Gi'), {
    message: 'invalid eviction threshold syntax memory.available>1Gi, expected <signal><<value>',
  })
  assert.throws(() => parseEvictionFlag('a<1,a<2'), { message: 'a is given more than once' })
})

test('no Pod may ask for what a hard threshold keeps free', () => {
  const thresholds = parse({
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '10%', 'imagefs.available': '15%' },
    evictionSoft: { 'memory.available': '1Gi' },
    evictionSoftGracePeriodMs: { 'memory.available': 60_000 },
  })
  assert.equal(hardReservation(thresholds, 'memory', 8 * GI), 100 * MI)
  assert.equal(hardReservation(thresholds, 'ephemeral-storage', 1000), 100)
  assert.equal(hardReservation([], 'memory', GI), 0)
})
