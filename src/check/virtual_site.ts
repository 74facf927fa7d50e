/**
 * A check in virtual time: the same control plane, kubelets and proxies over a simulated network, where minutes pass in
 * milliseconds and the same seed gives the same requests, lost and answered.
 *
 * Whoever runs a check here lets time pass: `site.run(runCheck(site, plan))`.
 */
import { CLUSTER_DOMAIN, startVirtualCluster, type VirtualCluster, type VirtualClusterOptions } from '../launch/virtual_cluster.ts'
import type { Pod } from '../api/kinds/pod.ts'
import { CLIENT_ADDRESS, habitsOf, resolveService, simulatedEntrance, targetOf, type SimulatedNode } from './simulated_entrance.ts'
import { startSimulatedLoad } from './simulated_load.ts'
import type { CheckSite } from './site.ts'

export type VirtualSiteOptions = Pick<VirtualClusterOptions, 'seed' | 'nodes' | 'propagationMs' | 'runtime' | 'machine' | 'world'>

export interface VirtualSite extends CheckSite {
  readonly cluster: VirtualCluster
  /** How long the rules of the node that the load comes in at are behind the endpoints, beyond what wire and rules take. */
  readonly propagationMs: number
  /** Lets time pass until the promise is settled, and gives what it holds. */
  run<T>(promise: Promise<T>): Promise<T>
}

const NODES = 2

export async function startVirtualSite({ nodes = NODES, ...options }: VirtualSiteOptions): Promise<VirtualSite> {
  const cluster = await startVirtualCluster({ nodes, ...options })
  const { client, world } = cluster
  const known: SimulatedNode[] = [...cluster.nodes.values()].map(({ name, runtime, address }) => ({ name, runtime, address }))
  // The first node: where nothing else is said, its rules are those that requests come by.
  const entrance = known[0]!
  const { clock, random, log } = world.host('check')
  const network = entrance.runtime.fabric.attach({ clock, random: random.fork('load'), localAddress: CLIENT_ADDRESS, routes: entrance.runtime.serviceRoutes })
  let closed: Promise<void> | undefined

  return {
    kind: 'virtual',
    description: `${known.length} ${known.length === 1 ? 'node' : 'nodes'} in virtual time, seed ${options.seed}`,
    blindSpots: ['Containers are models of what the images hold: what a real program does with signals and connections is as told, and not seen.'],
    client,
    host: { clock, random, log },
    cluster,
    propagationMs: cluster.nodes.get(entrance.name)!.propagationMs,
    run: promise => cluster.run(promise),
    entranceTo: async target => simulatedEntrance(target, entrance, CLUSTER_DOMAIN),
    startLoad: async loadOptions =>
      startSimulatedLoad(
        {
          clock,
          network,
          service: targetOf(loadOptions.entrance.url),
          resolve: () => resolveService(cluster.cluster.dns, CLUSTER_DOMAIN, loadOptions.target),
        },
        loadOptions,
      ),
    timelines: async () => [],
    signalHabits: async (pods: readonly Pod[]) => habitsOf(known, new Set(pods.map(({ metadata }) => metadata.uid ?? ''))),
    close: () => (closed ??= cluster.stop()),
  }
}
