/**
 * Which Pods belong together with a Pod that says nothing about spreading: those of the same Services, and of the same
 * controller. They are spread by default, so that one lost node or zone does not take all of them.
 */
import type { LabelRequirement } from '../api/label_selector.ts'
import { matchesLabels, requirementsOf } from '../api/label_selector.ts'
import type { KubernetesObject } from '../api/meta.ts'
import type { Pod } from '../api/kinds/pod.ts'
import { ReplicaSet } from '../api/kinds/replica_set.ts'
import { ReplicationController } from '../api/kinds/replication_controller.ts'
import { Service } from '../api/kinds/service.ts'
import { StatefulSet } from '../api/kinds/stateful_set.ts'
import type { LabelSelector } from '../api/types/label_selector.ts'
import type { Cache } from '../client/cache.ts'
import { indexBy } from '../client/cache_index.ts'
import type { CacheOf } from '../client/caches.ts'

export interface Siblings {
  /** What they have in common; empty if the Pod belongs to nobody. */
  of(pod: Pod): readonly LabelRequirement[]
  stop(): void
}

export function createSiblings(cacheOf: CacheOf): Siblings {
  const services = indexBy(cacheOf(Service), ({ metadata, spec }) => (spec.selector && Object.keys(spec.selector).length > 0 ? [metadata.namespace ?? ''] : []))
  const controllers: readonly Parents[] = [
    parents('ReplicaSet', 'apps/', cacheOf(ReplicaSet), ({ spec }) => spec.selector),
    parents('StatefulSet', 'apps/', cacheOf(StatefulSet), ({ spec }) => spec.selector),
    parents('ReplicationController', 'v1', cacheOf(ReplicationController), ({ spec }) => ({ matchLabels: spec.selector ?? {} })),
  ]
  return {
    of({ metadata }) {
      const { namespace = '', labels, ownerReferences } = metadata
      const requirements = services
        .find(namespace)
        .map(({ spec }) => requirementsOf({ matchLabels: spec.selector ?? {} }))
        .filter(selector => matchesLabels(selector, labels))
        .flat()
      const owner = ownerReferences?.find(({ controller }) => controller)
      const parent = owner && controllers.find(({ kind, group }) => kind === owner.kind && owner.apiVersion.startsWith(group))
      const selector = parent?.selectorOf(namespace, owner!.name)
      return [...requirements, ...(selector ? requirementsOf(selector) : [])]
    },
    stop: () => services.stop(),
  }
}

interface Parents {
  readonly kind: string
  readonly group: string
  selectorOf(namespace: string, name: string): LabelSelector | undefined
}

const parents = <T extends KubernetesObject>(kind: string, group: string, cache: Cache<T>, read: (parent: T) => LabelSelector | undefined): Parents => ({
  kind,
  group,
  selectorOf(namespace, name) {
    const parent = cache.get({ namespace, name })
    return parent && read(parent)
  },
})
