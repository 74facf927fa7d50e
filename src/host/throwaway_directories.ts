/**
 * Where throw-away clusters have their files: apart from clusters that have a name of somebody's, and found again when they are
 * left behind.
 *
 *   <state>/throw-away/locks/check-4f2a      as long as its process has it: before the first file, until after the last
 *   <state>/throw-away/clusters/check-4f2a/
 */
import { randomBytes } from 'node:crypto'
import { access, mkdir, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { clusterDirectories, clustersDirectory, stateDirectory, type ClusterDirectories } from './directories.ts'
import { tryFileLock } from './file_lock.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Nobody else takes its files away, and whoever has it may. */
export interface ThrowawayFiles {
  readonly name: string
  readonly directories: ClusterDirectories
  /** Removes the files. */
  remove(): Promise<void>
  /** Leaves them to the next one. */
  release(): Promise<void>
}

/** Of a new cluster: `check-4f2a`. */
export async function makeThrowawayFiles(env: Environment, purpose: string): Promise<ThrowawayFiles> {
  for (;;) {
    const files = await holdFiles(homeOf(env), `${purpose}-${randomBytes(2).toString('hex')}`)
    if (!files) continue
    await mkdir(files.directories.root, { recursive: true, mode: 0o700 })
    return files
  }
}

/**
 * Those of processes that have ended without removing them.
 * @param networkFiles of clusters that were somewhere else on this machine: where one was thrown away, it is looked for, too
 */
export async function abandonedFiles(env: Environment, networkFiles: readonly string[] = []): Promise<ThrowawayFiles[]> {
  const homes = new Set([homeOf(env), ...networkFiles.flatMap(throwawayHomeOf)])
  return (await Promise.all([...homes].map(abandonedBelow))).flat()
}

async function abandonedBelow(home: string): Promise<ThrowawayFiles[]> {
  const names = await readdir(clustersDirectory({ POISE_HOME: home })).catch(() => [])
  const found = await Promise.all(
    names.map(async name => {
      const files = await holdFiles(home, name)
      // Somebody else may have removed it a moment ago.
      if (!files || (await isThere(files.directories.root))) return files
      await files.release()
      return undefined
    }),
  )
  return found.filter(files => files !== undefined)
}

/** Undefined: a living process has them. */
async function holdFiles(home: string, name: string): Promise<ThrowawayFiles | undefined> {
  const locks = join(home, 'locks')
  await mkdir(locks, { recursive: true, mode: 0o700 })
  const lock = join(locks, name)
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const tried = await tryFileLock(lock)
    if (tried.is === 'held') return undefined
    if (tried.is === 'changing') continue
    const directories = clusterDirectories({ POISE_HOME: home }, name)
    return {
      name,
      directories,
      release: tried.release,
      async remove() {
        await rm(directories.root, { recursive: true, force: true })
        await tried.release()
      },
    }
  }
  return undefined
}

/** A lock that changes hands all the time is somebody's. */
const ATTEMPTS_MAX = 10

const THROWAWAY = 'throw-away'

const homeOf = (env: Environment): string => join(stateDirectory(env), THROWAWAY)

/** None for a cluster that has a name of somebody's: its owner may want it again. */
function throwawayHomeOf(networkFile: string): string[] {
  const home = dirname(dirname(dirname(networkFile)))
  return basename(home) === THROWAWAY && clusterDirectories({ POISE_HOME: home }, basename(dirname(networkFile))).network === networkFile ? [home] : []
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
