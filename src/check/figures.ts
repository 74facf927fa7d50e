/** The figures of a repetition: how many, how fast, and which requests are worth keeping. */
import type { Millis } from '../base/clock.ts'
import type { ClientKind, LoadRequest } from './observation.ts'
import { isLost, isSlow, isTrouble, latencyMs } from './outcome.ts'
import type { Repetition } from './report.ts'

export type Figures = Pick<Repetition, 'sent' | 'lost' | 'lostBeforeChange' | 'slow' | 'slowMs' | 'latencyMs' | 'perClient'>

/** Nobody notices less, whatever the median is. */
export const SLOW_MIN_MS = 1_000
/** So many times the usual is slow for anybody. */
export const SLOW_FACTOR = 10

/** A second, or ten times what was usual before the change, if that is more. */
export function slowThreshold(requests: readonly LoadRequest[], changeMs: Millis): Millis {
  const before = requests.filter(request => request.plannedMs < changeMs && !isLost(request)).map(latencyMs)
  return Math.max(SLOW_MIN_MS, SLOW_FACTOR * percentile(sorted(before), 50))
}

export function figuresOf(requests: readonly LoadRequest[], { changeMs, slowMs }: { changeMs: Millis; slowMs: Millis }): Figures {
  const lost = requests.filter(isLost)
  const latencies = sorted(requests.filter(request => !isLost(request)).map(latencyMs))
  const perClient: Partial<Record<ClientKind, { sent: number; lost: number; slow: number }>> = {}
  for (const request of requests) {
    const counts = (perClient[request.client] ??= { sent: 0, lost: 0, slow: 0 })
    counts.sent++
    if (isLost(request)) counts.lost++
    else if (isSlow(request, slowMs)) counts.slow++
  }
  return {
    sent: requests.length,
    lost: lost.length,
    lostBeforeChange: lost.filter(({ plannedMs }) => plannedMs < changeMs).length,
    slow: requests.filter(request => isSlow(request, slowMs)).length,
    slowMs,
    latencyMs: { p50: percentile(latencies, 50), p95: percentile(latencies, 95), p99: percentile(latencies, 99), max: latencies.at(-1) ?? 0 },
    perClient,
  }
}

/** The smallest value that at least so many percent are not above (nearest rank); 0 of nothing. */
export const percentile = (ascending: readonly number[], percent: number): number =>
  ascending.length === 0 ? 0 : ascending[Math.max(0, Math.ceil((percent / 100) * ascending.length) - 1)]!

const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b)

/** What a page can still draw. */
const BAD_MAX = 10_000
const GOOD_MAX = 2_000
/** Of all repetitions together, of either: what memory and a file can still hold. */
const REPORT_MAX = 200_000

export interface Kept {
  readonly badMax: number
  readonly goodMax: number
}

/** How many requests of each repetition a report keeps. */
export function keptOf(repetitions: number): Kept {
  const share = Math.ceil(REPORT_MAX / repetitions)
  return { badMax: Math.min(BAD_MAX, share), goodMax: Math.min(GOOD_MAX, share) }
}

/** The first that were lost or slow, and of the others every so many, in their order. */
export function worthKeeping(requests: readonly LoadRequest[], slowMs: Millis, { badMax, goodMax }: Kept): LoadRequest[] {
  const bad = requests.filter(request => isTrouble(request, slowMs)).slice(0, badMax)
  const good = requests.filter(request => !isTrouble(request, slowMs))
  const stride = Math.max(1, Math.ceil(good.length / goodMax))
  const kept = new Set([...bad, ...(goodMax > 0 ? good.filter((_, index) => index % stride === 0) : [])])
  return requests.filter(request => kept.has(request))
}
