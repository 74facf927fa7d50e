/** What lies below a directory, counted as `du` does: the blocks that are taken, and every inode once. */
import { lstat, opendir } from 'node:fs/promises'
import type { DiskUsage } from '../base/disk.ts'

const BLOCK_BYTES = 512

/** One entry after the other, so that a large volume keeps one of the few threads for files busy, and never all of them. */
export async function diskUsage(root: string, entriesMax: number): Promise<DiskUsage | undefined> {
  const usage: DiskUsage = { bytes: 0, inodes: 0, isComplete: true }
  const shared = new Set<number>()
  const directories: string[] = []
  if (!(await count(root))) return undefined
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    for await (const { name } of await opendir(directory).catch(ignoreMissing)) {
      if (usage.inodes >= entriesMax) return { ...usage, isComplete: false }
      await count(`${directory}/${name}`)
    }
  }
  return usage

  async function count(path: string): Promise<boolean> {
    const found = await lstat(path).catch(ignoreMissing)
    if (!found || Array.isArray(found)) return false
    if (found.isDirectory()) directories.push(path)
    else if (found.nlink > 1) {
      if (shared.has(found.ino)) return true
      shared.add(found.ino)
    }
    usage.inodes++
    usage.bytes += found.blocks * BLOCK_BYTES
    return true
  }
}

/** What is counted changes meanwhile: a file that has gone is no failure. */
function ignoreMissing(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
  throw error
}
