/** Which Pods belong to which workload, close at hand: a cluster has more Pods than anybody wants to look through. */
import { controllerOf, type KubernetesObject } from '../../api/meta.ts'
import type { Cache } from '../../client/cache.ts'
import { indexBy } from '../../client/cache_index.ts'

export interface OwnedObjects<T extends KubernetesObject> {
  /** Those this object controls, by its uid. In no stated order, and so are the others. */
  of(owner: KubernetesObject): readonly T[]
  /** Those of a namespace that nobody controls. */
  orphans(namespace: string): readonly T[]
  stop(): void
}

/** For Pods of workloads, and for ReplicaSets of Deployments. */
export function createOwnedObjects<T extends KubernetesObject>(cache: Cache<T>): OwnedObjects<T> {
  const index = indexBy(cache, object => [controllerOf(object)?.uid ?? orphansOf(object.metadata.namespace ?? '')])
  return {
    of: owner => index.find(owner.metadata.uid!),
    orphans: namespace => index.find(orphansOf(namespace)),
    stop: () => index.stop(),
  }
}

/** No uid has a slash. */
const orphansOf = (namespace: string): string => `orphans/${namespace}`
