import { performance } from 'node:perf_hooks'
import type { Clock, Timer } from '../base/clock.ts'

/** The machine's own time. */
export function createClock(): Clock {
  return {
    wall: () => Date.now(),
    now: () => performance.now(),
    at: (deadline, fire) => armTimer(deadline, fire),
  }
}

/** setTimeout takes 31 bits; with more it would fire at once. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1

function armTimer(deadline: number, fire: () => void): Timer {
  let handle: NodeJS.Timeout
  const arm = () => {
    const leftMs = deadline - performance.now()
    // setTimeout may fire up to a millisecond early: a waiter that looks at now() must never find it before the deadline.
    if (leftMs <= 0) return fire()
    handle = setTimeout(arm, Math.min(Math.ceil(leftMs), TIMEOUT_MS_MAX))
  }
  // The first step always goes through the event loop: `fire` is never called inside `at`.
  handle = setTimeout(arm, Math.min(Math.max(Math.ceil(deadline - performance.now()), 0), TIMEOUT_MS_MAX))
  return { cancel: () => clearTimeout(handle) }
}
