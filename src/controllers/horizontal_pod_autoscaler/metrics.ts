/** What the Pods of a workload use, asked of metrics.k8s.io, and what each metric of an autoscaler makes of it. */
import { PodMetrics } from '../../api/kinds/pod_metrics.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { formatQuantity, quantityMilli } from '../../api/quantity.ts'
import type { MetricSpec, MetricStatus, MetricTarget } from '../../api/types/horizontal_pod_autoscaler.ts'
import { messageOf } from '../../base/error_message.ts'
import { parseGoDuration } from '../../base/go_duration.ts'
import type { Millis } from '../../base/clock.ts'
import type { Client } from '../../client/client.ts'
import { replicasForUsage, type PodUse } from './replicas_for_usage.ts'

export interface MetricAnswer {
  readonly replicas: number
  readonly status: MetricStatus
  /** As Events name it: `cpu resource utilization (percentage of request)`. */
  readonly name: string
}

export interface Target {
  readonly namespace: string
  /** In the form of a query. */
  readonly selector: string
  readonly current: number
  readonly pods: readonly Pod[]
}

/** The reason of the condition and the Event when it fails. */
export class MetricError extends Error {
  override readonly name = 'MetricError'
  readonly reason: string
  constructor(reason: string, message: string) {
    super(message)
    this.reason = reason
  }
}

/** Throws MetricError. */
export async function answerMetric(client: Client, spec: MetricSpec, target: Target, tolerance: number, wallMs: Millis): Promise<MetricAnswer> {
  switch (spec.type) {
    case 'Resource':
      return answerResource(client, spec.resource!, undefined, target, tolerance, wallMs)
    case 'ContainerResource':
      return answerResource(client, spec.containerResource!, spec.containerResource!.container, target, tolerance, wallMs)
    case 'Pods':
      throw unknownMetric('FailedGetPodsMetric', spec.pods!.metric.name, 'custom', `pods.custom.metrics.k8s.io`)
    case 'Object':
      throw unknownMetric(
        'FailedGetObjectMetric',
        spec.object!.metric.name,
        'custom',
        `${spec.object!.describedObject.kind.toLowerCase()}.custom.metrics.k8s.io`,
      )
    default:
      throw unknownMetric(
        'FailedGetExternalMetric',
        spec.external?.metric.name ?? '',
        'external',
        `${spec.external?.metric.name ?? ''}.external.metrics.k8s.io`,
      )
  }
}

/** Nobody serves these APIs here, as on a cluster without an adapter. */
const unknownMetric = (reason: string, name: string, api: 'custom' | 'external', resource: string): MetricError =>
  new MetricError(
    reason,
    `unable to get metric ${name}: unable to fetch metrics from ${api} metrics API: the server could not find the requested resource (get ${resource})`,
  )

type ResourceSource = { readonly name: string; readonly target: MetricTarget }

async function answerResource(
  client: Client,
  { name: resource, target: wanted }: ResourceSource,
  container: string | undefined,
  target: Target,
  tolerance: number,
  wallMs: Millis,
): Promise<MetricAnswer> {
  const isPercentage = wanted.averageUtilization !== undefined
  const failed = container === undefined ? 'FailedGetResourceMetric' : 'FailedGetContainerResourceMetric'
  const what = `${resource} ${isPercentage ? 'utilization' : container === undefined ? 'resource metric value' : 'container resource metric value'}`
  try {
    const uses = await usesOf(client, target, resource, container)
    if (uses.size === 0) throw new Error(`unable to get metrics for resource ${resource}: no metrics returned from resource metrics API`)
    const { replicas, averageMilli, utilization } = replicasForUsage(
      {
        resource,
        ...(container !== undefined && { container }),
        target: isPercentage ? { utilization: wanted.averageUtilization! } : { averageMilli: quantityMilli(wanted.averageValue!) },
        tolerance,
      },
      target.current,
      target.pods,
      uses,
      wallMs,
    )
    const current = { ...(utilization !== undefined && { averageUtilization: utilization }), averageValue: printMilli(averageMilli, resource) }
    const suffix = isPercentage ? ' utilization (percentage of request)' : ''
    return container === undefined
      ? { replicas, name: `${resource} resource${suffix}`, status: { type: 'Resource', resource: { name: resource, current } } }
      : {
          replicas,
          name: `${resource} container resource${suffix}`,
          status: { type: 'ContainerResource', containerResource: { name: resource, container, current } },
        }
  } catch (error) {
    throw new MetricError(failed, `failed to get ${what}: ${messageOf(error)}`)
  }
}

/** By the names of the Pods. */
async function usesOf(client: Client, { namespace, selector }: Target, resource: string, only: string | undefined): Promise<Map<string, PodUse>> {
  const { items } = await client.list(PodMetrics, { namespace, labelSelector: selector })
  const uses = new Map<string, PodUse>()
  for (const { metadata, timestamp, window, containers } of items) {
    const counted = containers.filter(({ name, usage }) => (only === undefined || name === only) && usage[resource] !== undefined)
    if (counted.length === 0) continue
    const milli = counted.reduce((sum, { usage }) => sum + quantityMilli(String(usage[resource])), 0)
    uses.set(metadata.name!, { milli, at: Date.parse(timestamp), windowMs: parseGoDuration(window) ?? 0 })
  }
  return uses
}

const printMilli = (milli: number, resource: string): string =>
  formatQuantity({ nano: BigInt(Math.round(milli)) * 1_000_000n, format: resource === 'memory' ? 'binary' : 'decimal' })
