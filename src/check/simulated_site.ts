/** A check without real containers, in real time: a throw-away cluster of this process. It needs no root and nothing installed. */
import type { Log } from '../base/log.ts'
import { CLUSTER_DOMAIN } from '../launch/real_cluster.ts'
import { startTemporaryCluster } from '../launch/temporary_cluster.ts'
import { SIMULATED_BLIND_SPOT, simulatedParts } from './simulated_parts.ts'
import type { CheckSite } from './site.ts'
import { plural } from './words.ts'

export interface SimulatedSiteOptions {
  readonly nodes?: number
  readonly log: Log
  readonly seed?: string
  /** Why there are no real containers, where nobody asked for simulated ones. */
  readonly because?: string
}

const NODES = 2

export async function startSimulatedSite({ nodes = NODES, log, seed, because }: SimulatedSiteOptions): Promise<CheckSite> {
  const cluster = await startTemporaryCluster({ name: 'check', nodeCount: nodes, seed, log })
  const { client, host, kubeconfig } = cluster
  const { clock } = host
  const random = host.random.fork('check')
  const known = cluster.nodes.flatMap(({ name, simulated }) => (simulated ? [{ name, runtime: simulated }] : []))
  return {
    kind: 'simulated',
    description: `${plural(known.length, 'node')}, simulated containers`,
    blindSpots: [...(because === undefined ? [] : [`There are no real containers on this machine: ${because}`]), SIMULATED_BLIND_SPOT],
    kubeconfig,
    host: { clock, random, log },
    ...simulatedParts({ client, clock, random, nodes: known, dns: cluster.cluster.dns, clusterDomain: CLUSTER_DOMAIN }),
    close: () => cluster.stop(),
  }
}
