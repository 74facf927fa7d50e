/**
 * A cluster with real containers that goes with the process that has started it. Nothing of it is in anybody's kubeconfig, and
 * what a killed process has left of one is removed by the next.
 */
import { messageOf } from '../base/error_message.ts'
import type { Log } from '../base/log.ts'
import { claimAddressRanges, claimedNetworkFiles, readRanges } from '../host/address_ranges.ts'
import { clustersDirectory } from '../host/directories.ts'
import { createHost } from '../host/host.ts'
import { createLog, type HostLog } from '../host/log.ts'
import { clusterPlaces } from '../host/node_places.ts'
import { removeNodes } from '../host/remove_nodes.ts'
import { abandonedFiles, makeThrowawayFiles } from '../host/throwaway_directories.ts'
import { startRealCluster, type RealCluster } from './real_cluster.ts'

export interface ThrowawayOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** What its name begins with. */
  readonly purpose: string
  readonly nodeCount: number
  /** Hears of what could not be removed. */
  readonly log: Log
  readonly seed?: string
}

export interface ThrowawayCluster extends RealCluster {
  /** Nothing is left of it. */
  remove(): Promise<void>
}

export async function startThrowawayCluster({ env, purpose, nodeCount, log, seed }: ThrowawayOptions): Promise<ThrowawayCluster> {
  await removeAbandoned(env, log)
  const files = await makeThrowawayFiles(env, purpose)
  const { name, directories } = files
  let ownLog: HostLog | undefined
  try {
    const opened = (ownLog = createLog({ level: 'info', file: directories.log }))
    const cluster = await startRealCluster({
      name,
      directories,
      // Addresses that a cluster of this user has, and will want again, are not taken.
      clustersDirectory: clustersDirectory(env),
      runtime: { is: 'containerd' },
      store: 'memory',
      port: 0,
      nodeCount,
      log: opened,
      ...(seed !== undefined && { seed }),
    })
    let removing: Promise<void> | undefined
    const remove = async () => {
      await cluster.stop()
      await removeNodes({ ranges: cluster.ranges, places: cluster.places, directories, host: cluster.host })
      opened.close()
      await files.remove()
    }
    return { ...cluster, remove: () => (removing ??= remove()) }
  } catch (error) {
    ownLog?.close()
    // What cannot be removed now is left to the next one: why there is no cluster is what has to be told.
    await files.remove().catch(() => files.release())
    throw error
  }
}

/** What is left of clusters whose process was killed, wherever it had its files. What cannot be removed is told, and stays for the next. */
async function removeAbandoned(env: ThrowawayOptions['env'], log: Log): Promise<void> {
  for (const files of await abandonedFiles(env, await claimedNetworkFiles())) {
    const { name, directories } = files
    try {
      // Without addresses nothing had been started yet.
      if (await readRanges(directories.network)) {
        // Rejects when another cluster has had its addresses since: that one's network must stay.
        const ranges = await claimAddressRanges(clustersDirectory(env), directories.network)
        await removeNodes({ ranges, places: clusterPlaces(name, ranges, directories), directories, host: createHost({ log }) })
      }
      await files.remove()
    } catch (error) {
      log.error('a throw-away cluster of a killed process could not be removed', { name, directory: directories.root, why: messageOf(error) })
      await files.release()
    }
  }
}
