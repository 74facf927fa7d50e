/** `startCluster()`: a cluster for a test, gone when the test is over. */
import type { Client } from '../client/client.ts'
import { connectionOf, type ClusterConnection } from '../host/kubeconfig.ts'
import { createLog } from '../host/log.ts'
import { startTemporaryCluster } from './temporary_cluster.ts'
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

async function startTestCluster({ seed, nodes = 1, staticPodPath, logLevel = 'warn' }: StartClusterOptions): Promise<TestCluster> {
  const cluster = await startTemporaryCluster({ name: 'test', nodeCount: nodes, seed, staticPodPath, log: createLog({ level: logLevel }) })
  const stop = () => cluster.stop()
  return {
    server: cluster.server,
    kubeconfig: cluster.kubeconfig,
    client: cluster.client,
    staticPodPath: cluster.nodes[0]!.staticPodPath,
    connection: connectionOf(cluster.kubeconfig),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
