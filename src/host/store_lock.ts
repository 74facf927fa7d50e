import { join } from 'node:path'
import { tryFileLock } from './file_lock.ts'
import { StoreUnusable } from './store_directory.ts'

/** Each attempt that tells nothing means that another starting process was faster. */
const ATTEMPTS_MAX = 10

/** Keeps a second server out of a store: both would hold their own idea of it in memory and write over each other. */
export async function lockDirectory(directory: string): Promise<{ release(): Promise<void> }> {
  const path = join(directory, 'lock')
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const outcome = await tryFileLock(path)
    if (outcome.is === 'taken') return outcome
    if (outcome.is === 'held') {
      const who = outcome.pid === process.pid ? 'this process' : `process ${outcome.pid}`
      throw new StoreUnusable(`${directory} is open in ${who}. Stop that one first, or use another directory.`)
    }
  }
  throw new StoreUnusable(`${path} keeps changing hands. Start one server only, or use another directory.`)
}
