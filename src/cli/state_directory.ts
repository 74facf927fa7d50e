/** The directory of a cluster, or a sentence about why it cannot be had. */
import { access, constants, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
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
  await mkdir(path, { mode: 0o700 })
}
