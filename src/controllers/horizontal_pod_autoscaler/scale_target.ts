/** What an autoscaler scales: found by kind and name, read and written as a Scale. */
import type { Kind } from '../../api/kind.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { Scale } from '../../api/kinds/scale.ts'
import { matchesLabels, parseLabelSelector } from '../../api/label_selector.ts'
import type { ObjectKey } from '../../api/meta.ts'
import type { CrossVersionObjectReference } from '../../api/types/horizontal_pod_autoscaler.ts'
import { pathOf } from '../../client/api_client.ts'
import type { Cache } from '../../client/cache.ts'
import type { Client } from '../../client/client.ts'

export interface ScaleTarget {
  readonly kind: Kind
  readonly key: ObjectKey
  /** The version that was looked at. */
  readonly resourceVersion: string | undefined
  readonly current: number
  /** In the form of a query. */
  readonly selector: string
  readonly pods: readonly Pod[]
}

export interface FindingTargets {
  /** All kinds there are; those with a scale can be targets. */
  readonly kinds: readonly Kind[]
  readonly pods: Cache<Pod>
}

/** Throws an Error with Kubernetes' message. */
export async function findTarget(
  client: Client,
  { kinds, pods }: FindingTargets,
  namespace: string,
  { apiVersion = '', kind: kindName, name }: CrossVersionObjectReference,
): Promise<ScaleTarget> {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  const kind = kinds.find(one => one.kind === kindName && one.group === group)
  if (!kind) throw new Error(`no matches for kind ${JSON.stringify(kindName)} in group ${JSON.stringify(group)}`)
  if (!kind.scale) throw new Error('the server could not find the requested resource')
  const key = { namespace, name }
  const { metadata, spec, status } = (await client.request({ method: 'GET', path: `${pathOf(kind, key)}/scale` })) as Scale
  const selector = status?.selector ?? ''
  return { kind, key, resourceVersion: metadata.resourceVersion, current: spec.replicas, selector, pods: podsSelected(pods.list(namespace), selector) }
}

/** Refused with a Conflict when somebody has changed the target since it was looked at: perhaps its size. Throws ApiError. */
export async function resize(client: Client, { kind, key, resourceVersion }: ScaleTarget, replicas: number): Promise<void> {
  await client.patch(kind, key, { type: 'merge', body: { metadata: { resourceVersion }, spec: { replicas } } }, { subresource: 'scale' })
}

export function podsSelected(pods: readonly Pod[], selector: string): readonly Pod[] {
  const requirements = parseLabelSelector(selector)
  return pods.filter(({ metadata }) => matchesLabels(requirements, metadata.labels))
}
