import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { described, object, present, type Infer } from '../schema.ts'
import { horizontalPodAutoscalerSpec, horizontalPodAutoscalerStatus, type ScalingPolicy, type ScalingRules } from '../types/horizontal_pod_autoscaler.ts'
import { validateHorizontalPodAutoscaler } from '../validation/horizontal_pod_autoscaler.ts'
import { declareKind, keepOtherPart, statusSubresource } from './declare.ts'
import { horizontalPodAutoscalerColumns } from './horizontal_pod_autoscaler_columns.ts'

const schema = object(
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  {
    ...objectFields,
    spec: present(horizontalPodAutoscalerSpec, { doc: 'Which workload, between which bounds, by what.' }),
    status: described(horizontalPodAutoscalerStatus, 'What it saw and decided last.'),
  },
  { doc: 'Gives a workload as many Pods as what they use asks for.' },
)

export interface HorizontalPodAutoscaler extends Infer<typeof schema> {}

export const HorizontalPodAutoscaler: Kind<HorizontalPodAutoscaler> = declareKind<HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  namespaced: true,
  schema,
  generation: true,
  subresources: [statusSubresource],
  setDefaults: setHorizontalPodAutoscalerDefaults,
  prepareForCreate: draft => void (draft.status = { desiredReplicas: 0, currentMetrics: undefined }),
  prepareForUpdate: keepOtherPart,
  validate: validateHorizontalPodAutoscaler,
  columns: horizontalPodAutoscalerColumns,
})

/** Up: at once, doubled or four Pods in 15 seconds, whichever is more. Down: all of it, but only as far as the last five minutes agree. */
const UP: readonly ScalingPolicy[] = [
  { type: 'Pods', value: 4, periodSeconds: 15 },
  { type: 'Percent', value: 100, periodSeconds: 15 },
]
const DOWN: readonly ScalingPolicy[] = [{ type: 'Percent', value: 100, periodSeconds: 15 }]

export function setHorizontalPodAutoscalerDefaults({ spec }: HorizontalPodAutoscaler): void {
  if ((spec.metrics ?? []).length === 0)
    spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }]
  // Rules are written out only where somebody has begun to write some.
  if (!spec.behavior) return
  spec.behavior.scaleUp = withDefaults(spec.behavior.scaleUp, UP, 0)
  spec.behavior.scaleDown = withDefaults(spec.behavior.scaleDown, DOWN, undefined)
}

/** What holds where nothing is said. */
export const DEFAULT_RULES = { scaleUp: withDefaults({}, UP, 0), scaleDown: withDefaults({}, DOWN, 300) }

function withDefaults(rules: ScalingRules = {}, policies: readonly ScalingPolicy[], windowSeconds: number | undefined): ScalingRules {
  return {
    ...rules,
    selectPolicy: rules.selectPolicy ?? 'Max',
    ...((rules.stabilizationWindowSeconds ?? windowSeconds) !== undefined && {
      stabilizationWindowSeconds: rules.stabilizationWindowSeconds ?? windowSeconds,
    }),
    policies: rules.policies ?? policies.map(policy => ({ ...policy })),
  }
}
