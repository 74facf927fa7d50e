/**
 * When something counts as running out: `memory.available<100Mi`, `nodefs.available<10%`. Hard thresholds act at once; soft
 * ones when they have been met for a grace period. Names and rules are those of the kubelet's configuration.
 */
import { formatQuantity, parseQuantity, quantityValue } from '../../api/quantity.ts'
import type { Millis } from '../../base/clock.ts'
import { isSignal, SIGNALS, type Observation, type Observations, type Signal, type StarvedResource } from './signals.ts'

export type ThresholdValue =
  | { readonly is: 'amount'; readonly amount: number; readonly text: string }
  /** A share of the capacity, 0 to 1. */
  | { readonly is: 'share'; readonly share: number }

export interface Threshold {
  readonly signal: Signal
  readonly value: ThresholdValue
  /** undefined: a hard threshold. */
  readonly graceMs: Millis | undefined
  /** Once met, the signal must rise this far above the threshold before it counts as cured. */
  readonly minimumReclaim: ThresholdValue | undefined
}

/** By signal: `{ 'memory.available': '100Mi', 'nodefs.available': '10%' }`. */
export type ThresholdTexts = Readonly<Record<string, string>>

export interface ThresholdSettings {
  readonly evictionHard: ThresholdTexts
  readonly evictionSoft: ThresholdTexts
  /** Milliseconds, by signal: every soft threshold needs one. */
  readonly evictionSoftGracePeriodMs: Readonly<Record<string, Millis>>
  readonly evictionMinimumReclaim: ThresholdTexts
}

/** The kubelet's own on Linux. */
export const DEFAULT_EVICTION_HARD: ThresholdTexts = {
  'memory.available': '100Mi',
  'nodefs.available': '10%',
  'nodefs.inodesFree': '5%',
  'imagefs.available': '15%',
  'imagefs.inodesFree': '5%',
}

export class EvictionSettingsError extends Error {
  override readonly name = 'EvictionSettingsError'
}

/** Hard ones first. Throws EvictionSettingsError. */
export function parseThresholds({ evictionHard, evictionSoft, evictionSoftGracePeriodMs, evictionMinimumReclaim }: ThresholdSettings): Threshold[] {
  for (const signal of [...Object.keys(evictionSoftGracePeriodMs), ...Object.keys(evictionMinimumReclaim)]) checkedSignal(signal)
  const parse = (texts: ThresholdTexts, graceOf: (signal: Signal) => Millis | undefined): Threshold[] =>
    Object.entries(texts).flatMap(([name, text]) => {
      const signal = checkedSignal(name)
      const value = parseValue(signal, text)
      if (!value) return []
      const reclaim = evictionMinimumReclaim[signal]
      const minimumReclaim = reclaim === undefined ? undefined : parseValue(signal, reclaim)
      return [{ signal, value, graceMs: graceOf(signal), minimumReclaim }]
    })
  return [
    ...parse(evictionHard, () => undefined),
    ...parse(evictionSoft, signal => {
      const graceMs = evictionSoftGracePeriodMs[signal]
      if (graceMs === undefined) throw new EvictionSettingsError(`grace period must be specified for the soft eviction threshold ${signal}`)
      if (!(graceMs >= 0)) throw new EvictionSettingsError(`invalid eviction grace period specified: ${signal}, must be a positive value`)
      return graceMs
    }),
  ]
}

/** The form of the kubelet's flags, `memory.available<100Mi,nodefs.available<10%`; for minimum reclaim, with `=`. Throws EvictionSettingsError. */
export function parseEvictionFlag(text: string, operator: '<' | '=' = '<'): ThresholdTexts {
  const statements = text.split(',').map(statement => statement.trim())
  const texts: Record<string, string> = {}
  for (const statement of statements.filter(Boolean)) {
    const at = statement.indexOf(operator)
    if (at <= 0 || at === statement.length - 1)
      throw new EvictionSettingsError(`invalid eviction threshold syntax ${statement}, expected <signal>${operator}<value>`)
    const signal = statement.slice(0, at)
    if (signal in texts) throw new EvictionSettingsError(`${signal} is given more than once`)
    texts[signal] = statement.slice(at + 1)
  }
  return texts
}

/** Undefined: 0% and 100% turn a threshold off, as in the kubelet. */
function parseValue(signal: Signal, text: string): ThresholdValue | undefined {
  if (text.endsWith('%')) {
    const percent = Number(text.slice(0, -1))
    if (text.length < 2 || Number.isNaN(percent)) throw new EvictionSettingsError(`eviction percentage threshold ${signal} is no percentage: ${text}`)
    if (percent < 0) throw new EvictionSettingsError(`eviction percentage threshold ${signal} must be >= 0%: ${text}`)
    if (percent > 100) throw new EvictionSettingsError(`eviction percentage threshold ${signal} must be <= 100%: ${text}`)
    if (percent === 0 || percent === 100) return undefined
    // The kubelet counts percentages in single precision; the amounts it prints show it.
    return { is: 'share', share: Math.fround(Math.fround(percent) / 100) }
  }
  const quantity = parseQuantity(text)
  if (!quantity) throw new EvictionSettingsError(`eviction threshold ${signal} is no quantity: ${text}`)
  if (quantity.nano < 0n) throw new EvictionSettingsError(`eviction threshold ${signal} must be positive: ${text}`)
  return { is: 'amount', amount: quantityValue(text), text: formatQuantity(quantity) }
}

function checkedSignal(name: string): Signal {
  if (isSignal(name)) return name
  throw new EvictionSettingsError(`unknown eviction signal ${name}; there are ${Object.keys(SIGNALS).join(', ')}`)
}

/** In the signal's own unit. */
export const amountOf = (value: ThresholdValue, capacity: number): number => (value.is === 'amount' ? value.amount : Math.trunc(capacity * value.share))

/** As messages print it: `100Mi`, and for a share what it comes to. */
export const printedAmount = (value: ThresholdValue, capacity: number): string =>
  value.is === 'amount' ? value.text : printedBinary(amountOf(value, capacity))

/** What is available of a signal, as messages print it. */
export const printedAvailable = (signal: Signal, { available }: Observation): string =>
  SIGNALS[signal].isBytes ? printedBinary(available) : printedDecimal(available)

export const printedBinary = (amount: number): string => formatQuantity({ nano: BigInt(Math.trunc(amount)) * 1_000_000_000n, format: 'binary' })
const printedDecimal = (amount: number): string => formatQuantity({ nano: BigInt(Math.trunc(amount)) * 1_000_000_000n, format: 'decimal' })

/** @param untilCured what was met before stays so until it has risen above threshold and minimum reclaim */
export const thresholdsMet = (thresholds: readonly Threshold[], observations: Observations, { untilCured = false } = {}): Threshold[] =>
  thresholds.filter(({ signal, value, minimumReclaim }) => {
    const seen = observations.get(signal)
    if (!seen) return false
    const extra = untilCured && minimumReclaim ? amountOf(minimumReclaim, seen.capacity) : 0
    return seen.available < amountOf(value, seen.capacity) + extra
  })

/**
 * What of a node's capacity no Pod may ask for, in bytes: it would be evicted as soon as it used it (behaviour 6.4).
 * Only hard thresholds count.
 */
export function hardReservation(thresholds: readonly Threshold[], resource: StarvedResource, capacity: number): number {
  const signal: Signal = resource === 'memory' ? 'memory.available' : 'nodefs.available'
  return Math.max(0, ...thresholds.filter(one => one.signal === signal && one.graceMs === undefined).map(({ value }) => amountOf(value, capacity)))
}
