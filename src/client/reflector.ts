/**
 * Fills a cache by list and watch, and keeps it filled.
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

/** A cache of one kind. It fills as soon as the host runs its loop; wait for `synced`. */
export function createCache<T extends KubernetesObject>(host: Host, client: Client, kind: Kind<T>, options: CacheOptions = {}): Cache<T> {
  const objects = new Map<string, T>()
  const listeners = new Set<(change: CacheChange<T>) => void>()
  const log = host.log.child({ cache: kind.plural })
  let revision = 0
  let markSynced: () => void
  const synced = new Promise<void>(resolve => (markSynced = resolve))

  const set = (key: ObjectKey, object: T | undefined) => {
    const text = keyText(key)
    const previous = objects.get(text)
    if (object === previous) return
    if (object) objects.set(text, object)
    else objects.delete(text)
    for (const listener of listeners) listener({ key, object, previous })
  }
  const seen = (resourceVersion: string | undefined) => {
    revision = Math.max(revision, Number(resourceVersion ?? 0))
  }

  /** Makes the cache equal to a list: what is not in it has been removed while nobody watched. */
  const replace = (items: readonly T[]) => {
    const gone = new Map([...objects].map(([text, object]) => [text, keyOf(object)]))
    for (const item of items) {
      const key = keyOf(item)
      gone.delete(keyText(key))
      if (objects.get(keyText(key))?.metadata.resourceVersion !== item.metadata.resourceVersion) set(key, item)
    }
    for (const key of gone.values()) set(key, undefined)
  }

  const watchOnce = (signal: AbortSignal): Promise<Error | undefined> =>
    new Promise(resolve => {
      const stop = () => {
        watch.stop()
        resolve(undefined)
      }
      const watch = client.watch(kind, { ...options, resourceVersion: String(revision) }, {
        event({ type, object }) {
          const item = object as T
          seen(item.metadata.resourceVersion)
          if (type !== 'BOOKMARK') set(keyOf(item), type === 'DELETED' ? undefined : item)
        },
        ended(error) {
          signal.removeEventListener('abort', stop)
          resolve(error)
        },
      })
      signal.addEventListener('abort', stop, { once: true })
    })

  const task = host.spawn(`cache ${kind.plural}`, async signal => {
    let failures = 0
    let listed = false
    while (!signal.aborted) {
      try {
        if (!listed) {
          const { items, metadata } = await client.list(kind, { ...options, resourceVersion: '0' })
          replace(items)
          seen(metadata.resourceVersion)
          listed = true
          markSynced()
        }
        const startedAt = host.clock.now()
        const error = await watchOnce(signal)
        if (isReason(error, 'Expired') || isReason(error, 'Gone')) {
          log.info('the past the watch asked for is gone; listing again', { revision })
          listed = false
        } else if (error) throw error
        // A server that ends each watch at once must not be asked in a busy loop.
        if (host.clock.now() - startedAt >= 1_000) failures = 0
        else if (!signal.aborted) await sleep(host.clock, backoffMs(++failures, RETRY), signal)
      } catch (error) {
        if (signal.aborted) return
        log.warn('list or watch failed; trying again', { error: String(error) })
        listed = listed && !isReason(error, 'Expired')
        await sleep(host.clock, backoffMs(++failures, RETRY), signal).catch(() => undefined)
      }
    }
  })

  return {
    get: key => objects.get(keyText(key)),
    list: namespace => namespace === undefined ? [...objects.values()] : [...objects.values()].filter(object => object.metadata.namespace === namespace),
    get revision() {
      return revision
    },
    synced,
    onChange(listener) {
      for (const object of [...objects.values()]) listener({ key: keyOf(object), object, previous: undefined })
      listeners.add(listener)
      return { stop: () => listeners.delete(listener) }
    },
    stop: () => void task.stop(),
  }
}
