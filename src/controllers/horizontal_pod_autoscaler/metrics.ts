/** What the Pods of a workload use, asked of metrics.k8s.io, and what each metric of an autoscaler makes of it. */
import { PodMetrics } from '../../api/kinds/pod_metrics.ts'
import { formatQuantity, quantityMilli } from '../../api/quantity.ts'
import type { MetricSpec, MetricStatus, MetricTarget } from '../../api/types/horizontal_pod_autoscaler.ts'
import { messageOf } from '../../base/error_message.ts'
import { parseGoDuration } from '../../base/go_duration.ts'
import type { Millis } from '../../base/clock.ts'
import type { Client } from '../../client/client.ts'
import { replicasForUsage, type PodUse } from './replicas_for_usage.ts'
import type { ScaleTarget } from './scale_target.ts'

export interface MetricAnswer {
  readonly replicas: number
  readonly status: MetricStatus
  /** As Events name it: `cpu resource utilization (percentage of request)`. */
  readonly name: string
}

/** The condition and the Event tell of it in other words than the summary of all that failed. */
export class MetricError extends Error {
  override readonly name = 'MetricError'
  readonly reason: string
  readonly inSummary: string
  constructor(reason: string, message: string, what: string) {
    super(message)
    this.reason = reason
    this.inSummary = `failed to get ${what} metric value: ${message}`
  }
}

/** Throws MetricError. */
export async function answerMetric(client: Client, spec: MetricSpec, target: ScaleTarget, tolerance: number, wallMs: Millis): Promise<MetricAnswer> {
  switch (spec.type) {
    case 'Resource':
      return answerResource(client, spec.resource!, undefined, target, tolerance, wallMs)
    case 'ContainerResource':
      return answerResource(client, spec.containerResource!, spec.containerResource!.container, target, tolerance, wallMs)
    case 'Pods': {
      const { name } = spec.pods!.metric
      throw new MetricError('FailedGetPodsMetric', `unable to get metric ${name}: ${unserved('custom', 'pods')}`, 'pods')
    }
    case 'Object': {
      const { metric, describedObject } = spec.object!
      const message = `unable to get metric ${metric.name}: ${unserved('custom', describedObject.kind.toLowerCase())}`
      throw new MetricError('FailedGetObjectMetric', message, 'object')
    }
    default: {
      const name = spec.external?.metric.name ?? ''
      const message = `unable to get external metric ${target.key.namespace}/${name}: ${unserved('external', name)}`
      throw new MetricError('FailedGetExternalMetric', message, `${name} external`)
    }
  }
}

/** Nobody serves these APIs here, as on a cluster without an adapter. */
const unserved = (api: 'custom' | 'external', resource: string): string =>
  `unable to fetch metrics from ${api} metrics API: the server could not find the requested resource (get ${resource}.${api}.metrics.k8s.io)`

type ResourceSource = { readonly name: string; readonly target: MetricTarget }

async function answerResource(
  client: Client,
  { name: resource, target: wanted }: ResourceSource,
  container: string | undefined,
  target: ScaleTarget,
  tolerance: number,
  wallMs: Millis,
): Promise<MetricAnswer> {
  const isPercentage = wanted.averageUtilization !== undefined
  const failed = container === undefined ? 'FailedGetResourceMetric' : 'FailedGetContainerResourceMetric'
  try {
    const uses = await usesOf(client, target, resource, container)
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
    const current = { ...(utilization !== undefined && { averageUtilization: utilization }), averageValue: printMilli(averageMilli) }
    const suffix = isPercentage ? ' utilization (percentage of request)' : ''
    return container === undefined
      ? { replicas, name: `${resource} resource${suffix}`, status: { type: 'Resource', resource: { name: resource, current } } }
      : {
          replicas,
          name: `${resource} ${isPercentage ? 'container ' : ''}resource${suffix}`,
          status: { type: 'ContainerResource', containerResource: { name: resource, container, current } },
        }
  } catch (error) {
    const message = `failed to get ${resource} ${isPercentage ? 'utilization' : 'usage'}: ${messageOf(error)}`
    throw new MetricError(failed, message, container === undefined ? `${resource} resource` : `${container} container`)
  }
}

/** By the names of the Pods. Throws an Error with Kubernetes' message. */
async function usesOf(client: Client, { key: { namespace }, selector }: ScaleTarget, resource: string, only: string | undefined): Promise<Map<string, PodUse>> {
  const failed = (why: string) => new Error(`unable to get metrics for resource ${resource}: ${why}`)
  const { items } = await client.list(PodMetrics, { namespace, labelSelector: selector }).catch((error: unknown) => {
    throw failed(`unable to fetch metrics from resource metrics API: ${messageOf(error)}`)
  })
  if (items.length === 0) throw failed('no metrics returned from resource metrics API')
  const uses = new Map<string, PodUse>()
  for (const { metadata, timestamp, window, containers } of items) {
    const counted = containers.filter(({ name }) => only === undefined || name === only)
    if (only !== undefined && counted.length === 0)
      throw failed(`failed to get container metrics: container ${only} not present in metrics for pod ${namespace}/${metadata.name}`)
    // Of what is only partly known nothing is known.
    if (counted.length === 0 || counted.some(({ usage }) => usage[resource] === undefined)) continue
    const milli = counted.reduce((sum, { usage }) => sum + quantityMilli(String(usage[resource])), 0)
    uses.set(metadata.name!, { milli, at: Date.parse(timestamp), windowMs: parseGoDuration(window) ?? 0 })
  }
  return uses
}

/** In powers of ten, memory too, as Kubernetes prints it. */
const printMilli = (milli: number): string => formatQuantity({ nano: BigInt(Math.round(milli)) * 1_000_000n, format: 'decimal' })
