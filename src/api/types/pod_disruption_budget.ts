/** How many Pods of a set may be taken away on purpose at the same time. */
import { int32, int64, intOrString, map, mapList, object, replacedByPatch, required, string, time, type Infer } from '../schema.ts'
import { condition } from './condition.ts'
import { labelSelector } from './label_selector.ts'

export const podDisruptionBudgetSpec = object('io.k8s.api.policy.v1.PodDisruptionBudgetSpec', {
  maxUnavailable: intOrString({ doc: 'How many of the Pods may be missing or not ready at once, as a number or a percentage. Not beside minAvailable.' }),
  minAvailable: intOrString({ doc: 'How many of the Pods must stay ready, as a number or a percentage. Not beside maxUnavailable.' }),
  selector: replacedByPatch(labelSelector, 'Which Pods of the namespace are protected. Left out: none. Empty: all.'),
  unhealthyPodEvictionPolicy: string({
    values: ['IfHealthyBudget', 'AlwaysAllow'],
    doc: 'When running Pods that are not ready may be evicted: only while enough others are ready (IfHealthyBudget, the default), or always.',
  }),
})

export const podDisruptionBudgetStatus = object('io.k8s.api.policy.v1.PodDisruptionBudgetStatus', {
  conditions: mapList(condition, ['type'], {
    patchMerge: true,
    patchMergeKey: 'type',
    doc: 'DisruptionAllowed says whether an eviction would go through, and why.',
  }),
  currentHealthy: required(int32({ default: 0, doc: 'Pods that are ready now.' })),
  desiredHealthy: required(int32({ default: 0, doc: 'Pods that must stay ready.' })),
  disruptedPods: map(time(), { doc: 'Pods whose eviction was let through and is not seen yet, and when that was.' }),
  disruptionsAllowed: required(int32({ default: 0, doc: 'How many more Pods may be evicted now.' })),
  expectedPods: required(int32({ default: 0, doc: 'Pods there should be: what the controllers of the selected Pods are scaled to.' })),
  observedGeneration: int64({ doc: 'The version of the spec that this status is about.' }),
})

export interface PodDisruptionBudgetSpec extends Infer<typeof podDisruptionBudgetSpec> {}
export interface PodDisruptionBudgetStatus extends Infer<typeof podDisruptionBudgetStatus> {}
