/**
 * One instant by two clocks. The time of day is reckoned from the clock that never goes back, so that what came later is later
 * by both; only when somebody sets the machine's clock are they put together anew.
 */
import type { Clock, Millis } from '../../base/clock.ts'

export interface Instant {
  /** Undefined: read off an object, which knows the time of day alone. */
  readonly ms: Millis | undefined
  readonly wallMs: Millis
}

export interface Instants {
  now(): Instant
  /** Of this run, by the clock that never goes back. */
  at(ms: Millis): Instant
}

/** A reading of the time of day is cut to whole milliseconds, and clocks are slowed or hurried a little all the time. */
const SET_MS = 5

export function createInstants(clock: Clock): Instants {
  let offsetMs = clock.wall() - clock.now()
  const at = (ms: Millis): Instant => ({ ms, wallMs: ms + offsetMs })
  return {
    now() {
      const ms = clock.now()
      const wallMs = clock.wall()
      if (Math.abs(ms + offsetMs - wallMs) > SET_MS) offsetMs = wallMs - ms
      return at(ms)
    },
    at,
  }
}
