/**
 * Can this Pod run on this node? Each filter answers with the reasons why not, in Kubernetes' words;
 * the first filter that objects speaks for the node.
 */
import { hostPortsConflict, keepsPodsAway, matchesNodeSelection, untoleratedTaint } from '../api/pod.ts'
import { interPodAffinity, podTopologySpread } from './filter_topology.ts'
import { volumeBinding, volumeRestrictions, volumeZone } from './filter_volumes.ts'
import type { NodeInfo } from './node_info.ts'
import { objection, type Filter, type Objection } from './objection.ts'
import { questionOf, type Question } from './question.ts'
import type { Snapshot } from './snapshot.ts'

/** Looks at the node as it is, without the Pods that room is kept for. */
export function filterNode(question: Question, info: NodeInfo): Objection | undefined {
  for (const filter of FILTERS) {
    const found = filter(question, info)
    if (found) return found
  }
  return undefined
}

/**
 * The Pod must fit whether or not the Pods that are nominated to the node come: they may take its room, and its anti-affinity
 * or spread must not rely on them. Those of lower priority do not count.
 */
export function filterWithNominated(question: Question, info: NodeInfo, snapshot: Snapshot): Objection | undefined {
  const { priority, pod } = question.demand
  const name = info.node.metadata.name!
  const all = snapshot.nominatedOn(name)
  if (all.length === 0) return filterNode(question, info)
  const nominated = all.filter(other => other.priority >= priority && other.pod.metadata.uid !== pod.metadata.uid)
  if (nominated.length === 0) return filterNode(question, info)
  const withThem = snapshot.tryOut(name, trial => {
    for (const other of nominated) trial.add(other)
    return filterNode(questionOf(question.demand, snapshot, question.volumes), info)
  })
  return withThem ?? filterNode(question, info)
}

const UNSCHEDULABLE_TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const

const nodeUnschedulable: Filter = ({ demand: { pod } }, { node }) =>
  node.spec?.unschedulable && untoleratedTaint(pod, [UNSCHEDULABLE_TAINT]) ? IS_UNSCHEDULABLE : undefined

const nodeName: Filter = ({ demand: { pod } }, { node }) => (pod.spec.nodeName && pod.spec.nodeName !== node.metadata.name ? HAS_OTHER_NAME : undefined)

const taintToleration: Filter = ({ demand: { pod } }, { node }) => {
  const taints = node.spec?.taints
  return taints?.length && untoleratedTaint(pod, taints.filter(keepsPodsAway)) ? HAS_TAINT : undefined
}

const nodeAffinity: Filter = ({ demand: { pod }, selectsNodes }, { node }) => (!selectsNodes || matchesNodeSelection(pod, node) ? undefined : DOES_NOT_MATCH)

const nodePorts: Filter = ({ demand }, { hostPorts }) =>
  demand.hostPorts.length > 0 && hostPortsConflict(demand.hostPorts, hostPorts) ? PORTS_ARE_TAKEN : undefined

const nodeResourcesFit: Filter = ({ requests }, { allocatable, requested, pods }) => {
  let reasons: string[] | undefined
  let tooBigForNode = false
  if (pods.size + 1 > (allocatable.get('pods') ?? 0)) reasons = ['Too many pods']
  for (const [resource, amount] of requests) {
    const total = allocatable.get(resource) ?? 0
    if (amount <= total - (requested.get(resource) ?? 0)) continue
    reasons = [...(reasons ?? []), `Insufficient ${resource}`]
    tooBigForNode ||= amount > total
  }
  return reasons && { by: 'NodeResourcesFit', reasons, unresolvable: tooBigForNode }
}

const IS_UNSCHEDULABLE = objection('NodeUnschedulable', 'node(s) were unschedulable', true)
const HAS_OTHER_NAME = objection('NodeName', "node(s) didn't match the requested node name", true)
/** Kubernetes 1.34 no longer names the taint. */
const HAS_TAINT = objection('TaintToleration', 'node(s) had untolerated taint(s)', true)
const DOES_NOT_MATCH = objection('NodeAffinity', "node(s) didn't match Pod's node affinity/selector", true)
const PORTS_ARE_TAKEN = objection('NodePorts', "node(s) didn't have free ports for the requested pod ports", false)

const FILTERS: readonly Filter[] = [
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  volumeRestrictions,
  volumeBinding,
  volumeZone,
  podTopologySpread,
  interPodAffinity,
]
