import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClusterDirectories } from './directories.ts'
import { holdFileLock } from './file_lock.ts'

/**
 * One process for a cluster, from before it touches anything: two that start it at the same time would start one
 * containerd between them and take its files from each other. The store's own lock comes too late, and not at all in memory.
 */
export async function lockCluster({ root }: Pick<ClusterDirectories, 'root'>): Promise<{ release(): Promise<void> }> {
  await mkdir(root, { recursive: true, mode: 0o700 })
  return holdFileLock(join(root, 'up.lock'), holder => {
    const who = holder === undefined ? 'another process' : holder === process.pid ? 'this process' : `process ${holder}`
    return new Error(`${who} is starting it, or runs it. Next: poise down, or another cluster with --name`)
  })
}
