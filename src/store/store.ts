/**
 * Versioned objects by key, and what happened to them since a revision.
 *
 * One counter, the revision, numbers every commit. A reader sees only what is durable; a watcher sees every
 * change after a revision, once and in order, or is told that the past it asks for is gone. The store has never
 * heard of a Pod: keys are paths, values are frozen objects that it stamps with their revision and can encode.
 */

/** Numbers the commits of a store, from 1. 0 means: does not exist. */
export type Revision = number

export interface Stored {
  readonly key: string
  /** Deeply frozen, stamped with its revision. */
  readonly value: object
  /** The commit that wrote this version. */
  readonly revision: Revision
  /** The commit that created the key. */
  readonly created: Revision
  /** The value as UTF-8 JSON. Kept while it is fresh, so that all who want a new version share one encoding. */
  json(): Uint8Array
}

export interface Write {
  /** At most KEY_BYTES_MAX bytes; a key comes at most once in a commit. */
  readonly key: string
  /** The new value (plain JSON), or undefined to remove the key. The store stamps and freezes the object: the caller gives it away. */
  readonly value: object | undefined
  /** The revision the key must have now (0: must not exist). Undefined: whatever it has. */
  readonly expect?: Revision
}

export type Commit =
  | { readonly done: true; readonly revision: Revision; readonly stored: readonly (Stored | undefined)[] }
  /** An `expect` did not hold and nothing was written. `actual` is the version found, durable or about to be. */
  | { readonly done: false; readonly key: string; readonly actual: Stored | undefined }

export interface Change {
  readonly revision: Revision
  readonly key: string
  /** What is there now; undefined after a removal. */
  readonly stored: Stored | undefined
  /** What was there before; undefined when the key was created. */
  readonly previous: Stored | undefined
  /** After a removal: the last value, stamped with the revision of the removal, as a watcher must see it. */
  readonly removed: Stored | undefined
}

export interface Page {
  readonly items: readonly Stored[]
  /** The revision the whole page is true at. */
  readonly revision: Revision
  /** Keys under the prefix behind the page's last one. 0: this was all. */
  readonly remaining: number
}

export interface Store {
  /** The newest revision that may be read. */
  readonly revision: Revision
  /** The oldest revision one can still list at or watch from. */
  readonly oldest: Revision

  get(key: string): Promise<Stored | undefined>

  /**
   * Keys that start with the prefix, in byte order. `at` reads the past; `after` continues behind a key.
   * Throws Compacted, or FutureRevision when `at` is newer than the newest revision.
   */
  list(prefix: string, options?: { at?: Revision; after?: string; limit?: number }): Promise<Page>

  /**
   * All writes or none. Resolves once the outcome is durable: after that no crash can take it back.
   * Throws StoreClosed, or StoreFailed when the disk refuses (full, broken): nothing was acknowledged then.
   * A commit that changes nothing (it removes what is not there) takes no revision of its own.
   */
  commit(writes: readonly Write[]): Promise<Commit>

  /**
   * Calls `changed` for every change under the prefix after revision `from`, in order, past ones first and within
   * this call; a `from` that lies ahead skips what comes up to it. `changed` may not throw. `ended` is called at most once, when the store closes. Throws Compacted when `from` is older than `oldest`.
   */
  watch(prefix: string, from: Revision, changed: (change: Change) => void, ended?: () => void): { stop(): void }

  /** Forgets the past before `revision`; what is there now stays. */
  compact(revision: Revision): Promise<void>

  /** Waits for writes under way. */
  close(): Promise<void>
}

export interface StoreOptions {
  /**
   * Puts the revision into a value that is about to be stored (Kubernetes: metadata.resourceVersion). It may change
   * the object it is given and the objects right below it, nothing deeper, and must return one that nobody else
   * changes later.
   */
  readonly stamp: (value: object, revision: Revision) => object
  /**
   * How many past changes are kept for watchers and old lists. 10,000 if not given: about three seconds of the
   * heaviest load and hours of an ordinary one.
   */
  readonly historyMax?: number
  /** How large, as JSON, all past versions together may be that are kept so. 32 MB if not given. */
  readonly historyBytesMax?: number
  /** How many bytes of encoded versions are kept, the freshest ones, so as not to encode them again. 32 MB if not given. */
  readonly encodedBytesMax?: number
}

/** Every key a Kubernetes object can have is far shorter; lmdb takes no key longer than 1,978 bytes. */
export const KEY_BYTES_MAX = 1_024

/** The revision asked for lies before `oldest`. */
export class Compacted extends Error {
  override readonly name = 'Compacted'
  readonly requested: Revision
  readonly oldest: Revision
  constructor(requested: Revision, oldest: Revision) {
    super(`revision ${requested} has been compacted; the oldest kept is ${oldest}`)
    this.requested = requested
    this.oldest = oldest
  }
}

/** The revision asked for has not happened yet. */
export class FutureRevision extends Error {
  override readonly name = 'FutureRevision'
  readonly requested: Revision
  readonly newest: Revision
  constructor(requested: Revision, newest: Revision) {
    super(`revision ${requested} has not happened yet; the newest is ${newest}`)
    this.requested = requested
    this.newest = newest
  }
}

export class StoreClosed extends Error {
  override readonly name = 'StoreClosed'
}

export class StoreFailed extends Error {
  override readonly name = 'StoreFailed'
}
