import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StoreUnusable } from './store_directory.ts'

/**
 * Keeps a second server out of a store: both would hold their own idea of it in memory and write over each other.
 *
 * The lock is a file that names the process and when it was started, so that the lock of a killed one, whose
 * number may belong to somebody else by now, is recognized and taken over.
 */
export async function lockDirectory(directory: string): Promise<{ release(): Promise<void> }> {
  const path = join(directory, 'lock')
  const owner = JSON.stringify(await identify(process.pid))
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (await createWith(path, owner)) {
      return { release: () => rm(path, { force: true }) }
    }
    const found = await readOrUndefined(path)
    if (found === undefined) continue
    const pid = await livingOwner(found)
    if (pid !== undefined) {
      const who = pid === process.pid ? 'this process' : `process ${pid}`
      throw new StoreUnusable(`${directory} is open in ${who}. Stop that one first, or use another directory.`)
    }
    await removeStale(path, found)
  }
  throw new StoreUnusable(`${path} keeps changing hands. Start one server only, or use another directory.`)
}

/** Each failed attempt means that another starting process was faster. */
const ATTEMPTS_MAX = 10

interface Owner {
  readonly pid: number
  readonly started: string
}

/** The file appears with its content or not at all: a link is made in one step and never replaces anything. */
async function createWith(path: string, content: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, content, { mode: 0o600 })
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

/** Two processes may find the same stale lock: only one can rename it away, and who took a fresh one gives it back. */
async function removeStale(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
  } catch {
    return
  }
  if ((await readOrUndefined(aside)) !== stale) await link(aside, path).catch(() => {})
  await rm(aside, { force: true })
}

async function livingOwner(content: string): Promise<number | undefined> {
  const owner: Owner = JSON.parse(content)
  if (!isRunning(owner.pid)) return undefined
  return (await identify(owner.pid)).started === owner.started ? owner.pid : undefined
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // It runs and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The boot and the clock tick the process started at; constant where there is no /proc, so that the number alone decides. */
async function identify(pid: number): Promise<Owner> {
  const boot = await readOrUndefined('/proc/sys/kernel/random/boot_id')
  const stat = await readOrUndefined(`/proc/${pid}/stat`)
  // The name, in parentheses, may hold anything; behind it come the state and, 19 fields on, the start.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  // Killed, and its parent has not looked yet.
  if (fields?.[0] === 'Z') return { pid, started: 'ended' }
  return { pid, started: `${boot?.trim() ?? ''} ${fields?.[19] ?? ''}` }
}

function readOrUndefined(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}
