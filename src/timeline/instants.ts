/**
 * One axis for instants that were told by two clocks. The monotonic one is taken where a span has it, because the time of day
 * may have been set meanwhile; what has the time of day alone is brought to the same axis.
 */
import type { PodTimeline } from '../api/kinds/pod_timeline.ts'
import type { TimelineSpan } from '../api/types/pod_timeline.ts'
import type { Millis } from '../base/clock.ts'

export interface Instants {
  /** Milliseconds after zero. */
  startOf(span: TimelineSpan): Millis | 'unknown'
  endOf(span: TimelineSpan): Millis | 'open' | 'unknown'
  ofWall(wallMs: Millis): Millis
  ofMonotonic(monotonicMs: Millis): Millis
  /** Undefined: no span tells the time of day. */
  readonly zeroWallMs: Millis | undefined
  /** The latest that any span knows. */
  readonly lastMs: Millis
}

export function createInstants(timelines: readonly PodTimeline[], { wallMinusMonotonicMs }: { wallMinusMonotonicMs?: Millis } = {}): Instants {
  const spans = timelines.flatMap(timeline => timeline.spans)
  const offset = wallMinusMonotonicMs ?? offsetOf(spans)
  const isMonotonic = spans.some(({ startMs, finishMs }) => startMs !== undefined || finishMs !== undefined)
  /** On the axis before zero is known: the monotonic clock where any span has it, else the time of day. */
  const raw = (monotonicMs: Millis | undefined, time: string | null | undefined): Millis | undefined => {
    if (monotonicMs !== undefined) return monotonicMs
    if (!time) return undefined
    const wallMs = Date.parse(time)
    if (Number.isNaN(wallMs)) return undefined
    return isMonotonic ? (offset === undefined ? undefined : wallMs - offset) : wallMs
  }
  const rawStart = (span: TimelineSpan) => raw(span.startMs, span.startAt)
  const rawEnd = (span: TimelineSpan) => raw(span.finishMs, span.finishAt)
  const all = spans.flatMap(span => [rawStart(span), rawEnd(span)]).filter(at => at !== undefined)
  let zero = Infinity
  let last = -Infinity
  for (const at of all) {
    zero = Math.min(zero, at)
    last = Math.max(last, at)
  }
  if (all.length === 0) zero = last = 0
  const zeroWallMs = all.length === 0 ? undefined : isMonotonic ? (offset === undefined ? undefined : zero + offset) : zero
  return {
    startOf: span => after(rawStart(span), zero) ?? 'unknown',
    // No end, and it is recorded or read off an object: it goes on.
    endOf: span => after(rawEnd(span), zero) ?? (span.origin === 'unknown' ? 'unknown' : 'open'),
    ofWall: wallMs => (isMonotonic ? wallMs - (offset ?? 0) : wallMs) - zero,
    ofMonotonic: monotonicMs => (isMonotonic ? monotonicMs : monotonicMs + (offset ?? 0)) - zero,
    zeroWallMs,
    lastMs: last - zero,
  }
}

const after = (at: Millis | undefined, zero: Millis): Millis | undefined => (at === undefined ? undefined : at - zero)

/** By the last span that tells both: the time of day may have been set since the first. */
function offsetOf(spans: readonly TimelineSpan[]): Millis | undefined {
  let offset: Millis | undefined
  let lastMs = -Infinity
  for (const { startAt, startMs } of spans) {
    if (!startAt || startMs === undefined || startMs < lastMs) continue
    lastMs = startMs
    offset = Date.parse(startAt) - startMs
  }
  return offset
}
