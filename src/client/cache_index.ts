import { keyText, type KubernetesObject } from '../api/meta.ts'
import type { Cache } from './cache.ts'

/** The objects of a cache by something they hold, such as a label. Kept as the cache changes. */
export interface CacheIndex<T> {
  /** In no stated order. */
  find(value: string): readonly T[]
  stop(): void
}

/** Several objects may hold the same value: an address passes from one to the next. */
export function indexBy<T extends KubernetesObject>(cache: Cache<T>, valuesOf: (object: T) => readonly string[]): CacheIndex<T> {
  const holders = new Map<string, Map<string, T>>()
  const listener = cache.onChange(({ key, object, previous }) => {
    const name = keyText(key)
    for (const value of previous ? valuesOf(previous) : []) {
      const named = holders.get(value)
      named?.delete(name)
      if (named?.size === 0) holders.delete(value)
    }
    for (const value of object ? valuesOf(object) : []) {
      const named = holders.get(value) ?? new Map<string, T>()
      holders.set(value, named.set(name, object!))
    }
  })
  return { find: value => [...(holders.get(value)?.values() ?? [])], stop: () => listener.stop() }
}
