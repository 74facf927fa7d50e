import type { Host } from '../base/host.ts'
import type { ContainerdOptions } from './containerd/containerd.ts'
import { onNode, type NodePlace } from './node_places.ts'
import { createProcesses } from './processes.ts'

/** The machine as a node on it sees it: programs run in the node's network. */
export function nodeHost<T extends Pick<Host, 'processes' | 'log'>>(host: T, place: Pick<NodePlace, 'name' | 'network'>): T {
  return place.network ? { ...host, processes: createProcesses(onNode(place)), log: host.log.child({ node: place.name }) } : host
}

/** What the containerd of a node is started, found again and removed with. */
export const containerdOptions = (place: NodePlace, host: ContainerdOptions['host']): ContainerdOptions => ({
  stateDirectory: place.containerd,
  podCidr: place.podCidr,
  networkName: place.networkName,
  host: nodeHost(host, place),
  node: place.network && { hostname: place.name, network: place.network },
})
