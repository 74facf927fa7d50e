/** `startCluster()`: a cluster for a test, gone when the test is over. */
import type { Client } from '../client/client.ts'
import { temporaryDirectory } from '../host/temporary_directory.ts'
import { clusterDirectories, clustersDirectory } from '../host/directories.ts'
import { connectionOf, type ClusterConnection } from '../host/kubeconfig.ts'
import { createLog } from '../host/log.ts'
import { startRealCluster } from './real_cluster.ts'
import { startVirtualCluster, type VirtualCluster, type VirtualClusterOptions } from './virtual_cluster.ts'

export interface StartClusterOptions {
  /** Real time (the default): a server on a free loopback port that kubectl and every client library can talk to. */
  readonly time?: 'real'
  /** Containers are simulated: no root is needed and an image need not exist. */
  readonly runtime?: 'simulated'
  /** Default: 1. They are `test` if there is one, and `test-1`, `test-2` … otherwise. */
  readonly nodes?: number
  /** Absolute: manifests of static Pods, for every node. Default: a directory that goes with the cluster, see `staticPodPath` of what is started. */
  readonly staticPodPath?: string
  /** Makes names, back-offs and simulated latencies repeatable. */
  readonly seed?: string
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error'
}

export interface TestCluster {
  /** `https://127.0.0.1:port` */
  readonly server: string
  /** The administrator's, as text: for kubectl, or `loadFromString` of @kubernetes/client-node. */
  readonly kubeconfig: string
  /** The same as an object: server, certificates and key in PEM. */
  readonly connection: ClusterConnection
  /** Poise's own typed client. */
  readonly client: Client
  /** A manifest put into this directory becomes a static Pod of the first node. */
  readonly staticPodPath: string
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export function startCluster(options: VirtualClusterOptions & { time: 'virtual' }): Promise<VirtualCluster>
export function startCluster(options?: StartClusterOptions): Promise<TestCluster>
export async function startCluster(options: StartClusterOptions | (VirtualClusterOptions & { time: 'virtual' }) = {}): Promise<TestCluster | VirtualCluster> {
  return options.time === 'virtual' ? startVirtualCluster(options) : startTestCluster(options)
}

/** Everything it writes is below a directory of its own, so that clusters run side by side and leave nothing behind. */
async function startTestCluster({ seed, nodes = 1, staticPodPath, logLevel = 'warn' }: StartClusterOptions): Promise<TestCluster> {
  const home = await temporaryDirectory('poise-')
  const env = { POISE_HOME: home.path }
  try {
    const cluster = await startRealCluster({
      name: 'test',
      directories: clusterDirectories(env, 'test'),
      clustersDirectory: clustersDirectory(env),
      runtime: { is: 'simulated' },
      store: 'memory',
      port: 0,
      nodeCount: nodes,
      seed,
      staticPodPath,
      log: createLog({ level: logLevel }),
    })
    await cluster.nodesReady()
    let stopping: Promise<void> | undefined
    const stop = () => (stopping ??= cluster.stop().then(() => home.remove()))
    return {
      server: cluster.server,
      kubeconfig: cluster.kubeconfig,
      client: cluster.client,
      staticPodPath: cluster.nodes[0]!.staticPodPath,
      connection: connectionOf(cluster.kubeconfig),
      stop,
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await home.remove()
    throw error
  }
}
