import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { assert } from '../base/assert.ts'
import type { CommitLog, LogSnapshot, LogWrite } from '../store/commit_log.ts'
import { createMemoryStore } from '../store/memory_store.ts'
import { StoreFailed, type Revision, type Store, type StoreOptions } from '../store/store.ts'
import { makePrivateDirectory, openFormat, StoreUnusable } from './store_directory.ts'
import { lockDirectory } from './store_lock.ts'
import { encodeState, encodeVersion, objectKey, openObjects, readObjects, STATE_KEY, type Objects } from './store_objects.ts'

/**
 * A store that survives kill -9 and power loss, in a directory of its own.
 *
 *   DIRECTORY/format.json   what format this is; appears when the store has been made completely
 *   DIRECTORY/lock          which process has it open
 *   DIRECTORY/objects/      lmdb's files: the current version of every key, and the newest revision
 *
 * Throws StoreUnusable when another process has it open, a newer Poise wrote it, or it is damaged.
 */
export async function openDurableStore(directory: string, options: StoreOptions): Promise<Store> {
  const log = await openLmdbLog(directory)
  try {
    return createMemoryStore({ ...options, log })
  } catch (error) {
    await log.close()
    throw error
  }
}

async function openLmdbLog(directory: string): Promise<CommitLog> {
  await makePrivateDirectory(directory)
  const lock = await lockDirectory(directory)
  try {
    const format = await openFormat(directory)
    const path = join(directory, 'objects')
    let snapshot: LogSnapshot | undefined = await readObjects(path)
    const objects = await openObjects(path)
    if (format.isNew) {
      const refused = await append(objects, [], 0)
      if (refused) throw new StoreUnusable(`${directory} cannot be written: ${refused} (${await roomAt(path)}).`)
    }
    await format.keep()

    return {
      load() {
        assert(snapshot, 'the log is loaded once')
        const loaded = snapshot
        // Held here, every version that was loaded would live as long as the store.
        snapshot = undefined
        return loaded
      },
      async append(writes, revision) {
        const refused = await append(objects, writes, revision)
        if (refused) throw new StoreFailed(`the disk refused: ${refused} (${await roomAt(path)})`)
      },
      async close() {
        await objects.close()
        await lock.release()
      },
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

/**
 * One lmdb transaction, written and synced on a thread of lmdb's own; settles after the sync, with the reason when
 * the disk refused. lmdb never overwrites a page in use, so a crash half-way leaves the state before.
 */
async function append(objects: Objects, writes: readonly LogWrite[], revision: Revision): Promise<string | undefined> {
  const parts: Promise<boolean>[] = []
  const whole = objects.batch(() => {
    for (const { key, stored } of writes) {
      parts.push(stored ? objects.put(objectKey(key), encodeVersion(stored)) : objects.remove(objectKey(key)))
    }
    parts.push(objects.put(STATE_KEY, encodeState(revision)))
  })
  const outcomes = await Promise.allSettled([whole, ...parts])
  const failed = outcomes.find(outcome => outcome.status === 'rejected')
  return failed && reasonOf(failed.reason)
}

/** lmdb rejects with an error that only points at a promise, which in turn rejects with the reason. */
async function reasonOf(error: { message: string; commitError?: Promise<never> }): Promise<string> {
  const reason = await error.commitError?.then(
    () => undefined,
    (cause: Error) => cause.message,
  )
  return reason ?? error.message
}

/** A full disk reaches us as `Input/output error`; how much room there is tells the two apart. */
async function roomAt(path: string): Promise<string> {
  const { bavail, bsize } = await statfs(path)
  return `${Math.floor((bavail * bsize) / 2 ** 20)} MiB free at ${path}`
}
