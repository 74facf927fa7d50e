/** One cache for each kind, made when it is first asked for and shared by everybody who asks. */
import type { Kind } from '../api/kind.ts'
import type { KubernetesObject } from '../api/meta.ts'
import type { Host } from '../base/host.ts'
import type { Cache } from './cache.ts'
import type { Client } from './client.ts'
import { createCache } from './reflector.ts'

export interface CacheOf {
  <T extends KubernetesObject>(kind: Kind<T>): Cache<T>
}

export interface Caches {
  readonly of: CacheOf
  /** Resolves once the first lists of all that were asked for are in. */
  synced(): Promise<void>
  stop(): void
}

export function createCaches(host: Host, client: Client): Caches {
  const caches = new Map<Kind<never>, Cache<never>>()
  return {
    of<T extends KubernetesObject>(kind: Kind<T>): Cache<T> {
      const known = caches.get(kind as Kind<never>)
      if (known) return known as unknown as Cache<T>
      const cache = createCache(host, client, kind)
      caches.set(kind as Kind<never>, cache as unknown as Cache<never>)
      return cache
    },
    async synced() {
      await Promise.all([...caches.values()].map(cache => cache.synced))
    },
    stop: () => [...caches.values()].forEach(cache => cache.stop()),
  }
}
