/** Taints, tolerations, spreading and gates. */
import { atomicList, int32, int64, object, required, string, time, type Infer } from '../schema.ts'
import { labelSelector } from './label_selector.ts'

export const taint = object('io.k8s.api.core.v1.Taint', {
  key: required(string()),
  effect: required(string({ values: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] })),
  timeAdded: time(),
  value: string(),
})

export const toleration = object('io.k8s.api.core.v1.Toleration', {
  key: string(),
  effect: string({ values: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] }),
  operator: string({ values: ['Exists', 'Equal'] }),
  tolerationSeconds: int64(),
  value: string(),
})

export const topologySpreadConstraint = object('io.k8s.api.core.v1.TopologySpreadConstraint', {
  labelSelector,
  matchLabelKeys: atomicList(string()),
  maxSkew: required(int32()),
  minDomains: int32(),
  nodeAffinityPolicy: string({ values: ['Honor', 'Ignore'] }),
  nodeTaintsPolicy: string({ values: ['Honor', 'Ignore'] }),
  topologyKey: required(string()),
  whenUnsatisfiable: required(string({ values: ['DoNotSchedule', 'ScheduleAnyway'] })),
})

export const podSchedulingGate = object('io.k8s.api.core.v1.PodSchedulingGate', {
  name: required(string()),
})

export const podReadinessGate = object('io.k8s.api.core.v1.PodReadinessGate', {
  conditionType: required(string()),
})

export interface Taint extends Infer<typeof taint> {}
export interface Toleration extends Infer<typeof toleration> {}
export interface TopologySpreadConstraint extends Infer<typeof topologySpreadConstraint> {}
export interface PodSchedulingGate extends Infer<typeof podSchedulingGate> {}
export interface PodReadinessGate extends Infer<typeof podReadinessGate> {}
