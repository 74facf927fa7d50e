import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_PRESSURE, planPressure, type PressureMemory } from './plan_pressure.ts'
import type { Signal } from './signals.ts'
import { DEFAULT_EVICTION } from './settings.ts'
import { parseThresholds, type ThresholdSettings } from './thresholds.ts'

const MI = 2 ** 20

/** Looks every ten seconds at what is available, in MiB, and tells what each look has found. */
function looks(settings: Partial<ThresholdSettings>, figures: readonly Partial<Record<Signal, number>>[], { stale = false } = {}) {
  const thresholds = parseThresholds({ ...DEFAULT_EVICTION, evictionHard: {}, ...settings })
  let memory: PressureMemory = NO_PRESSURE
  return figures.map((figure, i) => {
    const now = i * 10_000
    const at = stale ? 0 : now
    const observations = new Map(Object.entries(figure).map(([signal, mib]) => [signal as Signal, { available: mib * MI, capacity: 1000 * MI, at }]))
    const plan = planPressure({ observations, thresholds, memory, transitionPeriodMs: 300_000, now })
    memory = plan.memory
    return `${plan.conditions.join('+') || 'none'}: ${plan.act.map(({ signal }) => signal).join(' ') || '-'}`
  })
}

const hard = { evictionHard: { 'memory.available': '100Mi' } }

test('a hard threshold shows and acts at the first look', () => {
  assert.deepEqual(looks(hard, [{ 'memory.available': 100 }, { 'memory.available': 99 }]), ['none: -', 'MemoryPressure: memory.available'])
})

test('the condition stays for five minutes after the pressure was last seen', () => {
  const seen = looks(hard, [{ 'memory.available': 50 }, ...Array.from({ length: 31 }, () => ({ 'memory.available': 500 }))])
  assert.deepEqual([seen[0], seen[1], seen[29], seen[30]], ['MemoryPressure: memory.available', 'MemoryPressure: -', 'MemoryPressure: -', 'none: -'])
})

test('a soft threshold shows at once and acts when it was met for its grace without a break', () => {
  const soft = { evictionSoft: { 'memory.available': '200Mi' }, evictionSoftGracePeriodMs: { 'memory.available': 20_000 } }
  const low = { 'memory.available': 150 }
  const high = { 'memory.available': 500 }
  assert.deepEqual(looks(soft, [low, low, high, low, low, low]), [
    'MemoryPressure: -',
    'MemoryPressure: -',
    'MemoryPressure: -',
    'MemoryPressure: -',
    'MemoryPressure: -',
    'MemoryPressure: memory.available',
  ])
})

test('figures that are no newer than the last ones are not acted on a second time', () => {
  assert.deepEqual(looks(hard, [{ 'memory.available': 50 }, { 'memory.available': 50 }], { stale: true }), [
    'MemoryPressure: memory.available',
    'MemoryPressure: -',
  ])
})

test('memory comes before disk, whatever was named first', () => {
  const both = { evictionHard: { 'nodefs.available': '100Mi', 'memory.available': '100Mi' } }
  assert.deepEqual(looks(both, [{ 'nodefs.available': 1, 'memory.available': 1 }]), ['MemoryPressure+DiskPressure: memory.available nodefs.available'])
})

test('the minimum to reclaim is asked for only once the threshold was met', () => {
  const settings = { ...hard, evictionMinimumReclaim: { 'memory.available': '100Mi' } }
  const at = (mib: number) => ({ 'memory.available': mib })
  assert.deepEqual(
    looks(settings, [at(150), at(50), at(150), at(200)]).map(line => line.split(': ')[1]),
    ['-', 'memory.available', 'memory.available', '-'],
  )
})

test('a signal that can no longer be read is not acted on, and its condition runs out', () => {
  const seen = looks(hard, [{ 'memory.available': 50 }, ...Array.from({ length: 31 }, () => ({}))])
  assert.deepEqual([seen[1], seen[30]], ['MemoryPressure: -', 'none: -'])
})
