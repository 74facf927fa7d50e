/**
 * A machine that is shared with others stands still at times: nothing runs, and its clocks go on. A bound on how long
 * something takes is kept as it is, and the time of a standstill is not counted.
 */
import { sleep } from '../src/base/clock.ts'
import type { Clock, Millis } from '../src/base/clock.ts'

const TICK_MS = 20
/** Whoever is this late has not only waited for a turn. */
const LATE_MS = 100

/** Watches until `stop`, which tells for how long the machine stood still; never, in virtual time. */
export function watchStandstill(clock: Clock): { stop(): Millis } {
  const abort = new AbortController()
  let [lastMs, stoodMs] = [clock.now(), 0]
  const look = () => {
    const lateMs = clock.now() - lastMs - TICK_MS
    if (lateMs > LATE_MS) stoodMs += lateMs
    lastMs = clock.now()
  }
  const watch = async () => {
    for (;;) {
      await sleep(clock, TICK_MS, abort.signal, 'every standstill')
      look()
    }
  }
  void watch().catch(() => {})
  return {
    stop() {
      abort.abort(new Error('it is over'))
      look()
      return stoodMs
    },
  }
}
