import type { History } from './history.ts'
import { compareKeys } from './key_order.ts'
import type { SortedIndex } from './sorted_index.ts'
import type { Revision, Stored } from './store.ts'

interface Range {
  readonly prefix: string
  readonly after: string | undefined
  readonly limit: number
}

interface Items {
  readonly items: Stored[]
  readonly remaining: number
}

export function pageNow(index: SortedIndex<Stored>, { prefix, after, limit }: Range): Items {
  const items: Stored[] = []
  if (limit > 0) {
    index.scan(prefix, after, stored => {
      items.push(stored)
      return items.length < limit
    })
  }
  return { items, remaining: items.length < limit ? 0 : index.count(prefix, items.at(-1)?.key ?? after) }
}

/** The same page as it was at an older revision: what is there now, with the changes since then undone. */
export function pageThen(index: SortedIndex<Stored>, history: History, at: Revision, range: Range): Items {
  const { prefix, after, limit } = range
  const then = versionsThen(history, at, prefix, after)
  /** Keys that are gone now; they have to be merged in. */
  const restored = [...then.values()].flatMap(old => (old.stored && !index.get(old.key) ? [old.stored] : []))
  restored.sort((a, b) => compareKeys(a.key, b.key))
  const younger = [...then.values()].filter(old => !old.stored && index.get(old.key)).length
  const total = index.count(prefix, after) + restored.length - younger

  const items: Stored[] = []
  let next = 0
  const take = (stored: Stored | undefined): boolean => {
    if (stored && items.length < limit) items.push(stored)
    return items.length < limit
  }
  index.scan(prefix, after, (stored, key) => {
    while (next < restored.length && compareKeys(restored[next]!.key, key) < 0) {
      if (!take(restored[next++])) return false
    }
    const old = then.get(key)
    return take(old ? old.stored : stored)
  })
  while (next < restored.length && take(restored[next++]));
  return { items, remaining: total - items.length }
}

/** What the keys that have changed since the revision held at it. */
function versionsThen(history: History, at: Revision, prefix: string, after: string | undefined) {
  const then = new Map<string, { key: string; stored: Stored | undefined }>()
  history.rewind(at, ({ key, previous }) => {
    if (!key.startsWith(prefix) || (after !== undefined && compareKeys(key, after) <= 0)) return
    then.set(key, { key, stored: previous })
  })
  return then
}
