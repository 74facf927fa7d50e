/** How many Pods a workload shall have, by what its Pods use (autoscaling/v2). */
import { atomicList, described, int32, int64, object, quantity, required, requiredObject, string, time, type Infer } from '../schema.ts'
import { labelSelector } from './label_selector.ts'
import { conditionList } from './workload.ts'

export const crossVersionObjectReference = object(
  'io.k8s.api.autoscaling.v2.CrossVersionObjectReference',
  {
    apiVersion: string({ doc: 'Group and version of the kind, such as apps/v1.' }),
    kind: required(string({ doc: 'The kind, such as Deployment.' })),
    name: required(string({ doc: 'Its name, in the same namespace.' })),
  },
  { atomic: true },
)

const metricTarget = object('io.k8s.api.autoscaling.v2.MetricTarget', {
  type: required(string({ values: ['Utilization', 'Value', 'AverageValue'], doc: 'What the number means.' })),
  averageUtilization: int32({ doc: 'Percent of what the Pods ask for, on average over them.' }),
  averageValue: quantity({ doc: 'The average over the Pods.' }),
  value: quantity({ doc: 'The value itself.' }),
})

const metricValueStatus = object('io.k8s.api.autoscaling.v2.MetricValueStatus', {
  averageUtilization: int32({ doc: 'Percent of what the Pods ask for, on average over them.' }),
  averageValue: quantity({ doc: 'The average over the Pods.' }),
  value: quantity({ doc: 'The value itself.' }),
})

const metricIdentifier = object('io.k8s.api.autoscaling.v2.MetricIdentifier', {
  name: required(string({ doc: 'What the metric is called.' })),
  selector: described(labelSelector, 'Which of its series.'),
})

const TYPES = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'] as const

const metricSpec = object('io.k8s.api.autoscaling.v2.MetricSpec', {
  type: required(string({ values: TYPES, doc: 'Which of the fields below is meant.' })),
  containerResource: object('io.k8s.api.autoscaling.v2.ContainerResourceMetricSource', {
    name: required(string({ doc: 'cpu or memory.' })),
    container: required(string({ doc: 'Which container of the Pods.' })),
    target: requiredObject(metricTarget, 'What it should be.'),
  }),
  external: object('io.k8s.api.autoscaling.v2.ExternalMetricSource', {
    metric: requiredObject(metricIdentifier, 'Which metric.'),
    target: requiredObject(metricTarget, 'What it should be.'),
  }),
  object: object('io.k8s.api.autoscaling.v2.ObjectMetricSource', {
    describedObject: requiredObject(crossVersionObjectReference, 'The object that is measured.'),
    metric: requiredObject(metricIdentifier, 'Which metric.'),
    target: requiredObject(metricTarget, 'What it should be.'),
  }),
  pods: object('io.k8s.api.autoscaling.v2.PodsMetricSource', {
    metric: requiredObject(metricIdentifier, 'Which metric.'),
    target: requiredObject(metricTarget, 'What it should be.'),
  }),
  resource: object('io.k8s.api.autoscaling.v2.ResourceMetricSource', {
    name: required(string({ doc: 'cpu or memory.' })),
    target: requiredObject(metricTarget, 'What it should be.'),
  }),
})

const metricStatus = object('io.k8s.api.autoscaling.v2.MetricStatus', {
  type: required(string({ doc: 'Which of the fields below is meant; empty for a metric that could not be had.' })),
  containerResource: object('io.k8s.api.autoscaling.v2.ContainerResourceMetricStatus', {
    name: required(string()),
    container: required(string()),
    current: requiredObject(metricValueStatus, 'What it is.'),
  }),
  external: object('io.k8s.api.autoscaling.v2.ExternalMetricStatus', {
    metric: requiredObject(metricIdentifier, 'Which metric.'),
    current: requiredObject(metricValueStatus, 'What it is.'),
  }),
  object: object('io.k8s.api.autoscaling.v2.ObjectMetricStatus', {
    describedObject: requiredObject(crossVersionObjectReference, 'The object that is measured.'),
    metric: requiredObject(metricIdentifier, 'Which metric.'),
    current: requiredObject(metricValueStatus, 'What it is.'),
  }),
  pods: object('io.k8s.api.autoscaling.v2.PodsMetricStatus', {
    metric: requiredObject(metricIdentifier, 'Which metric.'),
    current: requiredObject(metricValueStatus, 'What it is.'),
  }),
  resource: object('io.k8s.api.autoscaling.v2.ResourceMetricStatus', { name: required(string()), current: requiredObject(metricValueStatus, 'What it is.') }),
})

const scalingPolicy = object('io.k8s.api.autoscaling.v2.HPAScalingPolicy', {
  type: required(string({ values: ['Percent', 'Pods'], doc: 'Whether the value is a number of Pods or a part of those there are.' })),
  value: required(int32({ doc: 'How much may change within the period.' })),
  periodSeconds: required(int32({ doc: 'How far to look back; at most half an hour.' })),
})

const scalingRules = object('io.k8s.api.autoscaling.v2.HPAScalingRules', {
  policies: atomicList(scalingPolicy, { doc: 'How fast it may go.' }),
  selectPolicy: string({ values: ['Disabled', 'Max', 'Min'], doc: 'Which of the policies decides.' }),
  stabilizationWindowSeconds: int32({ doc: 'How long earlier recommendations hold a change back.' }),
  tolerance: quantity({ doc: 'How far the ratio may be off before anything changes.' }),
})

const behavior = object('io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior', {
  scaleDown: described(scalingRules, 'How fast Pods may be taken away.'),
  scaleUp: described(scalingRules, 'How fast Pods may be added.'),
})

export const horizontalPodAutoscalerSpec = object('io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec', {
  scaleTargetRef: requiredObject(crossVersionObjectReference, 'The workload that is scaled.'),
  minReplicas: int32({ default: 1, doc: 'Never fewer Pods than this.' }),
  maxReplicas: required(int32({ doc: 'Never more Pods than this.' })),
  metrics: atomicList(metricSpec, { doc: 'What to go by; the one that asks for most Pods decides.' }),
  behavior: described(behavior, 'How fast it may go, up and down.'),
})

export const horizontalPodAutoscalerCondition = object('io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerCondition', {
  type: required(string()),
  status: required(string({ values: ['True', 'False', 'Unknown'] })),
  lastTransitionTime: time(),
  reason: string(),
  message: string(),
})

export const horizontalPodAutoscalerStatus = object('io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerStatus', {
  conditions: conditionList(horizontalPodAutoscalerCondition),
  currentMetrics: atomicList(metricStatus, { doc: 'What the Pods used when it was looked at last.' }),
  currentReplicas: int32({ doc: 'How many Pods the target had then.' }),
  desiredReplicas: required(int32({ default: 0, doc: 'How many it should have.' })),
  lastScaleTime: time({ doc: 'When the number was changed last.' }),
  observedGeneration: int64({ doc: 'The generation of the spec that was looked at.' }),
})

export interface HorizontalPodAutoscalerSpec extends Infer<typeof horizontalPodAutoscalerSpec> {}
export interface HorizontalPodAutoscalerStatus extends Infer<typeof horizontalPodAutoscalerStatus> {}
export interface CrossVersionObjectReference extends Infer<typeof crossVersionObjectReference> {}
export interface MetricSpec extends Infer<typeof metricSpec> {}
export interface MetricStatus extends Infer<typeof metricStatus> {}
export interface MetricTarget extends Infer<typeof metricTarget> {}
export interface ScalingRules extends Infer<typeof scalingRules> {}
export interface ScalingPolicy extends Infer<typeof scalingPolicy> {}
