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
  /** Called whenever `revision` has grown: after the changes up to it were told, and also when there were none. */
  onRevision(listener: () => void): { stop(): void }
  stop(): void
}

export interface CacheChange<T> {
  readonly key: ObjectKey
  readonly object: T | undefined
  readonly previous: T | undefined
}

/** Waits for the first list of each. False when the signal was aborted before: then nothing may be concluded from them. */
export async function cachesSynced(caches: readonly Pick<Cache<never>, 'synced'>[], signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false
  let stop = () => {}
  const aborted = new Promise<void>(resolve => {
    stop = () => resolve()
  })
  signal.addEventListener('abort', stop, { once: true })
  await Promise.race([Promise.all(caches.map(({ synced }) => synced)), aborted])
  signal.removeEventListener('abort', stop)
  return !signal.aborted
}
