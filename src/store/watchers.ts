import type { Change, Revision } from './store.ts'

/**
 * Who wants to hear of which keys. A change touches only the watchers whose prefix its key has, however many
 * others there are: prefixes are looked up by each length in use, and there are few different lengths.
 */
export interface Watchers {
  readonly size: number
  add(watcher: Watcher): void
  remove(watcher: Watcher): void
  /** Pushes one change to all it concerns. `position` is the change's place in the history, counted from 1. */
  deliver(change: Change, position: number): void
  /** Removes all and tells them. */
  endAll(): void
}

interface Watcher {
  readonly prefix: string
  /** Changes up to this revision are not wanted. */
  readonly from: Revision
  /** Changes up to this position of the history were replayed and must not come twice. */
  readonly position: number
  changed(change: Change): void
  ended(): void
}

export function createWatchers(): Watchers {
  const byPrefix = new Map<string, Set<Watcher>>()
  const prefixesOfLength = new Map<number, number>()
  let lengths: readonly number[] = []
  let size = 0

  const countLength = (length: number, difference: 1 | -1) => {
    const count = (prefixesOfLength.get(length) ?? 0) + difference
    if (count > 0) prefixesOfLength.set(length, count)
    else prefixesOfLength.delete(length)
    lengths = [...prefixesOfLength.keys()].sort((a, b) => a - b)
  }

  const remove = (watcher: Watcher) => {
    const group = byPrefix.get(watcher.prefix)
    if (!group?.delete(watcher)) return
    size--
    if (group.size > 0) return
    byPrefix.delete(watcher.prefix)
    countLength(watcher.prefix.length, -1)
  }

  return {
    get size() {
      return size
    },
    add(watcher) {
      let group = byPrefix.get(watcher.prefix)
      if (!group) {
        byPrefix.set(watcher.prefix, (group = new Set()))
        countLength(watcher.prefix.length, 1)
      }
      group.add(watcher)
      size++
    },
    remove,
    deliver(change, position) {
      for (const length of lengths) {
        if (length > change.key.length) return
        const group = byPrefix.get(change.key.slice(0, length))
        if (!group) continue
        for (const watcher of group) {
          if (position <= watcher.position || change.revision <= watcher.from) continue
          guard(
            () => watcher.changed(change),
            () => remove(watcher),
          )
        }
      }
    },
    endAll() {
      const all = [...byPrefix.values()].flatMap(group => [...group])
      byPrefix.clear()
      prefixesOfLength.clear()
      lengths = []
      size = 0
      for (const watcher of all)
        guard(
          () => watcher.ended(),
          () => {},
        )
    },
  }
}

/**
 * A watcher that throws is a bug of the watcher: it is dropped, and the error surfaces as an unhandled rejection.
 * It must not stop a commit half-way through its watchers, nor fail the commit, which is durable already.
 */
function guard(call: () => void, failed: () => void): void {
  try {
    call()
  } catch (error) {
    failed()
    void Promise.reject(error)
  }
}
