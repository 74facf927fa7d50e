/** What an autoscaler says about itself: able to scale, with something to go by, held back by its bounds or not. */
import type { HorizontalPodAutoscalerStatus } from '../../api/types/horizontal_pod_autoscaler.ts'

export type Conditions = NonNullable<HorizontalPodAutoscalerStatus['conditions']>
export type ConditionType = 'AbleToScale' | 'ScalingActive' | 'ScalingLimited'

/** lastTransitionTime is the last change of the status. */
export function withCondition(
  conditions: Conditions,
  type: ConditionType,
  status: 'True' | 'False',
  { reason, message }: { readonly reason: string; readonly message: string },
  at: string,
): Conditions {
  const old = conditions.find(condition => condition.type === type)
  const next = { type, status, lastTransitionTime: old?.status === status && old.lastTransitionTime ? old.lastTransitionTime : at, reason, message }
  return old ? conditions.map(condition => (condition === old ? next : condition)) : [...conditions, next]
}
