import type { Clock } from '../clock.ts'

export interface ManualClock extends Clock {
  /** Fires what comes due meanwhile, each at its own instant, in their order. */
  advance(ms: number): void
  /** How many timers wait. */
  timers(): number
}

/** Time that stands still until the test moves it. For what waits for one thing at a time; a whole story wants a world. */
export function manualClock(startMs = 0): ManualClock {
  let now = 0
  const waiting = new Set<{ deadline: number; fire: () => void }>()
  return {
    wall: () => startMs + now,
    now: () => now,
    at(deadline, fire) {
      const timer = { deadline, fire }
      waiting.add(timer)
      return { cancel: () => void waiting.delete(timer) }
    },
    advance(ms) {
      const end = now + ms
      for (;;) {
        const next = [...waiting].filter(({ deadline }) => deadline <= end).sort((a, b) => a.deadline - b.deadline)[0]
        if (!next) break
        waiting.delete(next)
        now = Math.max(now, next.deadline)
        next.fire()
      }
      now = end
    },
    timers: () => waiting.size,
  }
}
