/** Waiting by the site's clock, until something holds, a limit is reached, or the user gives up. */
import { abortReason } from '../base/abort.ts'
import { sleep, type Clock, type Millis } from '../base/clock.ts'

export interface Patience {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly limitMs: Millis
  readonly everyMs?: Millis
}

/** What was found is in memory, so that looking often costs nothing. */
const EVERY_MS = 50

/** The first thing `look` finds; undefined when the limit was reached before. Rejects when the signal is aborted. */
export async function waitFor<T>(
  { clock, signal, limitMs, everyMs = EVERY_MS }: Patience,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T | undefined> {
  const deadline = clock.now() + limitMs
  for (;;) {
    if (signal.aborted) throw abortReason(signal)
    const found = await look()
    if (found !== undefined) return found
    const left = deadline - clock.now()
    if (left <= 0) return undefined
    await sleep(clock, Math.min(everyMs, left), signal, 'check')
  }
}
