/**
 * How quickly the endpoints of one Service may be written again. Every write goes to every node.
 *
 * A change leaves at once, and so do the next ones; in a storm of changes, such as a hundred Pods that start together,
 * what comes next is gathered for a moment and written as one. An endpoint that goes away is never kept waiting for
 * long: requests are still being sent to it.
 */
import type { Clock, Millis } from '../../base/clock.ts'

export type ChangeClass = 'addition' | 'withdrawal'

export interface WritePace {
  /** 0: write now; the write is counted. Otherwise how long to wait first. */
  take(service: string, change: ChangeClass): Millis
  forget(service: string): void
}

/** So many writes may follow one another without a pause; after that, one in each interval. */
const PACES: Readonly<Record<ChangeClass, { readonly burst: number; readonly intervalMs: Millis }>> = {
  addition: { burst: 5, intervalMs: 100 },
  withdrawal: { burst: 20, intervalMs: 10 },
}

export function createWritePace(clock: Clock): WritePace {
  /** When all that was written has been paid for, by class of change. */
  const paidAt = new Map<string, Record<ChangeClass, Millis>>()
  return {
    take(service, change) {
      const now = clock.now()
      const known = paidAt.get(service) ?? { addition: now, withdrawal: now }
      const { burst, intervalMs } = PACES[change]
      const begin = Math.max(known[change], now)
      const waitMs = begin - now - (burst - 1) * intervalMs
      if (waitMs > 0) return waitMs
      paidAt.set(service, { ...known, [change]: begin + intervalMs })
      return 0
    },
    forget: service => void paidAt.delete(service),
  }
}
