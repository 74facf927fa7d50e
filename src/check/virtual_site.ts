/**
 * A check in virtual time: the same control plane, kubelets and proxies over a simulated network, where minutes pass in
 * milliseconds and the same seed gives the same requests, lost and answered.
 *
 * Whoever runs a check here lets time pass: `site.run(runCheck(site, plan))`.
 */
import type { Millis } from '../base/clock.ts'
import { CLUSTER_DOMAIN, startVirtualCluster, type VirtualCluster, type VirtualClusterOptions } from '../launch/virtual_cluster.ts'
import { SIMULATED_BLIND_SPOT, simulatedParts } from './simulated_parts.ts'
import type { CheckSite } from './site.ts'
import { plural } from './words.ts'

export type VirtualSiteOptions = Pick<VirtualClusterOptions, 'seed' | 'nodes' | 'propagationMs' | 'runtime' | 'machine' | 'world'>

export interface VirtualSite extends CheckSite {
  readonly cluster: VirtualCluster
  /** How far the rules of the node that the load comes in at are behind the endpoints, beyond what wire and rules take. */
  readonly propagationMs: Millis
  /** Lets time pass until the promise is settled, and gives what it holds. */
  run<T>(promise: Promise<T>): Promise<T>
}

const NODES = 2

export async function startVirtualSite({ nodes = NODES, ...options }: VirtualSiteOptions): Promise<VirtualSite> {
  const cluster = await startVirtualCluster({ nodes, ...options })
  const known = [...cluster.nodes.values()]
  const { clock, random, log } = cluster.world.host('check')
  let closed: Promise<void> | undefined
  return {
    kind: 'virtual',
    description: `${plural(known.length, 'node')} in virtual time, seed ${options.seed}`,
    blindSpots: [SIMULATED_BLIND_SPOT],
    host: { clock, random, log },
    cluster,
    propagationMs: known[0]!.propagationMs,
    run: promise => cluster.run(promise),
    ...simulatedParts({ client: cluster.client, clock, random, nodes: known, dns: cluster.cluster.dns, clusterDomain: CLUSTER_DOMAIN }),
    close: () => (closed ??= cluster.stop()),
  }
}
