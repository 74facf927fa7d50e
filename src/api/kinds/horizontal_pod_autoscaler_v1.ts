/** autoscaling/v1: CPU only. The same objects as v2; what v1 has no field for is kept in annotations, as Kubernetes does. */
import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { described, int32, int64, object, present, required, requiredObject, time, type Infer } from '../schema.ts'
import { crossVersionObjectReference, type MetricSpec } from '../types/horizontal_pod_autoscaler.ts'
import { validateHorizontalPodAutoscaler } from '../validation/horizontal_pod_autoscaler.ts'
import { declareKind, keepOtherPart, statusSubresource } from './declare.ts'
import { HorizontalPodAutoscaler, setHorizontalPodAutoscalerDefaults } from './horizontal_pod_autoscaler.ts'

const reference = object('io.k8s.api.autoscaling.v1.CrossVersionObjectReference', crossVersionObjectReference.fields as never, {
  atomic: true,
}) as unknown as typeof crossVersionObjectReference

const schema = object(
  'io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler',
  {
    ...objectFields,
    spec: present(
      object('io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerSpec', {
        scaleTargetRef: requiredObject(reference, 'The workload that is scaled.'),
        minReplicas: int32({ default: 1, doc: 'Never fewer Pods than this.' }),
        maxReplicas: required(int32({ doc: 'Never more Pods than this.' })),
        targetCPUUtilizationPercentage: int32({ doc: 'Percent of the CPU the Pods ask for, on average over them.' }),
      }),
    ),
    status: described(
      object('io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerStatus', {
        currentCPUUtilizationPercentage: int32({ doc: 'What it was when it was looked at last.' }),
        currentReplicas: required(int32({ default: 0, doc: 'How many Pods the target had then.' })),
        desiredReplicas: required(int32({ default: 0, doc: 'How many it should have.' })),
        lastScaleTime: time({ doc: 'When the number was changed last.' }),
        observedGeneration: int64({ doc: 'The generation of the spec that was looked at.' }),
      }),
      'What it saw and decided last.',
    ),
  },
  { doc: 'Gives a workload as many Pods as the CPU they use asks for. Newer clients use autoscaling/v2.' },
)

export interface HorizontalPodAutoscalerV1 extends Infer<typeof schema> {}

export const HorizontalPodAutoscalerV1: Kind<HorizontalPodAutoscalerV1> = declareKind<HorizontalPodAutoscalerV1>({
  group: 'autoscaling',
  version: 'v1',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  namespaced: true,
  schema,
  generation: true,
  storage: { prefix: HorizontalPodAutoscaler.storage.prefix, fromStored: fromV2 as never, toStored: toV2 as never },
  subresources: [statusSubresource],
  prepareForCreate: draft => void (draft.status = { currentReplicas: 0, desiredReplicas: 0 }),
  prepareForUpdate: keepOtherPart,
  validate: autoscaler => validateHorizontalPodAutoscaler(toV2(autoscaler)),
  columns: HorizontalPodAutoscaler.columns.map(column => ({
    ...column,
    cell: (autoscaler: HorizontalPodAutoscalerV1, nowMs: number) => column.cell(toV2(autoscaler), nowMs),
  })),
})

const METRICS = 'autoscaling.alpha.kubernetes.io/metrics'
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior'
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions'

const isCpuUtilization = ({ resource }: MetricSpec): boolean => resource?.name === 'cpu' && resource.target.averageUtilization !== undefined

function fromV2(stored: HorizontalPodAutoscaler): HorizontalPodAutoscalerV1 {
  const { spec, status, metadata } = stored
  const cpu = spec.metrics?.find(isCpuUtilization)
  const others = spec.metrics?.filter(metric => metric !== cpu) ?? []
  const current = status?.currentMetrics?.find(({ resource }) => resource?.name === 'cpu')?.resource?.current.averageUtilization
  const annotations = {
    ...metadata.annotations,
    ...(others.length > 0 && { [METRICS]: JSON.stringify(others) }),
    ...(spec.behavior && { [BEHAVIOR]: JSON.stringify(spec.behavior) }),
    ...(status?.conditions && { [CONDITIONS]: JSON.stringify(status.conditions) }),
  }
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: {
      scaleTargetRef: spec.scaleTargetRef,
      minReplicas: spec.minReplicas,
      maxReplicas: spec.maxReplicas,
      ...(cpu && { targetCPUUtilizationPercentage: cpu.resource!.target.averageUtilization }),
    },
    status: {
      currentReplicas: status?.currentReplicas ?? 0,
      desiredReplicas: status?.desiredReplicas ?? 0,
      ...(current !== undefined && { currentCPUUtilizationPercentage: current }),
      ...(status?.lastScaleTime && { lastScaleTime: status.lastScaleTime }),
      ...(status?.observedGeneration !== undefined && { observedGeneration: status.observedGeneration }),
    },
  }
}

function toV2({ metadata, spec, status }: HorizontalPodAutoscalerV1): HorizontalPodAutoscaler {
  const { [METRICS]: metrics, [BEHAVIOR]: behavior, [CONDITIONS]: conditions, ...annotations } = metadata.annotations ?? {}
  const cpu = spec.targetCPUUtilizationPercentage
  const autoscaler: HorizontalPodAutoscaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { ...metadata, annotations },
    spec: {
      scaleTargetRef: spec.scaleTargetRef,
      minReplicas: spec.minReplicas,
      maxReplicas: spec.maxReplicas,
      metrics: [
        ...(cpu === undefined
          ? []
          : [{ type: 'Resource' as const, resource: { name: 'cpu', target: { type: 'Utilization' as const, averageUtilization: cpu } } }]),
        ...((parsed(metrics) as MetricSpec[] | undefined) ?? []),
      ],
      ...(parsed(behavior) !== undefined && { behavior: parsed(behavior) as never }),
    },
    ...(status && {
      status: {
        currentReplicas: status.currentReplicas,
        desiredReplicas: status.desiredReplicas,
        ...(status.lastScaleTime && { lastScaleTime: status.lastScaleTime }),
        ...(status.observedGeneration !== undefined && { observedGeneration: status.observedGeneration }),
        ...(parsed(conditions) !== undefined && { conditions: parsed(conditions) as never }),
        ...(status.currentCPUUtilizationPercentage !== undefined && {
          currentMetrics: [{ type: 'Resource' as const, resource: { name: 'cpu', current: { averageUtilization: status.currentCPUUtilizationPercentage } } }],
        }),
      },
    }),
  }
  if (Object.keys(annotations).length === 0) delete autoscaler.metadata.annotations
  setHorizontalPodAutoscalerDefaults(autoscaler)
  return autoscaler
}

/** Undefined for what is no JSON: somebody has written the annotation by hand. */
function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
