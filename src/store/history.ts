import { Compacted, type Change, type Revision } from './store.ts'

/**
 * The last changes, oldest first, for watchers that start in the past and for lists at an old revision.
 * When it is full, by number or by bytes, the oldest change is forgotten, and with it the revisions that would need it.
 */
export interface History {
  /** The oldest revision one can still watch from or list at. */
  readonly oldest: Revision
  /** How many changes there have ever been: tells a watcher's live changes from those it was replayed. */
  readonly position: number
  /** `bytes`: what is held for this change alone, such as the version it put an end to. */
  push(change: Change, bytes: number): void
  /** Throws Compacted. */
  checkKept(revision: Revision): void
  /** Changes after the revision, oldest first, until `visit` returns false. */
  replay(after: Revision, visit: (change: Change) => boolean): void
  /** Changes after the revision, newest first. */
  rewind(after: Revision, visit: (change: Change) => void): void
  forgetUpTo(revision: Revision): void
}

export interface HistoryLimits {
  readonly changesMax: number
  readonly bytesMax: number
}

export function createHistory(start: Revision, { changesMax, bytesMax }: HistoryLimits): History {
  let changes: Change[] = []
  /** Of each change, at the same place. */
  let bytesOf: number[] = []
  let heldBytes = 0
  /** Forgotten ones at the front of `changes`; cut off now and then, because cutting each time would move all the others. */
  let forgotten = 0
  let oldest = start
  let position = 0

  const firstAfter = (revision: Revision): number => {
    let low = forgotten
    let high = changes.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (changes[middle]!.revision > revision) high = middle
      else low = middle + 1
    }
    return low
  }

  const cut = () => {
    if (forgotten <= changesMax) return
    changes = changes.slice(forgotten)
    bytesOf = bytesOf.slice(forgotten)
    forgotten = 0
  }

  const forgetOldest = () => {
    heldBytes -= bytesOf[forgotten]!
    // The slot stays until the next cut, the versions it holds must not.
    changes[forgotten++] = gone
  }

  return {
    get oldest() {
      return oldest
    },
    get position() {
      return position
    },
    push(change, bytes) {
      changes.push(change)
      bytesOf.push(bytes)
      heldBytes += bytes
      position++
      while (changes.length - forgotten > changesMax || (heldBytes > bytesMax && forgotten < changes.length)) {
        oldest = changes[forgotten]!.revision
        forgetOldest()
      }
      cut()
    },
    checkKept(revision) {
      if (revision < oldest) throw new Compacted(revision, oldest)
    },
    replay(after, visit) {
      const { length } = changes
      for (let i = firstAfter(after); i < length; i++) {
        if (!visit(changes[i]!)) return
      }
    },
    rewind(after, visit) {
      for (let i = changes.length - 1; i >= forgotten && changes[i]!.revision > after; i--) visit(changes[i]!)
    },
    forgetUpTo(revision) {
      if (revision <= oldest) return
      oldest = revision
      for (const end = firstAfter(revision); forgotten < end;) forgetOldest()
      cut()
    },
  }
}

const gone: Change = { revision: 0, key: '', stored: undefined, previous: undefined, removed: undefined }
