import { join } from 'node:path'
import { holdFileLock } from './file_lock.ts'
import { StoreUnusable } from './store_directory.ts'

/** Keeps a second server out of a store: both would hold their own idea of it in memory and write over each other. */
export function lockDirectory(directory: string): Promise<{ release(): Promise<void> }> {
  const path = join(directory, 'lock')
  return holdFileLock(path, holder => {
    if (holder === undefined) return new StoreUnusable(`${path} keeps changing hands. Start one server only, or use another directory.`)
    const who = holder === process.pid ? 'this process' : `process ${holder}`
    return new StoreUnusable(`${directory} is open in ${who}. Stop that one first, or use another directory.`)
  })
}
