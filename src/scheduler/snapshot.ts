/**
 * The cluster as one decision sees it: each node with what its Pods have asked for.
 *
 * Kept up to date change by change, so that a decision among many nodes costs no recount. A Pod that has been
 * given a node but whose binding the cache has not seen yet is counted too (it is assumed), or two Pods would be
 * given the same last place.
 */
import { deepEqual } from '../api/deep.ts'
import { isTerminal, type HostPort } from '../api/pod.ts'
import { inUseOf, resourceAmounts } from '../api/resources.ts'
import type { Node } from '../api/kinds/node.ts'
import type { Pod } from '../api/kinds/pod.ts'
import { demandOf, type PodDemand } from './demand.ts'

export interface NodeInfo {
  readonly node: Node
  /** CPU in milli-cores, everything else in whole units. */
  readonly allocatable: ReadonlyMap<string, number>
  readonly requested: ReadonlyMap<string, number>
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
  /** True when the node is new, or has changed in what decides which Pods it takes. Its conditions do not: taints stand for them. */
  setNode(name: string, node: Node | undefined): boolean
  /** A Pod as the API shows it, or undefined when it is gone. Answers with the node that has more room now, if one has. */
  setPod(uid: string, pod: Pod | undefined): string | undefined
  assume(demand: PodDemand, nodeName: string): void
  /** Takes an assumption back. Answers with the node it was about. */
  forget(uid: string): string | undefined
  node(name: string): NodeInfo | undefined
  /** Valid until the keeper is told something new. */
  snapshot(): Snapshot
}

interface Place {
  demand: PodDemand
  nodeName: string
  assumed: boolean
}

export function createSnapshotKeeper(): SnapshotKeeper {
  const nodes = new Map<string, MutableNodeInfo>()
  let inOrder: Snapshot | undefined
  /** Where each Pod is counted; Pods of nodes that are not known yet wait here too. */
  const placed = new Map<string, Place>()

  const place = (demand: PodDemand, nodeName: string, assumed: boolean) => {
    const uid = demand.pod.metadata.uid!
    remove(uid)
    placed.set(uid, { demand, nodeName, assumed })
    const info = nodes.get(nodeName)
    if (info) count(info, demand, 1)
  }
  const remove = (uid: string): Place | undefined => {
    const place = placed.get(uid)
    if (!place) return undefined
    placed.delete(uid)
    const info = nodes.get(place.nodeName)
    if (info) count(info, place.demand, -1)
    return place
  }

  return {
    setNode(name, node) {
      if (!node) {
        nodes.delete(name)
        inOrder = undefined
        return false
      }
      const allocatable = resourceAmounts(node.status?.allocatable)
      const known = nodes.get(name)
      if (known) {
        const decides = decidesOtherwise(known.node, node)
        known.node = node
        known.allocatable = allocatable
        return decides
      }
      const info: MutableNodeInfo = { node, allocatable, requested: new Map(), nonZeroRequested: { cpu: 0, memory: 0 }, podCount: 0, hostPorts: [] }
      nodes.set(name, info)
      inOrder = undefined
      for (const { demand, nodeName } of placed.values()) if (nodeName === name) count(info, demand, 1)
      return true
    },
    setPod(uid, pod) {
      const before = placed.get(uid)
      if (!pod || isTerminal(pod)) return remove(uid)?.nodeName
      if (!pod.spec.nodeName) return undefined
      if (before && before.nodeName === pod.spec.nodeName && asksForTheSame(before.demand.pod, pod)) {
        before.assumed = false
        return undefined
      }
      const demand = demandOf(pod)
      place(demand, pod.spec.nodeName, false)
      const isLess =
        before &&
        (before.nodeName !== pod.spec.nodeName || [...before.demand.requests].some(([resource, amount]) => (demand.requests.get(resource) ?? 0) < amount))
      return isLess ? before.nodeName : undefined
    },
    assume: (demand, nodeName) => place(demand, nodeName, true),
    forget: uid => (placed.get(uid)?.assumed ? remove(uid)?.nodeName : undefined),
    node: name => nodes.get(name),
    snapshot: () => (inOrder ??= { nodes: [...nodes.values()] }),
  }
}

function count(info: MutableNodeInfo, { requests, nonZero, hostPorts }: PodDemand, sign: 1 | -1): void {
  for (const [resource, amount] of requests) info.requested.set(resource, (info.requested.get(resource) ?? 0) + sign * amount)
  info.nonZeroRequested.cpu += sign * nonZero.cpu
  info.nonZeroRequested.memory += sign * nonZero.memory
  info.podCount += sign
  for (const port of hostPorts) {
    if (sign === 1) info.hostPorts.push(port)
    // One of them only: Pods that were put on the node by name may share a port.
    else
      info.hostPorts.splice(
        info.hostPorts.findIndex(taken => taken.port === port.port && taken.protocol === port.protocol && taken.ip === port.ip),
        1,
      )
  }
}

/** Requests can be changed while the Pod runs (the resize subresource), and what it was given follows; nothing else that is counted changes. */
const asksForTheSame = ({ spec: a, status: before }: Pod, { spec: b, status: now }: Pod): boolean =>
  deepEqual(a.containers, b.containers) &&
  deepEqual(a.initContainers, b.initContainers) &&
  deepEqual(a.resources, b.resources) &&
  deepEqual(inUseOf(before), inUseOf(now))

const decidesOtherwise = (a: Node, b: Node): boolean =>
  Boolean(a.spec?.unschedulable) !== Boolean(b.spec?.unschedulable) ||
  !deepEqual(a.spec?.taints ?? [], b.spec?.taints ?? []) ||
  !deepEqual(a.metadata.labels ?? {}, b.metadata.labels ?? {}) ||
  !deepEqual(a.status?.allocatable ?? {}, b.status?.allocatable ?? {})
