/**
 * One process at a time, across processes. A holder that dies leaves its lock behind; who comes next sees that no such
 * process lives and breaks it.
 *
 * Breaking is where such locks usually fail: between seeing that a lock is stale and removing it, somebody else may have
 * broken it and taken a fresh one, which is then removed in its place. So the right to remove one certain lock is a lock
 * itself, named after the one it is for. While somebody has it, that lock stays as it is: its holder is dead, and
 * nobody else may touch it.
 *
 *   lock                 held by a dead process
 *   lock.<digest of it>  held by the one who may remove it, or by one who died doing so, and so on
 */
import { createHash, randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { processStart } from './process_start.ts'

export type Attempt = { readonly is: 'taken'; release(): Promise<void> } | { readonly is: 'held'; readonly pid: number } | { readonly is: 'changing' }

const POLL_MS = 10
const WAIT_MAX_MS = 10_000

/** For a step of a few milliseconds: waits its turn. */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    const attempt = await tryFileLock(path)
    if (attempt.is === 'taken') {
      try {
        return await work()
      } finally {
        await attempt.release()
      }
    }
    if (waitedMs >= WAIT_MAX_MS) {
      const who = attempt.is === 'held' ? `process ${attempt.pid}` : 'one process after another'
      throw new Error(`${path} is held by ${who} for more than ${WAIT_MAX_MS / 1000} s`)
    }
    await delay(POLL_MS)
  }
}

/** Each attempt that tells nothing means that another starting process was faster. */
const ATTEMPTS_MAX = 10

/** For as long as this process works with something. Throws what `refused` makes of the holder's number; undefined: it keeps changing hands. */
export async function holdFileLock(path: string, refused: (holder: number | undefined) => Error): Promise<{ release(): Promise<void> }> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const outcome = await tryFileLock(path)
    if (outcome.is === 'taken') return outcome
    if (outcome.is === 'held') throw refused(outcome.pid)
  }
  throw refused(undefined)
}

/**
 * Takes the lock if it is free, or if its holder is dead. `changing`: it was neither for long enough to tell; try again.
 * @param isForeign tells locks of other programs by their content: those are left alone, and count as `changing`
 */
export async function tryFileLock(path: string, isForeign: (content: string) => boolean = () => false): Promise<Attempt> {
  if (await createWith(path, await ownerText())) return { is: 'taken', release: () => rm(path, { force: true }) }
  const found = await readFile(path, 'utf8').catch(() => undefined)
  if (found === undefined || isForeign(found)) return { is: 'changing' }
  const pid = await livingOwner(found)
  if (pid !== undefined) return { is: 'held', pid }
  await breakLock(path, found)
  return { is: 'changing' }
}

async function breakLock(path: string, stale: string): Promise<void> {
  const digest = createHash('sha256').update(stale).digest('hex').slice(0, 16)
  const right = await tryFileLock(`${path}.${digest}`)
  if (right.is !== 'taken') return
  try {
    if ((await readFile(path, 'utf8').catch(() => undefined)) === stale) await rm(path, { force: true })
  } finally {
    await right.release()
  }
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

/** Different each time, so that two locks of one process are never taken for the same. */
const ownerText = async (): Promise<string> => JSON.stringify({ pid: process.pid, started: await processStart(process.pid), id: randomUUID() })

/** What is no owner at all (a file cut short by a full disk) is nobody's. */
async function livingOwner(text: string): Promise<number | undefined> {
  try {
    const { pid, started } = JSON.parse(text) as { pid: number; started: string }
    return started !== '' && (await processStart(pid)) === started ? pid : undefined
  } catch {
    return undefined
  }
}
