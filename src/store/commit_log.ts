import type { Revision, Stored } from './store.ts'

/**
 * Where a store keeps what must survive a crash: the current value of every key and the newest revision.
 * The past (for watchers and old lists) lives in memory only and is gone after a restart.
 */
export interface CommitLog {
  /** What was durable when the log was opened. Called once, before the first `append`. */
  load(): LogSnapshot

  /**
   * Makes the writes and the revision durable in one step, whatever happens to the machine meanwhile, and then
   * resolves. A key comes at most once. The store never calls it again before the last call has settled.
   * When it rejects, none of the writes may be found by a later `load` of a log that went on working.
   */
  append(writes: readonly LogWrite[], revision: Revision): Promise<void>

  close(): Promise<void>
}

export interface LogSnapshot {
  readonly revision: Revision
  /** Fastest when in key order. */
  readonly entries: Iterable<LogEntry>
}

export interface LogEntry {
  readonly key: string
  readonly revision: Revision
  readonly created: Revision
  /** The log gives the bytes away: nobody changes them later. */
  readonly json: Uint8Array
}

export interface LogWrite {
  readonly key: string
  /** Undefined removes the key. */
  readonly stored: Stored | undefined
}
