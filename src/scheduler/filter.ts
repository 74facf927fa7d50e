/**
 * Can this Pod run on this node? Each filter answers with the reasons why not, in Kubernetes' words;
 * the first filter that objects speaks for the node.
 */
import { hostPortsConflict, hostPortsOf, matchesNodeSelection, untoleratedTaint } from '../api/pod.ts'
import { podRequests } from '../api/resources.ts'
import type { Pod } from '../api/kinds/pod.ts'
import type { NodeInfo } from './snapshot.ts'

export interface Objection {
  readonly reasons: readonly string[]
  /** No change of what runs on the node would help: preemption is not worth a try. */
  readonly unresolvable: boolean
}

export function filterNode(pod: Pod, info: NodeInfo): Objection | undefined {
  for (const filter of FILTERS) {
    const objection = filter(pod, info)
    if (objection) return objection
  }
  return undefined
}

type Filter = (pod: Pod, info: NodeInfo) => Objection | undefined

const UNSCHEDULABLE_TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const

const nodeUnschedulable: Filter = (pod, { node }) =>
  node.spec?.unschedulable && untoleratedTaint(pod, [UNSCHEDULABLE_TAINT]) ? unresolvable('node(s) were unschedulable') : undefined

const nodeName: Filter = (pod, { node }) =>
  pod.spec.nodeName && pod.spec.nodeName !== node.metadata.name ? unresolvable("node(s) didn't match the requested node name") : undefined

const taintToleration: Filter = (pod, { node }) =>
  untoleratedTaint(pod, (node.spec?.taints ?? []).filter(taint => taint.effect !== 'PreferNoSchedule')) ? unresolvable('node(s) had untolerated taint(s)') : undefined

const nodeAffinity: Filter = (pod, { node }) =>
  matchesNodeSelection(pod, node) ? undefined : unresolvable("node(s) didn't match Pod's node affinity/selector")

const nodePorts: Filter = (pod, { hostPorts }) =>
  hostPortsConflict(hostPortsOf(pod), hostPorts) ? { reasons: ["node(s) didn't have free ports for the requested pod ports"], unresolvable: false } : undefined

const nodeResourcesFit: Filter = (pod, { allocatable, requested, podCount }) => {
  const reasons: string[] = []
  let tooBigForNode = false
  if (podCount + 1 > (allocatable.get('pods') ?? 0)) reasons.push('Too many pods')
  for (const [resource, amount] of podRequests(pod)) {
    const total = allocatable.get(resource) ?? 0
    if (amount === 0 || amount <= total - (requested.get(resource) ?? 0)) continue
    reasons.push(`Insufficient ${resource}`)
    tooBigForNode ||= amount > total
  }
  return reasons.length > 0 ? { reasons, unresolvable: tooBigForNode } : undefined
}

const unresolvable = (reason: string): Objection => ({ reasons: [reason], unresolvable: true })

const FILTERS: readonly Filter[] = [nodeUnschedulable, nodeName, taintToleration, nodeAffinity, nodePorts, nodeResourcesFit]
