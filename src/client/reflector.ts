/**
 * Fills a cache by list and watch, and keeps it filled.
 *
 * A watch that ended is taken up again at the newest revision the cache has seen, so that nothing is missed; only when
 * the server no longer has that past (410) is the list fetched anew. Whatever fails at once waits before it is tried again.
 */
import type { Kind } from '../api/kind.ts'
import { keyOf, keyText, type KubernetesObject, type ObjectKey } from '../api/meta.ts'
import { isReason } from '../api/status.ts'
import { backoffMs } from '../base/backoff.ts'
import { sleep } from '../base/clock.ts'
import type { Host } from '../base/host.ts'
import type { Cache, CacheChange } from './cache.ts'
import type { Client } from './client.ts'

export interface CacheOptions {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
}

const RETRY = { baseMs: 200, maxMs: 10_000 }
/** A watch that lasted this long was a good one: failures before it do not count any more. */
const GOOD_WATCH_MS = 1_000

/** A cache of one kind. It fills as soon as the host runs its loop; wait for `synced`. */
export function createCache<T extends KubernetesObject>(
  host: Pick<Host, 'clock' | 'log' | 'spawn'>,
  client: Client,
  kind: Kind<T>,
  options: CacheOptions = {},
): Cache<T> {
  const objects = new Map<string, T>()
  const listeners = new Set<(change: CacheChange<T>) => void>()
  const revisionListeners = new Set<() => void>()
  const log = host.log.child({ cache: kind.plural })
  let revision = 0
  let markSynced: () => void
  const synced = new Promise<void>(resolve => (markSynced = resolve))

  const tell = (change: CacheChange<T>) => {
    // Those of now: one that is added meanwhile is told what there is by itself.
    for (const listener of Array.from(listeners)) {
      try {
        listener(change)
      } catch (error) {
        // It may not cost the other listeners the change, nor the cache its watch.
        log.error('a listener failed', { key: keyText(change.key), error: String(error) })
      }
    }
  }
  const set = (key: ObjectKey, object: T | undefined) => {
    const text = keyText(key)
    const previous = objects.get(text)
    if (object === previous) return
    if (object && previous && object.metadata.uid !== previous.metadata.uid) {
      // Deleted and made again while nobody watched: two changes, or what is kept by uid would never hear of the end.
      set(key, undefined)
      return set(key, object)
    }
    if (object) objects.set(text, object)
    else objects.delete(text)
    tell({ key, object, previous })
  }
  const seen = (resourceVersion: string | undefined) => {
    const next = Number(resourceVersion ?? 0)
    if (next <= revision) return
    revision = next
    for (const listener of Array.from(revisionListeners)) listener()
  }

  /** Makes the cache equal to a list: what is not in it has been removed while nobody watched. */
  const replace = (items: readonly T[]) => {
    const listed = new Set(items.map(item => keyText(keyOf(item))))
    for (const [text, object] of objects) if (!listed.has(text)) set(keyOf(object), undefined)
    for (const item of items) {
      const known = objects.get(keyText(keyOf(item)))
      if (known?.metadata.resourceVersion !== item.metadata.resourceVersion || known?.metadata.uid !== item.metadata.uid) set(keyOf(item), item)
    }
  }

  /** Resolves when the watch has ended: with its error, or undefined when its time was over or we are told to stop. */
  const watchOnce = (signal: AbortSignal): Promise<Error | undefined> =>
    new Promise(resolve => {
      if (signal.aborted) return resolve(undefined)
      const stop = () => {
        watch.stop()
        resolve(undefined)
      }
      const watch = client.watch(
        kind,
        { ...options, resourceVersion: String(revision) },
        {
          event({ type, object }) {
            const item = object as T
            if (type !== 'BOOKMARK') set(keyOf(item), type === 'DELETED' ? undefined : item)
            seen(item.metadata.resourceVersion)
          },
          ended(error) {
            signal.removeEventListener('abort', stop)
            resolve(error)
          },
        },
      )
      signal.addEventListener('abort', stop, { once: true })
    })

  const task = host.spawn(`cache ${kind.plural}`, async signal => {
    let failures = 0
    let listed = false
    while (!signal.aborted) {
      let error: unknown
      const startedAt = host.clock.now()
      try {
        if (!listed) {
          const { items, metadata } = await client.list(kind, { ...options, resourceVersion: '0' })
          if (signal.aborted) return
          replace(items)
          seen(metadata.resourceVersion)
          listed = true
          markSynced()
        }
        error = await watchOnce(signal)
      } catch (failure) {
        error = failure
      }
      if (signal.aborted) return
      if (host.clock.now() - startedAt >= GOOD_WATCH_MS) failures = 0
      if (isReason(error, 'Expired') || isReason(error, 'Gone')) {
        log.info('the past the watch asked for is gone; listing again', { revision })
        listed = false
      } else if (error) log.warn('list or watch failed; trying again', { error: String(error) })
      // A server that ends each watch at once must not be asked in a busy loop either.
      if (error || host.clock.now() - startedAt < GOOD_WATCH_MS) await sleep(host.clock, backoffMs(++failures, RETRY), signal)
    }
  })

  return {
    get: key => objects.get(keyText(key)),
    list: namespace => (namespace === undefined ? [...objects.values()] : [...objects.values()].filter(object => object.metadata.namespace === namespace)),
    get revision() {
      return revision
    },
    synced,
    onChange(listener) {
      for (const object of objects.values()) listener({ key: keyOf(object), object, previous: undefined })
      listeners.add(listener)
      return { stop: () => listeners.delete(listener) }
    },
    onRevision(listener) {
      revisionListeners.add(listener)
      return { stop: () => revisionListeners.delete(listener) }
    },
    stop: () => void task.stop(),
  }
}
