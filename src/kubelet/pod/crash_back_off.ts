/**
 * How long a container that ended waits before it is started again: not at all after its first end, then 10 s,
 * doubled each time up to five minutes, counted from when it ended. Ten quiet minutes forget it all. No jitter.
 */
import type { Millis } from '../../base/clock.ts'
import type { Crash } from './pod_state.ts'

const FIRST_MS = 10_000
const MAX_MS = 300_000
const FORGET_AFTER_MS = 600_000

/** When it may start again, and what is remembered once it does. */
export function planRestart(crash: Crash | undefined, finishedAt: Millis): { startAt: Millis; delayMs: Millis; nextDelayMs: Millis } {
  if (!crash || finishedAt - crash.countedAt > FORGET_AFTER_MS) return { startAt: finishedAt, delayMs: 0, nextDelayMs: FIRST_MS }
  return { startAt: finishedAt + crash.delayMs, delayMs: crash.delayMs, nextDelayMs: Math.min(MAX_MS, crash.delayMs * 2) }
}
