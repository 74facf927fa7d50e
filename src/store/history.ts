import { Compacted, type Change, type Revision } from './store.ts'

/**
 * The last changes, oldest first, for watchers that start in the past and for lists at an old revision.
 * When it is full the oldest change is forgotten, and with it the revisions that would need it.
 */
export interface History {
  /** The oldest revision one can still watch from or list at. */
  readonly oldest: Revision
  /** How many changes there have ever been: tells a watcher's live changes from those it was replayed. */
  readonly position: number
  push(change: Change): void
  /** Throws Compacted. */
  checkKept(revision: Revision): void
  /** Changes after the revision, oldest first, until `visit` returns false. */
  replay(after: Revision, visit: (change: Change) => boolean): void
  /** Changes after the revision, newest first. */
  rewind(after: Revision, visit: (change: Change) => void): void
  forgetUpTo(revision: Revision): void
}

export function createHistory(start: Revision, max: number): History {
  let changes: Change[] = []
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
    if (forgotten <= max) return
    changes = changes.slice(forgotten)
    forgotten = 0
  }

  return {
    get oldest() {
      return oldest
    },
    get position() {
      return position
    },
    push(change) {
      changes.push(change)
      position++
      if (changes.length - forgotten <= max) return
      oldest = changes[forgotten]!.revision
      // The slot stays until the next cut, the versions it holds must not.
      changes[forgotten++] = gone
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
      for (const end = firstAfter(revision); forgotten < end;) changes[forgotten++] = gone
      cut()
    },
  }
}

const gone: Change = { revision: 0, key: '', stored: undefined, previous: undefined, removed: undefined }
