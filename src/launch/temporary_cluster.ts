import { clusterDirectories, clustersDirectory } from '../host/directories.ts'
import { temporaryDirectory } from '../host/temporary_directory.ts'
import { startRealCluster, type RealCluster, type RealClusterOptions } from './real_cluster.ts'

/**
 * A cluster with simulated containers that is gone when it is stopped. Everything it writes is below a directory of its own, so that
 * clusters run side by side and leave nothing behind. Resolves when its nodes are Ready.
 */
export async function startTemporaryCluster(options: Pick<RealClusterOptions, 'name' | 'nodeCount' | 'staticPodPath' | 'seed' | 'log'>): Promise<RealCluster> {
  const { name } = options
  const home = await temporaryDirectory(`poise-${name}-`)
  const env = { POISE_HOME: home.path }
  let cluster: RealCluster | undefined
  try {
    const started = (cluster = await startRealCluster({
      ...options,
      directories: clusterDirectories(env, name),
      clustersDirectory: clustersDirectory(env),
      runtime: { is: 'simulated' },
      store: 'memory',
      port: 0,
    }))
    await started.nodesReady()
    let stopping: Promise<void> | undefined
    return { ...started, stop: how => (stopping ??= started.stop(how).then(() => home.remove())) }
  } catch (error) {
    await cluster?.stop().catch(() => undefined)
    await home.remove()
    throw error
  }
}
