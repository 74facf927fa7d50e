import { compareKeys, isBehindPrefix } from './key_order.ts'

/**
 * A map whose keys can be walked in byte order from any point.
 *
 * A hash map finds a key; chunks of at most CHUNK_MAX entries keep the order. A write moves entries within one
 * chunk only, so it costs about the same with a hundred objects and with a hundred thousand.
 */
export interface SortedIndex<V> {
  readonly size: number
  get(key: string): V | undefined
  set(key: string, value: V): void
  delete(key: string): void
  /** Visits the keys under the prefix, behind `after` if given, in order, until `visit` returns false. */
  scan(prefix: string, after: string | undefined, visit: (value: V, key: string) => boolean): void
  /** How many keys `scan` would visit; counted without visiting them. */
  count(prefix: string, after: string | undefined): number
}

/** Moving 512 pointers is far below a microsecond, and 100,000 keys then make a few hundred chunks. */
const CHUNK_MAX = 512

interface Entry<V> {
  readonly key: string
  value: V
}

interface Place {
  readonly chunk: number
  readonly offset: number
}

export function createSortedIndex<V>(): SortedIndex<V> {
  const entries = new Map<string, Entry<V>>()
  const chunks: Entry<V>[][] = []

  /** The first place whose key satisfies `reached`, which must be false before some point and true from there on. */
  const find = (reached: (key: string) => boolean): Place => {
    const chunk = firstIndex(chunks.length, i => reached(chunks[i]!.at(-1)!.key))
    const inside = chunks[chunk]
    return { chunk, offset: inside ? firstIndex(inside.length, i => reached(inside[i]!.key)) : 0 }
  }

  const startOf = (prefix: string, after: string | undefined): Place =>
    after === undefined || compareKeys(after, prefix) < 0 ? find(key => compareKeys(key, prefix) >= 0) : find(key => compareKeys(key, after) > 0)

  const rank = ({ chunk, offset }: Place): number => {
    let before = offset
    for (let i = 0; i < chunk; i++) before += chunks[i]!.length
    return before
  }

  const insert = (entry: Entry<V>) => {
    const last = chunks.at(-1)?.at(-1)
    // Loading brings the keys in order: each goes behind all others, and need not be looked for.
    const isLast = last !== undefined && compareKeys(last.key, entry.key) < 0
    let { chunk, offset } = isLast ? { chunk: chunks.length, offset: 0 } : find(key => compareKeys(key, entry.key) > 0)
    if (chunk === chunks.length) {
      chunk = Math.max(0, chunks.length - 1)
      if (chunks.length === 0) chunks.push([])
      offset = chunks[chunk]!.length
    }
    const inside = chunks[chunk]!
    inside.splice(offset, 0, entry)
    if (inside.length <= CHUNK_MAX) return
    const upper = inside.splice(offset === CHUNK_MAX ? CHUNK_MAX : CHUNK_MAX >> 1)
    chunks.splice(chunk + 1, 0, upper)
  }

  return {
    get size() {
      return entries.size
    },
    get: key => entries.get(key)?.value,
    set(key, value) {
      const known = entries.get(key)
      if (known) {
        known.value = value
        return
      }
      const entry = { key, value }
      entries.set(key, entry)
      insert(entry)
    },
    delete(key) {
      if (!entries.delete(key)) return
      const { chunk, offset } = find(other => compareKeys(other, key) >= 0)
      const inside = chunks[chunk]!
      inside.splice(offset, 1)
      if (inside.length === 0) chunks.splice(chunk, 1)
    },
    scan(prefix, after, visit) {
      let { chunk, offset } = startOf(prefix, after)
      for (; chunk < chunks.length; chunk++, offset = 0) {
        const inside = chunks[chunk]!
        for (; offset < inside.length; offset++) {
          const { key, value } = inside[offset]!
          if (!key.startsWith(prefix) || !visit(value, key)) return
        }
      }
    },
    count(prefix, after) {
      const end = find(key => isBehindPrefix(key, prefix))
      return Math.max(0, rank(end) - rank(startOf(prefix, after)))
    },
  }
}

/** The least i in 0..length for which `reached(i)` holds, or length. */
function firstIndex(length: number, reached: (i: number) => boolean): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >> 1
    if (reached(middle)) high = middle
    else low = middle + 1
  }
  return low
}
