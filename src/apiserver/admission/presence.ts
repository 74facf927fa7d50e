import type { Store } from '../../store/store.ts'

/**
 * Which namespaces have anything under a prefix. Few have quotas or limits, and every write would have to look for them:
 * they are listed once and followed from then on. True, false, or a promise while nobody has asked before.
 */
export function createPresence(store: Store, prefix: string): (namespace: string) => boolean | Promise<boolean> {
  /** How many there are in each namespace that has any. Undefined: not known yet. */
  let counts: Map<string, number> | undefined
  let following: Promise<void> | undefined

  async function follow(): Promise<void> {
    const { items, revision } = await store.list(prefix)
    const found = new Map<string, number>()
    const count = (key: string, difference: number) => {
      const namespace = key.slice(prefix.length, key.indexOf('/', prefix.length))
      const next = (found.get(namespace) ?? 0) + difference
      if (next > 0) found.set(namespace, next)
      else found.delete(namespace)
    }
    for (const { key } of items) count(key, 1)
    store.watch(prefix, revision, ({ key, stored, previous }) => count(key, Number(stored !== undefined) - Number(previous !== undefined)))
    counts = found
  }

  return namespace => counts?.has(namespace) ?? (following ??= follow()).then(() => counts!.has(namespace))
}
