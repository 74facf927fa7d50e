/** One node with what its Pods have asked for. */
import { deepEqual } from '../api/deep.ts'
import type { HostPort } from '../api/pod.ts'
import { resourceAmounts } from '../api/resources.ts'
import type { Node } from '../api/kinds/node.ts'
import type { PodDemand } from './demand.ts'

export interface NodeInfo {
  readonly node: Node
  /** CPU in milli-cores, everything else in whole units. */
  readonly allocatable: ReadonlyMap<string, number>
  readonly requested: ReadonlyMap<string, number>
  readonly nonZeroRequested: { readonly cpu: number; readonly memory: number }
  readonly hostPorts: readonly HostPort[]
  /** By uid. */
  readonly pods: ReadonlyMap<string, PodDemand>
}

export interface KeptNodeInfo extends NodeInfo {
  node: Node
  allocatable: Map<string, number>
  readonly requested: Map<string, number>
  readonly nonZeroRequested: { cpu: number; memory: number }
  readonly hostPorts: HostPort[]
  readonly pods: Map<string, PodDemand>
}

export const createNodeInfo = (node: Node): KeptNodeInfo => ({
  node,
  allocatable: resourceAmounts(node.status?.allocatable),
  requested: new Map(),
  nonZeroRequested: { cpu: 0, memory: 0 },
  hostPorts: [],
  pods: new Map(),
})

export function countPod(info: KeptNodeInfo, demand: PodDemand): void {
  info.pods.set(demand.pod.metadata.uid!, demand)
  changeSums(info, demand, 1)
  info.hostPorts.push(...demand.hostPorts)
}

export function discountPod(info: KeptNodeInfo, demand: PodDemand): void {
  info.pods.delete(demand.pod.metadata.uid!)
  changeSums(info, demand, -1)
  for (const { ip, protocol, port } of demand.hostPorts) {
    // One of them only: Pods that were put on the node by name may share a port.
    const at = info.hostPorts.findIndex(taken => taken.port === port && taken.protocol === protocol && taken.ip === ip)
    info.hostPorts.splice(at, 1)
  }
}

function changeSums({ requested, nonZeroRequested }: KeptNodeInfo, { requests, nonZero }: PodDemand, sign: 1 | -1): void {
  for (const [resource, amount] of requests) requested.set(resource, (requested.get(resource) ?? 0) + sign * amount)
  nonZeroRequested.cpu += sign * nonZero.cpu
  nonZeroRequested.memory += sign * nonZero.memory
}

/** Whether the node has changed in what decides which Pods it takes. Its conditions do not: taints stand for them. */
export const decidesOtherwise = (a: Node, b: Node): boolean =>
  Boolean(a.spec?.unschedulable) !== Boolean(b.spec?.unschedulable) ||
  selectsOtherwise(a, b) ||
  !deepEqual(a.status?.allocatable ?? {}, b.status?.allocatable ?? {})

/** Whether selectors of nodes, and what is counted over them, see a difference. */
export const selectsOtherwise = (a: Node, b: Node): boolean =>
  !deepEqual(a.spec?.taints ?? [], b.spec?.taints ?? []) || !deepEqual(a.metadata.labels ?? {}, b.metadata.labels ?? {})

/** One of each zone in turn, so that those looked at in a large cluster, which are not all, are of all zones. */
export function acrossZones<T extends NodeInfo>(infos: Iterable<T>): T[] {
  const zones = new Map<string, T[]>()
  for (const info of infos) {
    const { labels = {} } = info.node.metadata
    const zone = `${labels['topology.kubernetes.io/region'] ?? ''}/${labels['topology.kubernetes.io/zone'] ?? ''}`
    const others = zones.get(zone)
    if (others) others.push(info)
    else zones.set(zone, [info])
  }
  const lists = [...zones.values()]
  const longest = lists.reduce((most, { length }) => Math.max(most, length), 0)
  const taken: T[] = []
  for (let turn = 0; turn < longest; turn++) for (const list of lists) if (turn < list.length) taken.push(list[turn]!)
  return taken
}
