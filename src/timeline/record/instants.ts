/**
 * Instants by the clock that never goes back, and the time of day that belongs to each: reckoned from that clock, so that what
 * came later is later by both. Only when somebody sets the machine's clock are they put together anew.
 */
import type { Clock, Millis } from '../../base/clock.ts'

/** A number is of this run, by the clock that never goes back. */
export type Instant = Millis | DayTime

/** Read off an object, which knows the time of day alone. */
export interface DayTime {
  readonly wallMs: Millis
}

export interface Instants {
  /** By the clock that never goes back. */
  now(): Millis
  /** The time of day that it was then. */
  wallOf(ms: Millis): Millis
}

/** A reading of the time of day is cut to whole milliseconds, and clocks are slowed or hurried a little all the time. */
const SET_MS = 5
/** Where a clock is set more often, what came before these goes by the oldest of them. */
const SETTINGS_MAX = 100

export function createInstants(clock: Clock): Instants {
  /** The difference of the two clocks, and since when; newest last. */
  const settings = [{ sinceMs: clock.now(), offsetMs: clock.wall() - clock.now() }]
  return {
    now() {
      const ms = clock.now()
      const wallMs = clock.wall()
      if (Math.abs(ms + settings.at(-1)!.offsetMs - wallMs) > SET_MS) {
        settings.push({ sinceMs: ms, offsetMs: wallMs - ms })
        if (settings.length > SETTINGS_MAX) settings.shift()
      }
      return ms
    },
    wallOf: ms => ms + (settings.findLast(({ sinceMs }) => sinceMs <= ms) ?? settings[0]!).offsetMs,
  }
}
