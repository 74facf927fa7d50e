import type { CommitLog, LogWrite } from './commit_log.ts'
import { StoreFailed, type Revision } from './store.ts'

/**
 * Commits on their way to the disk, in revision order.
 *
 *   add ─▶ waiting ─▶ one append for all that wait ─▶ durable ─▶ apply, in order ─▶ resolve
 *             ▲  others arrive while the disk works        │
 *             └── failed: reject these and all behind ◀────┘
 *
 * There is no timer: a batch is whatever arrived while the batch before was being written.
 */
export interface CommitQueue {
  /** The disk has fallen far behind: no more may be added now. */
  readonly full: boolean
  /** Resolves when the commit is durable and has been applied. Rejects with StoreFailed. */
  add(commit: PendingCommit): Promise<void>
  /** Resolves when nothing is on its way any more, however it ended. */
  drained(): Promise<void>
}

export interface PendingCommit {
  readonly revision: Revision
  readonly writes: readonly LogWrite[]
}

export interface CommitQueueOptions {
  /** Without a log a commit is as durable as the process. */
  readonly log: CommitLog | undefined
  /** Makes a durable commit visible. */
  readonly apply: (commit: PendingCommit) => void
  /** Nothing that was on its way will ever be visible. */
  readonly rollBack: () => void
}

/** More than any number of requests a server admits at once; beyond it the disk has stopped, and memory must not fill. */
const WAITING_MAX = 20_000

/** Bounds how long one append holds the disk, and so how long the first of the next batch waits. */
const BATCH_MAX = 1_000

interface Waiting {
  readonly commit: PendingCommit
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export function createCommitQueue({ log, apply, rollBack }: CommitQueueOptions): CommitQueue {
  let waiting: Waiting[] = []
  let flushing: Promise<void> | undefined

  const flush = async () => {
    while (waiting.length > 0) {
      // One turn of the microtask queue, so that commits made in the same instant share an append.
      await Promise.resolve()
      const batch = waiting.slice(0, BATCH_MAX)
      try {
        await log?.append(newestWrites(batch), batch.at(-1)!.commit.revision)
      } catch (error) {
        failAll(error)
        continue
      }
      waiting = waiting.slice(batch.length)
      for (const { commit, resolve } of batch) {
        apply(commit)
        resolve()
      }
    }
    // Within this turn: a commit added in the next must find that it has to start the loop again.
    flushing = undefined
  }

  /**
   * Commits behind the failed ones go too. They were checked against versions that do not exist now,
   * and they carry revisions that would leave a gap.
   */
  const failAll = (cause: unknown) => {
    const failed = waiting
    waiting = []
    rollBack()
    const reason = cause instanceof Error ? cause.message : String(cause)
    for (const { reject } of failed) reject(new StoreFailed(`nothing was written: ${reason}`, { cause }))
  }

  return {
    get full() {
      return waiting.length >= WAITING_MAX
    },
    add(commit) {
      return new Promise((resolve, reject) => {
        waiting.push({ commit, resolve, reject })
        flushing ??= flush()
      })
    },
    async drained() {
      while (flushing) await flushing
    },
  }
}

/** Of several versions of a key in one batch only the last needs the disk. */
function newestWrites(batch: readonly Waiting[]): LogWrite[] {
  if (batch.length === 1) return [...batch[0]!.commit.writes]
  const newest = new Map<string, LogWrite>()
  for (const { commit } of batch) for (const write of commit.writes) newest.set(write.key, write)
  return [...newest.values()]
}
