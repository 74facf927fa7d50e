import type { Column } from '../kind.ts'
import type { MetricSpec, MetricStatus, MetricTarget } from '../types/horizontal_pod_autoscaler.ts'
import { ageColumn, integerColumn, nameColumn, orNone, textColumn } from './columns.ts'
import type { HorizontalPodAutoscaler } from './horizontal_pod_autoscaler.ts'

export const horizontalPodAutoscalerColumns: readonly Column<HorizontalPodAutoscaler>[] = [
  nameColumn,
  textColumn('Reference', 'What it scales.', ({ spec }) => `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`),
  textColumn('Targets', 'What the Pods use, and what they should.', ({ spec, status }) => printMetrics(spec.metrics ?? [], status?.currentMetrics ?? [])),
  textColumn('MinPods', 'Never fewer.', ({ spec }) => String(spec.minReplicas)),
  integerColumn('MaxPods', 'Never more.', ({ spec }) => spec.maxReplicas),
  integerColumn('Replicas', 'How many there were when it looked last.', ({ status }) => status?.currentReplicas ?? 0),
  ageColumn,
]

const SHOWN_MAX = 2

/** `cpu: 12%/80%, memory: <unknown>/200Mi + 1 more...` */
function printMetrics(specs: readonly MetricSpec[], statuses: readonly MetricStatus[]): string {
  const texts = specs.map((spec, index) => printMetric(spec, statuses[index]))
  const more = texts.length > SHOWN_MAX ? ` + ${texts.length - SHOWN_MAX} more...` : ''
  return orNone(texts.slice(0, SHOWN_MAX).join(', ') + more)
}

function printMetric(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case 'Resource':
      return `${spec.resource!.name}: ${printTarget(spec.resource!.target, status?.resource?.current)}`
    case 'ContainerResource':
      return `${spec.containerResource!.name}: ${printTarget(spec.containerResource!.target, status?.containerResource?.current)}`
    case 'Pods':
      return `${status?.pods?.current.averageValue ?? '<unknown>'}/${spec.pods!.target.averageValue ?? ''}`
    case 'Object':
    case 'External': {
      const { target } = spec.object ?? spec.external!
      const current = (status?.object ?? status?.external)?.current
      return target.averageValue
        ? `${current?.averageValue ?? '<unknown>'}/${target.averageValue} (avg)`
        : `${current?.value ?? '<unknown>'}/${target.value ?? ''}`
    }
    default:
      return '<unknown type>'
  }
}

function printTarget({ averageUtilization, averageValue }: MetricTarget, current: { averageUtilization?: number; averageValue?: string } | undefined): string {
  if (averageValue !== undefined) return `${current?.averageValue ?? '<unknown>'}/${averageValue}`
  return `${current?.averageUtilization === undefined ? '<unknown>' : `${current.averageUtilization}%`}/${averageUtilization === undefined ? '<auto>' : `${averageUtilization}%`}`
}
