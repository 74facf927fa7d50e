/** The directory of a cluster, or a sentence about why it cannot be had. */
import { access, constants, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf } from '../base/error_message.ts'
import { UserError } from './output.ts'

/**
 * Made level by level: Node.js 20's own recursive mkdir never comes back where a filesystem says that the parent it
 * has just seen is not there, as /proc does.
 */
export async function makeStateDirectory(path: string): Promise<void> {
  try {
    await makeWithParents(path)
    await access(path, constants.W_OK | constants.X_OK)
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException
    throw new UserError(`the state directory ${path} cannot be written (${code})`, {
      next: 'Set POISE_HOME to a directory that this user can write, with room on its disk.',
    })
  }
}

/** What the start of a cluster failed with; programs and libraries below each have their own words around a full disk. */
export function explainFullDisk(error: unknown, directory: string): unknown {
  const why = messageOf(error)
  if (!/ENOSPC|no space left on device/i.test(why)) return error
  return new UserError(`the disk of ${directory} has no room for the cluster: ${why}`, {
    next: 'Make room there, or set POISE_HOME to a directory on another disk.',
  })
}

async function makeWithParents(path: string): Promise<void> {
  const made = () =>
    mkdir(path, { mode: 0o700 }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return true
        if (error.code === 'ENOENT' && dirname(path) !== path) return false
        throw error
      },
    )
  if (await made()) return
  await makeWithParents(dirname(path))
  // Another process that starts may have been quicker.
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
}
