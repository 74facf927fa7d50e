/**
 * How long a Pod that has ended is left where it is before the next one is tried: at first not at all, then for a while,
 * doubled each time. What keeps ending would otherwise be made anew as fast as the machine can. A new generation of the
 * workload begins anew.
 */
import type { KubernetesObject } from '../../api/meta.ts'
import { backoffMs, type BackoffRange } from '../../base/backoff.ts'
import type { Clock, Millis } from '../../base/clock.ts'

export interface Failures {
  /** @param place the node, or the ordinal, that it is about. 0: it may be replaced now. */
  waitMs(owner: KubernetesObject, place: string | number): Millis
  replaced(owner: KubernetesObject, place: string | number): void
}

/** Beyond so many the oldest is forgotten. */
const ENTRIES_MAX = 10_000

export function createFailures(clock: Clock, range: BackoffRange): Failures {
  const entries = new Map<string, { readonly count: number; readonly at: Millis }>()
  /** What has been quiet for twice the longest wait is forgotten. */
  const entryOf = (key: string) => {
    const entry = entries.get(key)
    return entry && clock.now() - entry.at <= 2 * range.maxMs ? entry : undefined
  }
  return {
    waitMs(owner, place) {
      const entry = entryOf(keyOf(owner, place))
      return entry ? Math.max(0, entry.at + backoffMs(entry.count, range) - clock.now()) : 0
    },
    replaced(owner, place) {
      const key = keyOf(owner, place)
      const count = (entryOf(key)?.count ?? 0) + 1
      // Set anew, it is the youngest.
      entries.delete(key)
      entries.set(key, { count, at: clock.now() })
      if (entries.size > ENTRIES_MAX) entries.delete(entries.keys().next().value!)
    },
  }
}

const keyOf = ({ metadata }: KubernetesObject, place: string | number): string => `${metadata.uid}/${metadata.generation}/${place}`
