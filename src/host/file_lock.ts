/**
 * One process at a time, across processes, for a step of a few milliseconds. A holder that dies leaves its lock behind;
 * who comes next sees that no such process lives and breaks it.
 */
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { processStart } from './process_start.ts'

const POLL_MS = 10
const WAIT_MAX_MS = 10_000

export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await acquire(path)
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

async function acquire(path: string): Promise<void> {
  const owner = `${process.pid} ${await processStart(process.pid)} ${randomBytes(6).toString('hex')}`
  // Linked and not written in place: whoever sees the lock sees whose it is.
  const draft = `${path}.${owner.split(' ')[2]}`
  await writeFile(draft, owner, { mode: 0o600 })
  try {
    for (let waitedMs = 0; ; waitedMs += POLL_MS) {
      try {
        return await link(draft, path)
      } catch (error) {
        if ((error as { code?: string }).code !== 'EEXIST') throw error
      }
      const holder = await readFile(path, 'utf8').catch(() => undefined)
      if (holder !== undefined && !(await lives(holder))) await breakLock(path, holder)
      else if (waitedMs >= WAIT_MAX_MS) throw new Error(`${path} is held by another process (${holder ?? 'unknown'}) for more than ${WAIT_MAX_MS / 1000} s`)
      else await delay(POLL_MS)
    }
  } finally {
    await rm(draft, { force: true })
  }
}

/** Moved away before it is removed: if it has changed hands meanwhile, it is put back. */
async function breakLock(path: string, stale: string): Promise<void> {
  const moved = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await rename(path, moved)
  } catch {
    return
  }
  if ((await readFile(moved, 'utf8')) !== stale) await link(moved, path).catch(() => undefined)
  await rm(moved, { force: true })
}

async function lives(holder: string): Promise<boolean> {
  const [pid = '', start = ''] = holder.split(' ')
  return start !== '' && (await processStart(Number(pid))) === start
}
