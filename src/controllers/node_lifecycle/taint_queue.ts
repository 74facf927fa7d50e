/** Nodes that wait for their taint NoExecute: first in, first out, and no more of them than the rate allows. */
import type { Millis } from '../../base/clock.ts'

export interface TaintQueue {
  /** Harmless when it waits already. */
  add(name: string): void
  remove(name: string): void
  /** Nodes a second; 0: none. A faster rate does not make up for the time of a slower one. */
  setRate(rate: number, now: Millis): void
  /** Whose turn it is now, if anybody's. */
  take(now: Millis): string | undefined
  /** When it is somebody's turn next; Infinity: nobody's. */
  readonly dueAt: Millis
}

/** A rate that is given out one Node at a time: whoever comes after a pause goes at once, and the next one waits. */
export function createTaintQueue(rate: number): TaintQueue {
  const waiting = new Set<string>()
  let freeAt: Millis = -Infinity
  const dueAt = () => (waiting.size > 0 && rate > 0 ? freeAt : Infinity)
  return {
    add: name => void waiting.add(name),
    remove: name => void waiting.delete(name),
    setRate(next, now) {
      if (next === rate) return
      const isFree = rate > 0 && freeAt <= now
      rate = next
      freeAt = isFree ? now : now + 1000 / next
    },
    take(now) {
      if (dueAt() > now) return undefined
      const [name] = waiting
      waiting.delete(name!)
      freeAt = now + 1000 / rate
      return name
    },
    get dueAt() {
      return dueAt()
    },
  }
}
