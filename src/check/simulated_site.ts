/** A check without real containers, in real time: a throw-away cluster of this process. It needs no root and nothing installed. */
import type { Log } from '../base/log.ts'
import { clusterDirectories, clustersDirectory } from '../host/directories.ts'
import { temporaryDirectory } from '../host/temporary_directory.ts'
import { CLUSTER_DOMAIN, startRealCluster } from '../launch/real_cluster.ts'
import { SIMULATED_BLIND_SPOT, simulatedParts } from './simulated_parts.ts'
import type { CheckSite } from './site.ts'

export interface SimulatedSiteOptions {
  readonly nodes?: number
  readonly log: Log
  readonly seed?: string
  /** Why there are no real containers, where nobody asked for simulated ones. */
  readonly because?: string
}

const NODES = 2
const NAME = 'check'

export async function startSimulatedSite({ nodes = NODES, log, seed, because }: SimulatedSiteOptions): Promise<CheckSite> {
  const home = await temporaryDirectory('poise-check-')
  const env = { POISE_HOME: home.path }
  const cluster = await startRealCluster({
    name: NAME,
    directories: clusterDirectories(env, NAME),
    clustersDirectory: clustersDirectory(env),
    runtime: { is: 'simulated' },
    store: 'memory',
    port: 0,
    nodeCount: nodes,
    seed,
    log,
  }).catch(async (error: unknown) => {
    await home.remove()
    throw error
  })
  let closing: Promise<void> | undefined
  const close = () => (closing ??= cluster.stop().then(() => home.remove()))
  try {
    await cluster.nodesReady()
    const { host } = cluster
    const known = cluster.nodes.flatMap(({ name, simulated }) => (simulated ? [{ name, runtime: simulated }] : []))
    return {
      kind: 'simulated',
      description: `${known.length} ${known.length === 1 ? 'node' : 'nodes'}, simulated containers`,
      blindSpots: [...(because === undefined ? [] : [`There are no real containers on this machine: ${because}`]), SIMULATED_BLIND_SPOT],
      kubeconfig: cluster.kubeconfig,
      host: { clock: host.clock, random: host.random.fork('check'), log },
      ...simulatedParts({
        client: cluster.client,
        clock: host.clock,
        random: host.random.fork('check'),
        nodes: known,
        dns: cluster.cluster.dns,
        clusterDomain: CLUSTER_DOMAIN,
      }),
      close,
    }
  } catch (error) {
    await close().catch(() => undefined)
    throw error
  }
}
