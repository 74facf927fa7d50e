/** Where throw-away clusters have their files: apart from clusters that have a name of somebody's, and found again when they are left behind. */
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { lockCluster } from './cluster_lock.ts'
import { clusterDirectories, stateDirectory, type ClusterDirectories } from './directories.ts'

type Environment = Readonly<Record<string, string | undefined>>

const homeOf = (env: Environment): string => join(stateDirectory(env), 'throw-away')

/** Of a new one: `check-4f2a`. */
export async function throwawayDirectories(env: Environment, purpose: string): Promise<{ readonly name: string; readonly directories: ClusterDirectories }> {
  const name = `${purpose}-${randomBytes(2).toString('hex')}`
  const directories = clusterDirectories({ POISE_HOME: homeOf(env) }, name)
  await mkdir(directories.root, { recursive: true, mode: 0o700 })
  return { name, directories }
}

export const removeDirectories = ({ root }: ClusterDirectories): Promise<void> => rm(root, { recursive: true, force: true })

/** Those whose process has ended without removing them, each locked until it is released. */
export async function abandonedClusters(
  env: Environment,
): Promise<{ readonly name: string; readonly directories: ClusterDirectories; release(): Promise<void> }[]> {
  const home = { POISE_HOME: homeOf(env) }
  const names = await readdir(join(homeOf(env), 'clusters')).catch(() => [])
  const found = await Promise.all(
    names.map(async name => {
      const directories = clusterDirectories(home, name)
      const lock = await lockCluster(directories).catch(() => undefined)
      return lock ? [{ name, directories, release: lock.release }] : []
    }),
  )
  return found.flat()
}
