/** What the two sites with simulated containers have in common: how the load goes in, and what is seen of the containers. */
import type { Pod } from '../api/kinds/pod.ts'
import { PodTimeline } from '../api/kinds/pod_timeline.ts'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Client } from '../client/client.ts'
import type { DnsView } from '../network/dns/records.ts'
import { CLIENT_ADDRESS, habitsOf, resolveService, simulatedEntrance, targetOf, type SimulatedNode } from './simulated_entrance.ts'
import { startSimulatedLoad } from './simulated_load.ts'
import type { CheckSite } from './site.ts'

export interface SimulatedParts {
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly nodes: readonly SimulatedNode[]
  readonly dns: DnsView
  readonly clusterDomain: string
}

export const SIMULATED_BLIND_SPOT =
  'Containers are simulated: they do what the models of their images say, and not what a real program does with signals and connections.'

/** The client is on the first node: where nothing else is said, that node's rules decide where requests go. */
export function simulatedParts({
  client,
  clock,
  random,
  nodes,
  dns,
  clusterDomain,
}: SimulatedParts): Pick<CheckSite, 'client' | 'entranceTo' | 'startLoad' | 'timelines' | 'signalHabits'> {
  const [first] = nodes
  if (!first) throw new Error('a simulated site needs a node')
  const { fabric, serviceRoutes } = first.runtime
  const network = fabric.attach({ clock, random: random.fork('load'), localAddress: CLIENT_ADDRESS, routes: serviceRoutes })
  return {
    client,
    entranceTo: async target => simulatedEntrance(target, first, clusterDomain),
    startLoad: async options =>
      startSimulatedLoad(
        {
          clock,
          network,
          service: options.entrance.through === 'headless' ? undefined : targetOf(options.entrance.url),
          resolve: () => resolveService(dns, clusterDomain, options.target),
        },
        options,
      ),
    timelines: async namespace => (await client.list(PodTimeline, { namespace })).items,
    signalHabits: async (pods: readonly Pod[]) => habitsOf(nodes, new Set(pods.map(({ metadata }) => metadata.uid ?? ''))),
  }
}
