/**
 * Whether the node is short of something, and whether it is time to act.
 *
 *   observations ─▶ thresholds met ─┬▶ condition: at once, and for five minutes after it was last seen
 *                                   └▶ met for its grace period, and by figures newer than the last ─▶ act
 *
 * Pure: what one pass leaves for the next is in the memory it returns.
 */
import type { Millis } from '../../base/clock.ts'
import { PRESSURE_CONDITIONS, SIGNALS, type Observations, type PressureCondition } from './signals.ts'
import { thresholdsMet, type Threshold } from './thresholds.ts'

export interface PressureMemory {
  /** Since when each threshold has been met without a break. */
  readonly metSince: ReadonlyMap<Threshold, Millis>
  readonly lastSeenAt: ReadonlyMap<PressureCondition, Millis>
  /** Those that were met for their grace period at the last pass. */
  readonly met: readonly Threshold[]
  readonly observations: Observations
}

export const NO_PRESSURE: PressureMemory = { metSince: new Map(), lastSeenAt: new Map(), met: [], observations: new Map() }

export interface PressurePlan {
  readonly memory: PressureMemory
  /** What the node says of itself, and why it refuses Pods. */
  readonly conditions: readonly PressureCondition[]
  /** Memory first: nothing else kills as quickly. Empty: there is nothing to do. */
  readonly act: readonly Threshold[]
}

export interface PressureInputs {
  readonly observations: Observations
  readonly thresholds: readonly Threshold[]
  readonly memory: PressureMemory
  /** How long a condition stays after it was last seen. */
  readonly transitionPeriodMs: Millis
  /** Of a clock that does not jump. */
  readonly now: Millis
}

export function planPressure({ observations, thresholds, memory, transitionPeriodMs, now }: PressureInputs): PressurePlan {
  const notCured = thresholdsMet(memory.met, observations, { untilCured: true })
  const seen = new Set([...thresholdsMet(thresholds, observations), ...notCured])
  const met = thresholds.filter(threshold => seen.has(threshold))

  const metSince = new Map(met.map(threshold => [threshold, memory.metSince.get(threshold) ?? now]))
  const lastSeenAt = new Map(memory.lastSeenAt)
  for (const { signal } of met) lastSeenAt.set(SIGNALS[signal].condition, now)
  const conditions = PRESSURE_CONDITIONS.filter(
    condition => now - (lastSeenAt.get(condition) ?? -Infinity) < transitionPeriodMs || lastSeenAt.get(condition) === now,
  )

  const due = met.filter(threshold => now - metSince.get(threshold)! >= (threshold.graceMs ?? 0))
  const isNews = ({ signal }: Threshold) => {
    const before = memory.observations.get(signal)
    return observations.get(signal)!.at !== before?.at
  }
  return {
    memory: { metSince, lastSeenAt, met: due, observations },
    conditions,
    act: due.filter(isNews).sort((a, b) => Number(b.signal === 'memory.available') - Number(a.signal === 'memory.available')),
  }
}
