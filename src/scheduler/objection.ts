/** Why a node is not for a Pod. */
import type { NodeInfo } from './node_info.ts'
import type { Question } from './question.ts'

/** Kubernetes' own names of the filters. */
export type FilterName =
  | 'NodeUnschedulable'
  | 'NodeName'
  | 'TaintToleration'
  | 'NodeAffinity'
  | 'NodePorts'
  | 'NodeResourcesFit'
  | 'VolumeRestrictions'
  | 'VolumeBinding'
  | 'VolumeZone'
  | 'PodTopologySpread'
  | 'InterPodAffinity'

export interface Objection {
  readonly by: FilterName
  readonly reasons: readonly string[]
  /** No change of what runs on the node would help: preemption is not worth a try. */
  readonly unresolvable: boolean
}

/** Something about the Pod itself that no node can make good. */
export interface Rejection {
  readonly by: FilterName
  readonly message: string
}

export type Filter = (question: Question, info: NodeInfo) => Objection | undefined

export const objection = (by: FilterName, reason: string, unresolvable: boolean): Objection => ({ by, reasons: [reason], unresolvable })
