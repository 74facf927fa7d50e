/**
 * When something happened, and how well that is known. What was recorded is exact but for the way from one process to another;
 * what was read off objects may be a second wrong, and then two answers are right until only one is left:
 *
 *                 marginMs
 *              ├─────┼─────┤          tolerant: all of it may have been before or after
 *   ───────────┴─────●─────┴────▶     strict:   only what lies outside was surely so
 */
import type { TimelineSpan } from '../../api/types/pod_timeline.ts'
import type { Millis } from '../../base/clock.ts'

export interface Instant {
  readonly atMs: Millis
  /** It was at most so far from `atMs`, on either side. */
  readonly marginMs: Millis
}

/** A request and a step of a Pod are told by different processes: so close together their order is not known. */
export const RECORDED_MARGIN_MS: Millis = 5
/** Timestamps of objects have whole seconds, cut off. */
export const DERIVED_MARGIN_MS: Millis = 1000

export const isVague = (instant: Instant | undefined): boolean => instant !== undefined && instant.marginMs > RECORDED_MARGIN_MS

/** How to read instants against each other. An instant nobody knows is neither before nor after anything. */
export interface When {
  /** At it or later, as far as can be told. */
  since(atMs: Millis, instant: Instant | undefined): boolean
  /** At it or earlier, as far as can be told. */
  until(atMs: Millis, instant: Instant | undefined): boolean
  /** Earlier, by more than the margin of what is recorded. */
  clearlyBefore(atMs: Millis, instant: Instant | undefined): boolean
  /** False: what is only possible counts as well. */
  readonly isStrict: boolean
  /** How to read what must not be: what shall surely be is ruled out by what may be. */
  readonly denied: When
}

export const tolerant: When = {
  since: (atMs, instant) => instant !== undefined && atMs >= instant.atMs - instant.marginMs,
  until: (atMs, instant) => instant !== undefined && atMs <= instant.atMs + instant.marginMs,
  clearlyBefore: (atMs, instant) => instant !== undefined && atMs < instant.atMs + (isVague(instant) ? instant.marginMs : -instant.marginMs),
  isStrict: false,
  get denied() {
    return strict
  },
}

/** Of recorded instants the same as tolerant: there is nothing more to know about them. */
export const strict: When = {
  since: (atMs, instant) => instant !== undefined && atMs >= instant.atMs + (isVague(instant) ? instant.marginMs : -instant.marginMs),
  until: (atMs, instant) => instant !== undefined && atMs <= instant.atMs + (isVague(instant) ? -instant.marginMs : instant.marginMs),
  clearlyBefore: (atMs, instant) => instant !== undefined && atMs < instant.atMs - instant.marginMs,
  isStrict: true,
  denied: tolerant,
}

/** Instants of a span. `wallMinusMonotonicMs` brings those to the monotonic clock that only have the time of day. */
export const startOf = (span: TimelineSpan, wallMinusMonotonicMs: Millis | undefined): Instant | undefined =>
  instantOf(span, span.startMs, span.startAt, wallMinusMonotonicMs)
export const finishOf = (span: TimelineSpan, wallMinusMonotonicMs: Millis | undefined): Instant | undefined =>
  instantOf(span, span.finishMs, span.finishAt, wallMinusMonotonicMs)

function instantOf({ origin }: TimelineSpan, ms: Millis | undefined, at: string | null | undefined, offsetMs: Millis | undefined): Instant | undefined {
  const atMs = ms ?? (at && offsetMs !== undefined ? Date.parse(at) - offsetMs : undefined)
  if (atMs === undefined || Number.isNaN(atMs)) return undefined
  return { atMs, marginMs: origin === 'recorded' ? RECORDED_MARGIN_MS : DERIVED_MARGIN_MS }
}
