import type { Clock, Millis } from './clock.ts'

/**
 * A letter box that holds one letter: the newest wins. A worker that was busy through ten updates
 * sees only the last, because it acts on what is wanted now and not on what happened.
 */
export interface Inbox<T> {
  put(value: T): void
  /** Wakes the reader without a new value: something it observes may have changed. */
  poke(): void
  /** The newest value, as soon as there is one the reader has not seen, it is poked, or `deadline` is reached. */
  next(deadline: Millis): Promise<T>
}

export function createInbox<T>(clock: Clock, first: T, label = 'inbox'): Inbox<T> {
  let value = first
  let fresh = true
  let wake: (() => void) | undefined
  const rouse = () => {
    fresh = true
    wake?.()
  }
  return {
    put(next) {
      value = next
      rouse()
    },
    poke: rouse,
    async next(deadline) {
      if (!fresh) {
        await new Promise<void>(resolve => {
          const timer = clock.at(deadline, resolve, label)
          wake = () => {
            timer.cancel()
            resolve()
          }
        })
        wake = undefined
      }
      fresh = false
      return value
    },
  }
}
