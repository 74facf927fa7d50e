/**
 * The cluster as one decision sees it: each node with what its Pods have asked for.
 *
 * Kept up to date change by change, so that a decision among many nodes costs no recount. A Pod that has been
 * given a node but whose binding the cache has not seen yet is counted too (it is assumed), or two Pods would be
 * given the same last place.
 */
import { hostPortsOf, isTerminal, type HostPort } from '../api/pod.ts'
import { podRequests, type ResourceAmounts } from '../api/resources.ts'
import { quantityMilli, quantityValue } from '../api/quantity.ts'
import type { Node } from '../api/kinds/node.ts'
import type { Pod } from '../api/kinds/pod.ts'

export interface NodeInfo {
  readonly node: Node
  /** CPU in milli-cores, everything else in whole units. */
  readonly allocatable: ReadonlyMap<string, number>
  readonly requested: ReadonlyMap<string, number>
  /** Requested CPU and memory where a container that asks for nothing counts as a small one: for spreading only. */
  readonly nonZeroRequested: { readonly cpu: number; readonly memory: number }
  readonly podCount: number
  readonly hostPorts: readonly HostPort[]
}

export interface Snapshot {
  readonly nodes: readonly NodeInfo[]
}

interface MutableNodeInfo {
  node: Node
  allocatable: Map<string, number>
  requested: Map<string, number>
  nonZeroRequested: { cpu: number; memory: number }
  podCount: number
  hostPorts: HostPort[]
}

export interface SnapshotKeeper {
  setNode(name: string, node: Node | undefined): void
  /** A Pod as the API shows it, or undefined when it is gone. */
  setPod(uid: string, pod: Pod | undefined): void
  assume(pod: Pod, nodeName: string): void
  forget(uid: string): void
  snapshot(): Snapshot
}

/** Requests that the scores count for a container that names none. */
const NON_ZERO = { cpu: 100, memory: 200 * 1024 * 1024 }

export function createSnapshotKeeper(): SnapshotKeeper {
  const nodes = new Map<string, MutableNodeInfo>()
  /** Where each Pod is counted; Pods of nodes that are not known yet wait here too. */
  const placed = new Map<string, { pod: Pod; nodeName: string; assumed: boolean }>()

  const place = (pod: Pod, nodeName: string, assumed: boolean) => {
    const uid = pod.metadata.uid!
    remove(uid)
    placed.set(uid, { pod, nodeName, assumed })
    const info = nodes.get(nodeName)
    if (info) count(info, pod, 1)
  }
  const remove = (uid: string) => {
    const place = placed.get(uid)
    if (!place) return
    placed.delete(uid)
    const info = nodes.get(place.nodeName)
    if (info) count(info, place.pod, -1)
  }

  return {
    setNode(name, node) {
      if (!node) return void nodes.delete(name)
      const known = nodes.get(name)
      const allocatable = amounts(node.status?.allocatable ?? {})
      if (known) {
        known.node = node
        known.allocatable = allocatable
        return
      }
      const info: MutableNodeInfo = { node, allocatable, requested: new Map(), nonZeroRequested: { cpu: 0, memory: 0 }, podCount: 0, hostPorts: [] }
      nodes.set(name, info)
      for (const { pod, nodeName } of placed.values()) if (nodeName === name) count(info, pod, 1)
    },
    setPod(uid, pod) {
      if (pod && pod.spec.nodeName && !isTerminal(pod)) place(pod, pod.spec.nodeName, false)
      else if (!pod || !placed.get(uid)?.assumed || isTerminal(pod)) remove(uid)
    },
    assume: (pod, nodeName) => place(pod, nodeName, true),
    forget(uid) {
      if (placed.get(uid)?.assumed) remove(uid)
    },
    snapshot: () => ({ nodes: [...nodes.values()] }),
  }
}

function count(info: MutableNodeInfo, pod: Pod, sign: 1 | -1): void {
  const requests = podRequests(pod)
  for (const [resource, amount] of requests) info.requested.set(resource, (info.requested.get(resource) ?? 0) + sign * amount)
  const nonZero = nonZeroRequests(requests)
  info.nonZeroRequested.cpu += sign * nonZero.cpu
  info.nonZeroRequested.memory += sign * nonZero.memory
  info.podCount += sign
  const ports = hostPortsOf(pod)
  if (ports.length === 0) return
  if (sign === 1) info.hostPorts.push(...ports)
  else info.hostPorts = info.hostPorts.filter(port => !ports.some(own => own.port === port.port && own.protocol === port.protocol && own.ip === port.ip))
}

export const nonZeroRequests = (requests: ResourceAmounts): { cpu: number; memory: number } => ({
  cpu: requests.get('cpu') ?? NON_ZERO.cpu,
  memory: requests.get('memory') ?? NON_ZERO.memory,
})

const amounts = (quantities: Record<string, string>): Map<string, number> =>
  new Map(Object.entries(quantities).map(([name, text]) => [name, name === 'cpu' ? quantityMilli(text) : quantityValue(text)]))
