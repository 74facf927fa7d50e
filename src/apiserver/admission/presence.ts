import type { Store } from '../../store/store.ts'

/**
 * Whether there is anything under a prefix at all. Few clusters have quotas or limits, and every write would have to
 * look for them: looked up again only after a change there.
 */
export function createPresence(store: Store, prefix: string): () => Promise<boolean> {
  let known: boolean | undefined
  let isFollowing = false
  return async () => {
    if (!isFollowing) {
      isFollowing = true
      store.watch(prefix, store.revision, () => (known = undefined))
    }
    if (known !== undefined) return known
    const { items, revision } = await store.list(prefix, { limit: 1 })
    const found = items.length > 0
    // While the list was on its way to us, the first may have come.
    if (revision === store.revision) known = found
    return found
  }
}
