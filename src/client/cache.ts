/**
 * What is in the API, close at hand: filled by a list, kept by a watch.
 *
 *   list ─▶ watch ─▶ changed? ─▶ listeners
 *     ▲        │ 410 Expired, or the connection ended
 *     └────────┘
 */
import type { KubernetesObject, ObjectKey } from '../api/meta.ts'

export interface Cache<T extends KubernetesObject> {
  get(key: ObjectKey): T | undefined
  /** In no stated order. */
  list(namespace?: string): T[]
  /** The newest revision the cache has seen. */
  readonly revision: number
  /** Resolves once the first list is in. */
  readonly synced: Promise<void>
  /** Called for every change after it is in the cache; for what is there already, at once. `object` is undefined after a removal. */
  onChange(listener: (change: CacheChange<T>) => void): { stop(): void }
  stop(): void
}

export interface CacheChange<T> {
  readonly key: ObjectKey
  readonly object: T | undefined
  readonly previous: T | undefined
}
