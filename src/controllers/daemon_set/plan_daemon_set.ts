/**
 * On which nodes a DaemonSet makes a Pod, and which Pods it deletes (behaviour 8.3). Decides and touches nothing.
 *
 *   planNodes:  each node that shall have the Pod has one, and no other node has any
 *   planUpdate: only when that is so, and no more nodes at a time than the strategy allows
 */
import type { Node } from '../../api/kinds/node.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { DaemonSet } from '../../api/kinds/daemon_set.ts'
import { resolveIntOrPercent } from '../../api/int_or_percent.ts'
import { isAvailable, isDeleting, isReady, isTerminal } from '../../api/pod.ts'
import type { Millis } from '../../base/clock.ts'
import { hashOf, nodeOf, type Verdict } from './daemon_pods.ts'

export interface NodeView {
  readonly name: string
  readonly verdict: Verdict
  /** The oldest first; those on their way out too. */
  readonly pods: readonly Pod[]
}

/** By name, so that the order does not depend on who was seen first. Pods of nodes that are gone are the Pod garbage collector's. */
export function viewNodes(nodes: readonly Node[], pods: readonly Pod[], verdictOf: (node: Node) => Verdict): NodeView[] {
  const byNode = new Map<string, Pod[]>()
  for (const pod of pods) {
    const name = nodeOf(pod)
    if (name === undefined || (isTerminal(pod) && isDeleting(pod))) continue
    byNode.set(name, [...(byNode.get(name) ?? []), pod])
  }
  return nodes
    .map(node => ({ name: node.metadata.name!, verdict: verdictOf(node), pods: (byNode.get(node.metadata.name!) ?? []).sort(oldestFirst) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Made for a node that has gone before they could get there. */
export function strayPods(nodes: readonly Node[], pods: readonly Pod[]): Pod[] {
  const names = new Set(nodes.map(({ metadata }) => metadata.name))
  return pods.filter(pod => !pod.spec.nodeName && !isDeleting(pod) && !names.has(nodeOf(pod)))
}

/** Who has a node already, then who was made first. */
function oldestFirst(a: Pod, b: Pod): number {
  const difference = Number(!a.spec.nodeName) - Number(!b.spec.nodeName)
  const [first, second] = [a, b].map(({ metadata }) => `${metadata.creationTimestamp} ${metadata.name}`)
  return difference || (first! < second! ? -1 : 1)
}

export interface Observed {
  readonly set: DaemonSet
  readonly nodes: readonly NodeView[]
  /** Of the revision that the template is of. */
  readonly hash: string
  readonly wallMs: Millis
}

export interface Changes {
  /** Names of nodes. */
  readonly create: readonly string[]
  readonly remove: readonly Removal[]
}

export interface Removal {
  readonly pod: Pod
  readonly node: string
  readonly why: 'failed' | 'succeeded' | 'unwanted' | 'outdated'
}

/** As many changes as are made in one pass, so that a large cluster is not flooded. */
const BURST_MAX = 250

/**
 * @param isWaiting whether the Pod of this node has failed so recently that it is left for now
 */
export function planNodes({ set, nodes, hash, wallMs }: Observed, isWaiting: (node: string) => boolean): Changes {
  const create: string[] = []
  const remove: Removal[] = []
  for (const { name, verdict, pods } of nodes) {
    if (verdict === 'run' && pods.length === 0) create.push(name)
    const staying = pods.filter(pod => !isDeleting(pod))
    if (verdict === 'go') {
      remove.push(...staying.map((pod): Removal => ({ pod, node: name, why: 'unwanted' })))
      continue
    }
    const ended = staying.filter(isTerminal)
    if (!isWaiting(name)) remove.push(...ended.map((pod): Removal => ({ pod, node: name, why: pod.status.phase === 'Failed' ? 'failed' : 'succeeded' })))
    const running = staying.filter(pod => !isTerminal(pod))
    const tooMany = maxSurgeOf(set, nodes) > 0 ? tooManyInSurge(set, running, hash, wallMs) : running.slice(1)
    remove.push(...tooMany.map((pod): Removal => ({ pod, node: name, why: 'unwanted' })))
  }
  return { create: create.slice(0, BURST_MAX), remove: remove.slice(0, BURST_MAX) }
}

/** One of each revision may run side by side until the new one is available, or the old one is not ready any more. */
function tooManyInSurge({ spec }: DaemonSet, running: readonly Pod[], hash: string, wallMs: Millis): Pod[] {
  const [fresh, ...otherFresh] = running.filter(pod => hashOf(pod) === hash)
  const [old, ...otherOld] = running.filter(pod => hashOf(pod) !== hash)
  const isOver = fresh && old && (!isReady(old) || isAvailable(fresh, spec.minReadySeconds ?? 0, wallMs))
  return [...otherFresh, ...otherOld, ...(isOver ? [old] : [])]
}

/** What a rolling update does next. Nothing, when Pods are replaced only after somebody has deleted them. */
export function planUpdate(observed: Observed): Changes {
  if (observed.set.spec.updateStrategy.type !== 'RollingUpdate') return NOTHING
  const wanted = observed.nodes.filter(({ verdict, pods }) => verdict === 'run' || (verdict === 'stay' && pods.length > 0))
  const surge = maxSurgeOf(observed.set, observed.nodes)
  return surge > 0 ? planSurge(observed, wanted, surge) : planReplacements(observed, wanted)
}

const NOTHING: Changes = { create: [], remove: [] }

/** Who is not available already is replaced first: that takes nothing away. Of the others as many as may be missing. */
function planReplacements({ set, hash, nodes, wallMs }: Observed, wanted: readonly NodeView[]): Changes {
  const isUp = (pod: Pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, wallMs)
  const missing: Removal[] = []
  const candidates: Removal[] = []
  let unavailable = 0
  for (const { name, pods } of wanted) {
    const running = pods.filter(pod => !isDeleting(pod))
    const [pod] = running
    if (running.length !== 1 || !isUp(pod!)) unavailable++
    if (running.length !== 1 || isTerminal(pod!) || hashOf(pod!) === hash) continue
    const removal: Removal = { pod: pod!, node: name, why: 'outdated' }
    if (isUp(pod!)) candidates.push(removal)
    else missing.push(removal)
  }
  const allowed = Math.max(0, maxUnavailableOf(set, nodes) - unavailable)
  return { create: [], remove: [...missing, ...candidates.slice(0, allowed)].slice(0, BURST_MAX) }
}

/** The new Pod comes first. Where the old one is not available it comes besides, since that takes nothing away. */
function planSurge({ set, hash, wallMs }: Observed, wanted: readonly NodeView[], maxSurge: number): Changes {
  const isUp = (pod: Pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, wallMs)
  const missing: string[] = []
  const candidates: string[] = []
  let surging = 0
  for (const { name, verdict, pods } of wanted) {
    const running = pods.filter(pod => !isDeleting(pod) && !isTerminal(pod))
    const fresh = running.find(pod => hashOf(pod) === hash)
    const old = running.find(pod => hashOf(pod) !== hash)
    if (fresh && old) surging++
    if (fresh || !old || verdict !== 'run') continue
    if (isUp(old)) candidates.push(name)
    else missing.push(name)
  }
  const allowed = Math.max(0, maxSurge - surging)
  return { create: [...missing, ...candidates.slice(0, allowed)].slice(0, BURST_MAX), remove: [] }
}

const desiredNodes = (nodes: readonly NodeView[]): number => nodes.filter(({ verdict }) => verdict === 'run').length

function maxSurgeOf({ spec }: DaemonSet, nodes: readonly NodeView[]): number {
  const { type, rollingUpdate } = spec.updateStrategy
  return type === 'RollingUpdate' ? resolveIntOrPercent(rollingUpdate?.maxSurge ?? 0, desiredNodes(nodes), 'up') : 0
}

/** Never none, when nothing may surge either: an update must be able to go on. */
const maxUnavailableOf = ({ spec }: DaemonSet, nodes: readonly NodeView[]): number =>
  Math.max(1, resolveIntOrPercent(spec.updateStrategy.rollingUpdate?.maxUnavailable ?? 1, desiredNodes(nodes), 'up'))
