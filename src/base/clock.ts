/**
 * Time, as every component sees it: two readings and one verb.
 *
 * Everything else that has to do with waiting is an ordinary function over these three, so it is
 * written and tested once and means the same in real and in virtual time.
 */
import { abortReason } from './abort.ts'

/** A duration or an instant, in milliseconds. Names that hold one end in `Ms`, or are a clock reading. */
export type Millis = number

export interface Timer {
  /** After this the callback will not be called. Harmless when it has been called already. */
  cancel(): void
}

export interface Clock {
  /** Milliseconds since the Unix epoch: what goes into objects. It may jump when the machine's clock is set. */
  wall(): Millis
  /** Milliseconds since some fixed start; never goes backwards. Back-off, grace, leases and probes count in it. */
  now(): Millis
  /** Calls `fire` once when `now()` has reached `deadline`. The label names the waiter when a simulation is stuck. */
  at(deadline: Millis, fire: () => void, label?: string): Timer
}

/** Resolves after `ms`. Rejects with the signal's reason as soon as it is aborted. */
export function sleep(clock: Clock, ms: Millis, signal?: AbortSignal, label = 'sleep'): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortReason(signal))
    const timer = clock.at(
      clock.now() + ms,
      () => {
        signal?.removeEventListener('abort', stop)
        resolve()
      },
      label,
    )
    const stop = () => {
      timer.cancel()
      reject(abortReason(signal!))
    }
    signal?.addEventListener('abort', stop, { once: true })
  })
}

export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

/**
 * Runs `work` with a signal that is aborted when `ms` have passed or when `signal` is, whichever is first.
 * Rejects with TimeoutError in the first case. The work is told to stop; it is never left to act unseen.
 */
export async function withTimeout<T>(clock: Clock, ms: Millis, work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal, label = 'timeout'): Promise<T> {
  const abort = new AbortController()
  const stop = () => abort.abort(abortReason(signal!))
  if (signal?.aborted) throw abortReason(signal)
  signal?.addEventListener('abort', stop, { once: true })
  const timer = clock.at(clock.now() + ms, () => abort.abort(new TimeoutError(`${label}: no answer within ${ms} ms`)), label)
  const aborted = new Promise<never>((_, reject) => {
    abort.signal.addEventListener('abort', () => reject(abortReason(abort.signal)), { once: true })
  })
  try {
    return await Promise.race([work(abort.signal), aborted])
  } finally {
    timer.cancel()
    signal?.removeEventListener('abort', stop)
  }
}

/**
 * Calls `tick` every `periodMs` until the signal is aborted; the first call is one period from now.
 * A tick that is late does not make later ones come closer together. Its timers are labelled `every …`, by which
 * a simulation knows that they mean nothing by themselves.
 */
export async function every(clock: Clock, periodMs: Millis, signal: AbortSignal, tick: () => void | Promise<void>, label = 'tick'): Promise<void> {
  while (!signal.aborted) {
    try {
      await sleep(clock, periodMs, signal, `every ${label}`)
    } catch (error) {
      if (signal.aborted) return
      throw error
    }
    await tick()
  }
}
