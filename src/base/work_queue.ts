import { backoffMs, type BackoffRange } from './backoff.ts'
import type { Clock, Millis, Timer } from './clock.ts'

/**
 * Keys to be worked on. A key is in the queue at most once and never with two workers: what is added while it is
 * being worked on comes round again. So the queue is bounded by the number of keys, and needs no other bound.
 */
export interface WorkQueue {
  add(key: string): void
  /** Adds the key when `ms` have passed; an earlier wish for the same key stands. */
  addAfter(key: string, ms: Millis): void
  /** Adds the key after its next back-off. */
  retry(key: string): void
  /** How often the key was retried in a row. */
  failures(key: string): number
  /** Forgets the failures of the key. */
  succeeded(key: string): void
  /** The next key, or undefined once the queue is closed. Call `done` with it when the work is over. */
  take(): Promise<string | undefined>
  done(key: string): void
  readonly length: number
  close(): void
}

export function createWorkQueue(clock: Clock, range: BackoffRange, label = 'queue'): WorkQueue {
  const waiting = new Set<string>()
  const working = new Set<string>()
  const again = new Set<string>()
  const later = new Map<string, { timer: Timer; at: Millis }>()
  const failures = new Map<string, number>()
  const takers: ((key: string | undefined) => void)[] = []
  let closed = false

  const handOut = () => {
    while (takers.length > 0 && waiting.size > 0) {
      const key = waiting.values().next().value!
      waiting.delete(key)
      working.add(key)
      takers.shift()!(key)
    }
  }
  const queue: WorkQueue = {
    add(key) {
      if (closed) return
      if (working.has(key)) again.add(key)
      else {
        waiting.add(key)
        handOut()
      }
    },
    addAfter(key, ms) {
      if (closed) return
      if (ms <= 0) return queue.add(key)
      const at = clock.now() + ms
      const planned = later.get(key)
      if (planned && planned.at <= at) return
      planned?.timer.cancel()
      const fire = () => {
        later.delete(key)
        queue.add(key)
      }
      later.set(key, { at, timer: clock.at(at, fire, `${label} ${key}`) })
    },
    retry(key) {
      const count = (failures.get(key) ?? 0) + 1
      failures.set(key, count)
      queue.addAfter(key, backoffMs(count, range))
    },
    failures: key => failures.get(key) ?? 0,
    succeeded: key => void failures.delete(key),
    take() {
      if (closed) return Promise.resolve(undefined)
      return new Promise(resolve => {
        takers.push(resolve)
        handOut()
      })
    },
    done(key) {
      working.delete(key)
      if (again.delete(key)) queue.add(key)
    },
    get length() {
      return waiting.size
    },
    close() {
      closed = true
      for (const { timer } of later.values()) timer.cancel()
      later.clear()
      waiting.clear()
      for (const taker of takers.splice(0)) taker(undefined)
    },
  }
  return queue
}
