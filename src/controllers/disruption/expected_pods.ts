/** How many Pods there should be, for budgets that are a share of them or name what may be missing (behaviour 12.7). */
import { apiVersionOf, type Kind } from '../../api/kind.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { controllerOf, type KubernetesObject, type OwnerReference } from '../../api/meta.ts'

/** What is known of the controller of some Pod. */
export type ControllerScale =
  | { readonly is: 'scale'; readonly uid: string; readonly replicas: number }
  | { readonly is: 'missing' }
  /** Nobody can say how many Pods it wants. */
  | { readonly is: 'unknown'; readonly why: string }

export type ExpectedPods =
  /** @param unmanaged Pods without a controller, which no share can be taken of */
  { readonly is: 'known'; readonly count: number; readonly unmanaged: readonly Pod[] } | { readonly is: 'unknown'; readonly why: string }

/** The sum of what the controllers of these Pods are scaled to, each counted once. */
export function expectedPodsOf(pods: readonly Pod[], scaleOf: (controller: OwnerReference, namespace: string) => ControllerScale): ExpectedPods {
  const scales = new Map<string, number>()
  const asked = new Set<string>()
  const unmanaged: Pod[] = []
  for (const pod of pods) {
    const controller = controllerOf(pod)
    if (!controller) {
      unmanaged.push(pod)
      continue
    }
    if (asked.has(controller.uid)) continue
    asked.add(controller.uid)
    const scale = scaleOf(controller, pod.metadata.namespace ?? '')
    if (scale.is === 'unknown') return scale
    if (scale.is === 'missing') return { is: 'unknown', why: `found no controllers for pod ${JSON.stringify(pod.metadata.name)}` }
    scales.set(scale.uid, scale.replicas)
  }
  return { is: 'known', count: [...scales.values()].reduce((sum, replicas) => sum + replicas, 0), unmanaged }
}

/**
 * Reads the scale of a controller out of what the API has of it: of a ReplicaSet that a Deployment controls, the
 * Deployment's, because during a rolling update the Pods of two ReplicaSets are one set.
 */
export function createScaleOf(
  kinds: readonly Kind[],
  find: (kind: Kind, key: { namespace: string; name: string }) => KubernetesObject | undefined,
): (controller: OwnerReference, namespace: string) => ControllerScale {
  return function scaleOf({ apiVersion, kind: kindName, name, uid }: OwnerReference, namespace: string): ControllerScale {
    const kind = kinds.find(one => one.kind === kindName && apiVersionOf(one) === apiVersion)
    if (!kind) return { is: 'unknown', why: `no matches for kind ${JSON.stringify(kindName)} in version ${JSON.stringify(apiVersion)}` }
    if (!kind.scale) return { is: 'unknown', why: `${kind.plural}${kind.group && `.${kind.group}`} does not implement the scale subresource` }
    const object = find(kind, { namespace, name })
    if (object?.metadata.uid !== uid) return { is: 'missing' }
    const above = controllerOf(object)
    const over = above?.kind === 'Deployment' ? scaleOf(above, namespace) : undefined
    return over?.is === 'scale' ? over : { is: 'scale', uid, replicas: kind.scale.wanted(object) }
  }
}
