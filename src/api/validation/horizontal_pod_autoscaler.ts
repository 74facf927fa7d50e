/** HorizontalPodAutoscalers: bounds, a target, metrics that name one source each, and rules that can be kept. */
import { forbidden, invalidValue, notSupported, requiredValue, type FieldError } from '../field_error.ts'
import type { HorizontalPodAutoscaler } from '../kinds/horizontal_pod_autoscaler.ts'
import { compareQuantities } from '../quantity.ts'
import type { CrossVersionObjectReference, MetricSpec, MetricTarget, ScalingRules } from '../types/horizontal_pod_autoscaler.ts'
import { dnsLabel, dnsSubdomain, labelValue } from './names.ts'

const PERIOD_SECONDS_MAX = 1_800
const WINDOW_SECONDS_MAX = 3_600

export function validateHorizontalPodAutoscaler({ spec }: HorizontalPodAutoscaler): FieldError[] {
  const { minReplicas, scaleTargetRef, metrics = [], behavior } = spec
  // Who says nothing has said 0.
  const maxReplicas = (spec as { maxReplicas?: number }).maxReplicas ?? 0
  return [
    // 0 needs HPAScaleToZero, an alpha feature that is off.
    ...(minReplicas < 1 ? [invalidValue('spec.minReplicas', minReplicas, 'must be greater than or equal to 1')] : []),
    ...(maxReplicas < 1 ? [invalidValue('spec.maxReplicas', maxReplicas, 'must be greater than 0')] : []),
    ...(maxReplicas < minReplicas ? [invalidValue('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`')] : []),
    ...validateReference(scaleTargetRef, 'spec.scaleTargetRef'),
    ...metrics.flatMap((metric, index) => validateMetric(metric, `spec.metrics[${index}]`)),
    ...(behavior?.scaleUp ? validateRules(behavior.scaleUp, 'spec.behavior.scaleUp') : []),
    ...(behavior?.scaleDown ? validateRules(behavior.scaleDown, 'spec.behavior.scaleDown') : []),
  ]
}

function validateReference({ kind, name }: CrossVersionObjectReference, path: string): FieldError[] {
  return [
    ...(kind ? labelValue(kind).map(problem => invalidValue(`${path}.kind`, kind, problem)) : [requiredValue(`${path}.kind`)]),
    ...(name ? dnsSubdomain(name).map(problem => invalidValue(`${path}.name`, name, problem)) : [requiredValue(`${path}.name`)]),
  ]
}

const SOURCES = { Object: 'object', Pods: 'pods', Resource: 'resource', External: 'external', ContainerResource: 'containerResource' } as const

function validateMetric(metric: MetricSpec, path: string): FieldError[] {
  if (!metric.type) return [requiredValue(`${path}.type`, 'must specify a metric source type')]
  const expected = SOURCES[metric.type as keyof typeof SOURCES]
  if (!expected) return [notSupported(`${path}.type`, metric.type, Object.keys(SOURCES))]
  const source = metric[expected]
  if (!source) return [requiredValue(`${path}.${expected}`, `must populate information for the given metric source (${metric.type})`)]
  return [
    ...Object.values(SOURCES)
      .filter(other => other !== expected && metric[other])
      .map(other => forbidden(`${path}.${other}`, `must populate the given metric source only (${metric.type})`)),
    ...('name' in source && !source.name ? [requiredValue(`${path}.${expected}.name`, 'must specify a resource name')] : []),
    ...('container' in source ? validateContainer(source.container, `${path}.${expected}.container`) : []),
    ...('metric' in source && !source.metric.name ? [requiredValue(`${path}.${expected}.metric.name`, 'must specify a metric name')] : []),
    ...('describedObject' in source ? validateReference(source.describedObject, `${path}.${expected}.describedObject`) : []),
    ...validateTarget(source.target, `${path}.${expected}.target`, expected),
  ]
}

const validateContainer = (container: string, path: string): FieldError[] =>
  container ? dnsLabel(container).map(problem => invalidValue(path, container, problem)) : [requiredValue(path, 'must specify a container')]

const TARGET_TYPES: ReadonlySet<string> = new Set(['Utilization', 'Value', 'AverageValue'])

function validateTarget(target: MetricTarget, path: string, source: (typeof SOURCES)[keyof typeof SOURCES]): FieldError[] {
  const { type, averageUtilization, averageValue, value } = target
  const errors: FieldError[] = []
  if (!type) errors.push(requiredValue(`${path}.type`, 'must specify a metric target type'))
  if (!TARGET_TYPES.has(type)) errors.push(invalidValue(`${path}.type`, type ?? '', 'must be either Utilization, Value, or AverageValue'))
  if (averageUtilization !== undefined && averageUtilization < 1)
    errors.push(invalidValue(`${path}.averageUtilization`, averageUtilization, 'must be greater than 0'))
  if (value !== undefined && compareQuantities(value, '0') <= 0) errors.push(invalidValue(`${path}.value`, value, 'must be positive'))
  if (averageValue !== undefined && compareQuantities(averageValue, '0') <= 0)
    errors.push(invalidValue(`${path}.averageValue`, averageValue, 'must be positive'))
  switch (source) {
    case 'resource':
    case 'containerResource':
      if (averageUtilization === undefined && averageValue === undefined)
        errors.push(requiredValue(`${path}.averageUtilization`, 'must set either a target raw value or a target utilization'))
      if (averageUtilization !== undefined && averageValue !== undefined)
        errors.push(forbidden(`${path}.averageValue`, 'may not set both a target raw value and a target utilization'))
      break
    case 'pods':
      if (averageValue === undefined) errors.push(requiredValue(`${path}.averageValue`, 'must specify a positive target averageValue'))
      break
    case 'object':
      if (value === undefined && averageValue === undefined)
        errors.push(requiredValue(`${path}.averageValue`, 'must set either a target value or averageValue'))
      break
    case 'external':
      if (value === undefined && averageValue === undefined)
        errors.push(requiredValue(`${path}.averageValue`, 'must set either a target value for metric or a per-pod target'))
      if (value !== undefined && averageValue !== undefined)
        errors.push(forbidden(`${path}.value`, 'may not set both a target value for metric and a per-pod target'))
  }
  return errors
}

const SELECT_POLICIES: readonly string[] = ['Disabled', 'Max', 'Min']
const POLICY_TYPES: readonly string[] = ['Percent', 'Pods']

function validateRules({ policies, selectPolicy, stabilizationWindowSeconds: window, tolerance }: ScalingRules, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (window !== undefined && window < 0) errors.push(invalidValue(`${path}.stabilizationWindowSeconds`, window, 'must be greater than or equal to zero'))
  if (window !== undefined && window > WINDOW_SECONDS_MAX)
    errors.push(invalidValue(`${path}.stabilizationWindowSeconds`, window, `must be less than or equal to ${WINDOW_SECONDS_MAX}`))
  if (tolerance !== undefined && compareQuantities(tolerance, '0') < 0)
    errors.push(invalidValue(`${path}.tolerance`, tolerance, 'must be greater than or equal to zero'))
  if (selectPolicy !== undefined && !SELECT_POLICIES.includes(selectPolicy)) errors.push(notSupported(`${path}.selectPolicy`, selectPolicy, SELECT_POLICIES))
  if (policies?.length === 0) errors.push(requiredValue(`${path}.policies`, 'must specify at least one Policy'))
  policies?.forEach(({ type, value, periodSeconds }, index) => {
    const at = `${path}.policies[${index}]`
    if (!POLICY_TYPES.includes(type)) errors.push(notSupported(`${at}.type`, type, POLICY_TYPES))
    if (value <= 0) errors.push(invalidValue(`${at}.value`, value, 'must be greater than zero'))
    if (periodSeconds <= 0) errors.push(invalidValue(`${at}.periodSeconds`, periodSeconds, 'must be greater than zero'))
    else if (periodSeconds > PERIOD_SECONDS_MAX)
      errors.push(invalidValue(`${at}.periodSeconds`, periodSeconds, `must be less than or equal to ${PERIOD_SECONDS_MAX}`))
  })
  return errors
}
