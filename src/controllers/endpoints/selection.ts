import type { Pod } from '../../api/kinds/pod.ts'
import type { Service } from '../../api/kinds/service.ts'
import { keyOf, type ObjectKey } from '../../api/meta.ts'
import type { Cache } from '../../client/cache.ts'
import { indexBy } from '../../client/cache_index.ts'
import { hasSelector, selects } from './backends.ts'

/** Who selects whom, both ways, without looking at every Pod or at every Service. */
export interface Selection {
  podsOf(service: Service): Pod[]
  servicesOf(pod: Pod): ObjectKey[]
  stop(): void
}

export function createSelection(pods: Cache<Pod>, services: Cache<Service>): Selection {
  const labelled = indexBy(pods, pod => Object.entries(pod.metadata.labels ?? {}).map(label => labelKey(pod.metadata.namespace, label)))
  // One label of the selector is enough to find it by: a Pod it selects has all of them.
  const selecting = indexBy(services, service => (hasSelector(service) ? [labelKey(service.metadata.namespace, rarestOf(service))] : []))
  return {
    podsOf(service) {
      const candidates = labelled.find(labelKey(service.metadata.namespace, rarestOf(service)))
      return candidates.filter(pod => selects(service, pod)).sort((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1))
    },
    servicesOf: pod =>
      Object.entries(pod.metadata.labels ?? {})
        .flatMap(label => selecting.find(labelKey(pod.metadata.namespace, label)))
        .filter(service => selects(service, pod))
        .map(keyOf),
    stop() {
      labelled.stop()
      selecting.stop()
    },
  }
}

/** The last by name, as good as any: `app.kubernetes.io/name` and the like come early and are shared by many. */
const rarestOf = ({ spec }: Service): [string, string] => Object.entries(spec.selector ?? {}).sort(([a], [b]) => (a < b ? 1 : -1))[0] ?? ['', '']

const labelKey = (namespace: string | undefined, [name, value]: [string, string]): string => `${namespace}/${name}=${value}`
