/**
 * When the files of a Pod's volumes are brought up to date: soon after something they show has changed, and once a minute
 * in any case. An object that changes all the time is shown once a second.
 */
import type { Clock, Millis } from '../../base/clock.ts'

export interface RefreshTimes {
  /** Wall time. */
  readonly at: Millis
  /** Something has changed. */
  soon(): void
  begun(): void
}

const PERIOD_MS = 60_000
const PAUSE_MS = 1000

export function createRefreshTimes(clock: Pick<Clock, 'wall'>): RefreshTimes {
  let last = -Infinity
  let at = clock.wall() + PERIOD_MS
  return {
    get at() {
      return at
    },
    soon() {
      at = Math.min(at, Math.max(clock.wall(), last + PAUSE_MS))
    },
    begun() {
      last = clock.wall()
      at = last + PERIOD_MS
    },
  }
}
