/**
 * The cluster as one decision sees it: each node with what its Pods have asked for, and who is where.
 *
 * Kept up to date change by change, so that a decision among many nodes costs no recount. A Pod that has been
 * given a node but whose binding the cache has not seen yet is counted too (it is assumed), or two Pods would be
 * given the same last place.
 */
import { deepEqual } from '../api/deep.ts'
import { isDeleting, isTerminal } from '../api/pod.ts'
import { inUseOf, resourceAmounts } from '../api/resources.ts'
import type { Node } from '../api/kinds/node.ts'
import type { Pod } from '../api/kinds/pod.ts'
import type { NamespaceLabels } from './affinity_terms.ts'
import { demandOf, type PodDemand } from './demand.ts'
import { createNodeImages, type NodeImages } from './node_images.ts'
import { acrossZones, countPod, createNodeInfo, decidesOtherwise, discountPod, selectsOtherwise, type KeptNodeInfo, type NodeInfo } from './node_info.ts'
import { createPodIndex, type PodIndex } from './pod_index.ts'
import { NO_VOLUMES, type VolumeCatalog } from './volumes.ts'

export interface Snapshot {
  readonly nodes: readonly NodeInfo[]
  node(name: string): NodeInfo | undefined
  readonly pods: PodIndex
  readonly images: NodeImages
  readonly volumes: VolumeCatalog
  /** Pods that others were pushed out for on this node, and that have not come yet. */
  nominatedOn(nodeName: string): readonly PodDemand[]
  /** The node on which room is kept for this Pod. */
  nominationOf(uid: string): string | undefined
  /** What would be if other Pods ran on the node. Afterwards everything is as before. */
  tryOut<T>(nodeName: string, attempt: (trial: Trial) => T): T
}

export interface Trial {
  add(demand: PodDemand): void
  remove(demand: PodDemand): void
}

export interface Placement {
  readonly demand: PodDemand
  readonly nodeName: string
}

/** A Pod that now counts on a node, no longer does, or counts otherwise. */
export interface PodMove {
  readonly before: Placement | undefined
  readonly after: Placement | undefined
}

export interface SnapshotKeeper {
  /** True when the node is new, or has changed in what decides which Pods it takes. */
  setNode(name: string, node: Node | undefined): boolean
  /** A Pod as the API shows it, or undefined when it is gone. Nothing if that is no news. */
  setPod(uid: string, pod: Pod | undefined): PodMove | undefined
  assume(demand: PodDemand, nodeName: string): void
  /** Takes an assumption back. */
  forget(uid: string): PodMove | undefined
  /** Keeps room for a Pod from Pods of lower priority, or from nobody any more. */
  nominate(demand: PodDemand, nodeName: string | undefined): void
  nominationOf(uid: string): string | undefined
  namespacesChanged(): void
  node(name: string): NodeInfo | undefined
  /** Valid until the keeper is told something new. */
  snapshot(): Snapshot
}

interface KeptPlacement extends Placement {
  isAssumed: boolean
}

export function createSnapshotKeeper(namespaceLabels: NamespaceLabels = () => undefined, volumes: VolumeCatalog = NO_VOLUMES): SnapshotKeeper {
  const nodes = new Map<string, KeptNodeInfo>()
  const images = createNodeImages()
  const index = createPodIndex(nodes, namespaceLabels)
  const placed = new Map<string, KeptPlacement>()
  /** Pods of nodes that are not known, by the name of the node. */
  const homeless = new Map<string, Map<string, PodDemand>>()
  const nominated = new Map<string, Placement>()
  let inOrder: readonly NodeInfo[] | undefined

  const add = (demand: PodDemand, nodeName: string) => {
    const info = nodes.get(nodeName)
    if (info) {
      countPod(info, demand)
      index.addPod(demand, info.node)
    } else homeless.set(nodeName, (homeless.get(nodeName) ?? new Map<string, PodDemand>()).set(demand.pod.metadata.uid!, demand))
  }
  const take = (demand: PodDemand, nodeName: string) => {
    const info = nodes.get(nodeName)
    if (info) {
      discountPod(info, demand)
      index.removePod(demand, info.node)
      return
    }
    const others = homeless.get(nodeName)
    others?.delete(demand.pod.metadata.uid!)
    if (others?.size === 0) homeless.delete(nodeName)
  }
  const remove = (uid: string): Placement | undefined => {
    const before = placed.get(uid)
    if (!before) return undefined
    placed.delete(uid)
    take(before.demand, before.nodeName)
    return before
  }
  const place = (demand: PodDemand, nodeName: string, isAssumed: boolean): PodMove => {
    const before = remove(demand.pod.metadata.uid!)
    const after = { demand, nodeName, isAssumed }
    placed.set(demand.pod.metadata.uid!, after)
    add(demand, nodeName)
    return { before, after }
  }
  /** The same Pods on another version of the node, or on none. */
  const replaceNode = (name: string, node: Node | undefined) => {
    const info = nodes.get(name)
    const pods = [...(info?.pods ?? homeless.get(name) ?? new Map<string, PodDemand>()).values()]
    for (const demand of pods) take(demand, name)
    if (info) index.removeNode(info.node)
    if (node) {
      nodes.set(name, createNodeInfo(node))
      index.addNode(node)
    } else nodes.delete(name)
    for (const demand of pods) add(demand, name)
    inOrder = undefined
  }

  const nominationOf = (uid: string) => nominated.get(uid)?.nodeName
  const snapshot: Snapshot = {
    // Sorted when somebody looks: while a large cluster starts nobody does.
    get nodes() {
      return (inOrder ??= acrossZones(nodes.values()))
    },
    node: name => nodes.get(name),
    pods: index,
    images,
    volumes,
    nominationOf,
    nominatedOn: nodeName => (nominated.size === 0 ? [] : [...nominated.values()].filter(one => one.nodeName === nodeName).map(({ demand }) => demand)),
    tryOut(nodeName, attempt) {
      const undo: (() => void)[] = []
      const trial: Trial = {
        add(demand) {
          add(demand, nodeName)
          undo.push(() => take(demand, nodeName))
        },
        remove(demand) {
          take(demand, nodeName)
          undo.push(() => add(demand, nodeName))
        },
      }
      try {
        return attempt(trial)
      } finally {
        for (const back of undo.reverse()) back()
      }
    },
  }

  return {
    setNode(name, node) {
      const known = nodes.get(name)
      images.setNode(name, known?.node, node)
      if (!node || !known || selectsOtherwise(known.node, node)) {
        if (node || known) replaceNode(name, node)
        return node !== undefined
      }
      const decides = decidesOtherwise(known.node, node)
      known.node = node
      if (decides) known.allocatable = resourceAmounts(node.status?.allocatable)
      return decides
    },
    setPod(uid, pod) {
      const before = placed.get(uid)
      if (!pod || isTerminal(pod)) {
        nominated.delete(uid)
        return before && { before: remove(uid), after: undefined }
      }
      if (!pod.spec.nodeName) return undefined
      nominated.delete(uid)
      if (before && before.nodeName === pod.spec.nodeName && isCountedTheSame(before.demand.pod, pod)) {
        if (!before.isAssumed) return undefined
        before.isAssumed = false
        return { before: undefined, after: before }
      }
      return place(demandOf(pod), pod.spec.nodeName, false)
    },
    assume(demand, nodeName) {
      nominated.delete(demand.pod.metadata.uid!)
      place(demand, nodeName, true)
    },
    forget: uid => (placed.get(uid)?.isAssumed ? { before: remove(uid), after: undefined } : undefined),
    nominate(demand, nodeName) {
      if (nodeName === undefined) nominated.delete(demand.pod.metadata.uid!)
      else nominated.set(demand.pod.metadata.uid!, { demand, nodeName })
    },
    nominationOf,
    namespacesChanged: () => index.namespacesChanged(),
    node: name => nodes.get(name),
    snapshot() {
      index.sweep()
      return snapshot
    },
  }
}

/** Requests can be changed while the Pod runs (the resize subresource), and what it was given follows; labels can be, and it can be on its way out. */
const isCountedTheSame = (a: Pod, b: Pod): boolean =>
  isDeleting(a) === isDeleting(b) &&
  deepEqual(a.metadata.labels, b.metadata.labels) &&
  deepEqual(a.spec.containers, b.spec.containers) &&
  deepEqual(a.spec.initContainers, b.spec.initContainers) &&
  deepEqual(a.spec.resources, b.spec.resources) &&
  deepEqual(inUseOf(a.status), inUseOf(b.status))
