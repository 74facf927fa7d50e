/**
 * Can this Pod run on this node? Each filter answers with the reasons why not, in Kubernetes' words;
 * the first filter that objects speaks for the node.
 */
import { hostPortsConflict, matchesNodeSelection, untoleratedTaint } from '../api/pod.ts'
import type { Taint } from '../api/types/scheduling.ts'
import type { PodDemand } from './demand.ts'
import type { NodeInfo } from './snapshot.ts'

export interface Objection {
  readonly reasons: readonly string[]
  /** No change of what runs on the node would help: preemption is not worth a try. */
  readonly unresolvable: boolean
}

export function filterNode(demand: PodDemand, info: NodeInfo): Objection | undefined {
  for (const filter of FILTERS) {
    const objection = filter(demand, info)
    if (objection) return objection
  }
  return undefined
}

type Filter = (demand: PodDemand, info: NodeInfo) => Objection | undefined

const UNSCHEDULABLE_TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const

const nodeUnschedulable: Filter = ({ pod }, { node }) =>
  node.spec?.unschedulable && untoleratedTaint(pod, [UNSCHEDULABLE_TAINT]) ? IS_UNSCHEDULABLE : undefined

const nodeName: Filter = ({ pod }, { node }) => (pod.spec.nodeName && pod.spec.nodeName !== node.metadata.name ? HAS_OTHER_NAME : undefined)

const taintToleration: Filter = ({ pod }, { node }) => {
  const taints = node.spec?.taints
  return taints?.length && untoleratedTaint(pod, taints.filter(keepsPodsAway)) ? HAS_TAINT : undefined
}

const keepsPodsAway = ({ effect }: Taint): boolean => effect === 'NoSchedule' || effect === 'NoExecute'

const nodeAffinity: Filter = ({ pod }, { node }) => (matchesNodeSelection(pod, node) ? undefined : DOES_NOT_MATCH)

const nodePorts: Filter = (demand, { hostPorts }) =>
  demand.hostPorts.length > 0 && hostPortsConflict(demand.hostPorts, hostPorts) ? PORTS_ARE_TAKEN : undefined

const nodeResourcesFit: Filter = ({ requests }, { allocatable, requested, podCount }) => {
  let reasons: string[] | undefined
  let tooBigForNode = false
  if (podCount + 1 > (allocatable.get('pods') ?? 0)) reasons = ['Too many pods']
  for (const [resource, amount] of requests) {
    if (amount === 0) continue
    const total = allocatable.get(resource) ?? 0
    if (amount <= total - (requested.get(resource) ?? 0)) continue
    reasons = [...(reasons ?? []), `Insufficient ${resource}`]
    tooBigForNode ||= amount > total
  }
  return reasons && { reasons, unresolvable: tooBigForNode }
}

const IS_UNSCHEDULABLE: Objection = { reasons: ['node(s) were unschedulable'], unresolvable: true }
const HAS_OTHER_NAME: Objection = { reasons: ["node(s) didn't match the requested node name"], unresolvable: true }
/** Kubernetes 1.34 no longer names the taint. */
const HAS_TAINT: Objection = { reasons: ['node(s) had untolerated taint(s)'], unresolvable: true }
const DOES_NOT_MATCH: Objection = { reasons: ["node(s) didn't match Pod's node affinity/selector"], unresolvable: true }
const PORTS_ARE_TAKEN: Objection = { reasons: ["node(s) didn't have free ports for the requested pod ports"], unresolvable: false }

const FILTERS: readonly Filter[] = [nodeUnschedulable, nodeName, taintToleration, nodeAffinity, nodePorts, nodeResourcesFit]
