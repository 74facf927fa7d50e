import { assert } from '../base/assert.ts'
import { encodeText } from '../base/bytes.ts'
import type { CommitLog } from './commit_log.ts'
import { createCommitQueue, type PendingCommit } from './commit_queue.ts'
import { createEncodings } from './encodings.ts'
import { createHistory } from './history.ts'
import { pageNow, pageThen } from './page.ts'
import { createSortedIndex } from './sorted_index.ts'
import {
  FutureRevision,
  KEY_BYTES_MAX,
  StoreClosed,
  StoreFailed,
  type Change,
  type Commit,
  type Store,
  type StoreOptions,
  type Stored,
  type Write,
} from './store.ts'
import { createVersion, loadedVersion, removedVersion, type WeighedVersion } from './version.ts'
import { createWatchers } from './watchers.ts'

/**
 * All current objects in memory, with as much of the past as `historyMax` allows.
 *
 *   commit ─▶ check against the newest version ─▶ ahead, queue ─▶ durable ─▶ index, history ─▶ watchers ─▶ resolve
 *
 * `index` is what readers see and is durable; `ahead` is what commits on their way will have written.
 * With a log, what it has stored is loaded here and nothing is acknowledged before the log has it.
 */
export function createMemoryStore(options: StoreOptions & { log?: CommitLog }): Store {
  const { stamp, historyMax = 10_000, historyBytesMax = HISTORY_BYTES_MAX, encodedBytesMax = ENCODED_BYTES_MAX, log } = options
  const index = createSortedIndex<WeighedVersion>()
  const encodings = createEncodings(encodedBytesMax)
  const ahead = new Map<string, Ahead>()
  const watchers = createWatchers()

  const snapshot = log?.load()
  let revision = snapshot?.revision ?? 0
  for (const entry of snapshot?.entries ?? []) index.set(entry.key, loadedVersion(entry, encodings))
  /** The revision of the newest commit on its way. */
  let issued = revision
  const history = createHistory(revision, { changesMax: historyMax, bytesMax: historyBytesMax })
  let closing: Promise<void> | undefined

  const queue = createCommitQueue({
    log,
    apply(commit) {
      assert(commit.revision === revision + 1, `revision ${commit.revision} follows ${revision}`)
      // The queue gives back what was put into it: versions of this store.
      const changes = commit.writes.map(write => change(commit, write as WeighedWrite))
      const before = history.position
      revision = commit.revision
      for (const made of changes) history.push(made, made.previous?.jsonBytes ?? 0)
      changes.forEach((made, i) => watchers.deliver(made, before + i + 1))
    },
    rollBack() {
      ahead.clear()
      issued = revision
    },
  })

  const change = ({ revision }: PendingCommit, { key, stored }: WeighedWrite): WeighedChange => {
    const previous = index.get(key)
    if (ahead.get(key)?.revision === revision) ahead.delete(key)
    if (stored) {
      index.set(key, stored)
      return { revision, key, stored, previous, removed: undefined }
    }
    assert(previous, `${key} was there when its removal was accepted`)
    index.delete(key)
    return { revision, key, stored, previous, removed: removedVersion(previous, revision, stamp, encodings) }
  }

  const newest = (key: string): Stored | undefined => {
    const coming = ahead.get(key)
    return coming ? coming.stored : index.get(key)
  }

  const versionOf = ({ key, value }: Write, revision: number) => {
    if (!value) return { key, stored: undefined }
    const created = newest(key)?.created ?? revision
    const stored = createVersion(key, stamp(value, revision), revision, created, encodings)
    // What cannot be encoded must fail here, alone, and not with everything in its batch.
    if (log) stored.json()
    return { key, stored }
  }

  const checkOpen = () => {
    if (closing) throw new StoreClosed('the store is closed')
  }

  return {
    get revision() {
      return revision
    },
    get oldest() {
      return history.oldest
    },

    async get(key) {
      checkOpen()
      return index.get(key)
    },

    async list(prefix, { at = revision, after, limit = Infinity } = {}) {
      checkOpen()
      history.checkKept(at)
      if (at > revision) throw new FutureRevision(at, revision)
      const range = { prefix, after, limit }
      return { ...(at === revision ? pageNow(index, range) : pageThen(index, history, at, range)), revision: at }
    },

    async commit(writes): Promise<Commit> {
      checkOpen()
      checkKeys(writes)
      for (const { key, expect } of writes) {
        const actual = newest(key)
        if (expect === undefined || (actual?.revision ?? 0) === expect) continue
        // If that version never becomes durable, the answer would have been about something that never was.
        await ahead.get(key)?.durable
        return { done: false, key, actual }
      }

      const effective = writes.filter(({ key, value }) => value || newest(key))
      if (effective.length === 0) {
        await Promise.all(writes.flatMap(({ key }) => ahead.get(key)?.durable ?? []))
        return { done: true, revision, stored: writes.map(() => undefined) }
      }

      if (queue.full) throw new StoreFailed('nothing was written: too many commits wait for the disk already')
      const pending = { revision: issued + 1, writes: effective.map(write => versionOf(write, issued + 1)) }
      issued = pending.revision
      const durable = queue.add(pending)
      for (const { key, stored } of pending.writes) ahead.set(key, { stored, revision: pending.revision, durable })
      await durable
      const byKey = new Map(pending.writes.map(({ key, stored }) => [key, stored]))
      return { done: true, revision: pending.revision, stored: writes.map(({ key }) => byKey.get(key)) }
    },

    watch(prefix, from, changed, ended = () => {}) {
      checkOpen()
      history.checkKept(from)
      const watcher = { prefix, from, position: history.position, changed, ended }
      history.replay(from, made => {
        if (made.key.startsWith(prefix)) changed(made)
        return true
      })
      watchers.add(watcher)
      return { stop: () => watchers.remove(watcher) }
    },

    async compact(upTo) {
      checkOpen()
      history.forgetUpTo(Math.min(upTo, revision))
    },

    close() {
      return (closing ??= queue.drained().then(() => {
        watchers.endAll()
        return log?.close()
      }))
    },
  }
}

/** Of JSON. A list of some thousand objects that comes again and again is not encoded again and again. */
const ENCODED_BYTES_MAX = 32 * 2 ** 20

/** Of JSON; the parsed form that is held takes up to twice as much. */
const HISTORY_BYTES_MAX = 32 * 2 ** 20

interface WeighedWrite {
  readonly key: string
  readonly stored: WeighedVersion | undefined
}

interface WeighedChange extends Change {
  readonly previous: WeighedVersion | undefined
}

interface Ahead {
  /** Undefined: the key will be gone. */
  readonly stored: Stored | undefined
  readonly revision: number
  readonly durable: Promise<void>
}

function checkKeys(writes: readonly Write[]): void {
  const keys = new Set<string>()
  for (const { key } of writes) {
    assert(!keys.has(key), `a key comes once in a commit: ${key}`)
    keys.add(key)
    // A UTF-16 unit takes at most three bytes, so most keys need not be encoded to be measured.
    const tooLong = key.length * 3 > KEY_BYTES_MAX && encodeText(key).length > KEY_BYTES_MAX
    if (key === '' || tooLong) throw new StoreFailed(`nothing was written: a key has 1 to ${KEY_BYTES_MAX} bytes`)
  }
}
