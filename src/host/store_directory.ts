import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** A store directory that cannot be opened. The message says why and what to do. */
export class StoreUnusable extends Error {
  override readonly name = 'StoreUnusable'
}

/** Counts up whenever a version of Poise without knowledge of the change would misread the directory. */
const FORMAT = 1

interface Format {
  /** The store has never been opened completely, so nothing in it was ever acknowledged. */
  readonly isNew: boolean
  /** Marks the store as complete. To be called before the first write is acknowledged. */
  keep(): Promise<void>
}

export async function openFormat(directory: string): Promise<Format> {
  const path = join(directory, 'format.json')
  const text = await readFile(path, 'utf8').catch(error => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text !== undefined) {
    checkFormat(text, directory)
    return { isNew: false, keep: async () => {} }
  }

  await setAside(join(directory, 'objects'))
  await makePrivateDirectory(join(directory, 'objects'))
  return {
    isNew: true,
    async keep() {
      await sync(join(directory, 'objects'))
      await using file = await open(`${path}.new`, 'w', 0o600)
      await file.writeFile(`${JSON.stringify({ format: FORMAT })}\n`)
      await file.sync()
      await rename(`${path}.new`, path)
      await sync(directory)
      await sync(dirname(directory))
    },
  }
}

/** For this user only: the store holds Secrets. */
export async function makePrivateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  await chmod(path, 0o700)
}

function checkFormat(text: string, directory: string): void {
  let format: unknown
  try {
    format = JSON.parse(text).format
  } catch {
    throw new StoreUnusable(
      `${directory}/format.json cannot be read, so this is not a store of Poise or it is damaged. Restore it from a copy, or use another directory.`,
    )
  }
  if (format === FORMAT) return
  throw new StoreUnusable(
    `${directory} holds a store of format ${JSON.stringify(format)}; this version of Poise knows format ${FORMAT}. Use the version that wrote it, or another directory.`,
  )
}

/**
 * Without format.json, what lies here is from a first start that was cut off. It is kept once, because deleting
 * somebody's data on the word of a missing file would be rash.
 */
async function setAside(objects: string): Promise<void> {
  if (!(await stat(objects).catch(() => undefined))) return
  await rm(`${objects}.incomplete`, { recursive: true, force: true })
  await rename(objects, `${objects}.incomplete`)
}

/** A new name in a directory survives a power loss only when the directory itself has been synced. */
async function sync(path: string): Promise<void> {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
