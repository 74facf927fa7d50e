/**
 * How long a Pod that has failed on a node is left there before the next one is tried: at first not at all, then a second,
 * doubled each time up to a quarter of an hour. A new generation of the set begins anew (behaviour 8.3.3).
 */
import type { DaemonSet } from '../../api/kinds/daemon_set.ts'
import { backoffMs, type BackoffRange } from '../../base/backoff.ts'
import type { Clock, Millis } from '../../base/clock.ts'

export interface Failures {
  /** 0: it may be replaced now. */
  waitMs(set: DaemonSet, node: string): Millis
  replaced(set: DaemonSet, node: string): void
}

const RANGE: BackoffRange = { baseMs: 1_000, maxMs: 900_000 }
/** What has been quiet for so long begins anew. */
const FORGOTTEN_AFTER_MS = 2 * RANGE.maxMs
/** Beyond so many the oldest is forgotten. */
const ENTRIES_MAX = 10_000

export function createFailures(clock: Clock): Failures {
  const entries = new Map<string, { readonly count: number; readonly at: Millis }>()
  const entryOf = (key: string) => {
    const entry = entries.get(key)
    return entry && clock.now() - entry.at <= FORGOTTEN_AFTER_MS ? entry : undefined
  }
  return {
    waitMs(set, node) {
      const entry = entryOf(keyOf(set, node))
      return entry ? Math.max(0, entry.at + backoffMs(entry.count, RANGE) - clock.now()) : 0
    },
    replaced(set, node) {
      const key = keyOf(set, node)
      const count = (entryOf(key)?.count ?? 0) + 1
      // Set anew, it is the youngest.
      entries.delete(key)
      entries.set(key, { count, at: clock.now() })
      if (entries.size > ENTRIES_MAX) entries.delete(entries.keys().next().value!)
    },
  }
}

const keyOf = ({ metadata }: DaemonSet, node: string): string => `${metadata.uid}/${metadata.generation}/${node}`
