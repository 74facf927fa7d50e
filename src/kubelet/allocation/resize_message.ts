import type { Pod } from '../../api/kinds/pod.ts'
import type { Quantities } from '../../api/resources.ts'
import type { Container } from '../../api/types/container.ts'

/** What Kubernetes says of a Pod that has got its new resources: all of them, as JSON. */
export function resizeCompleted({ spec, metadata }: Pod, generation: number | undefined): string {
  const summary = {
    ...(spec.initContainers?.length && { initContainers: spec.initContainers.map(resourcesOf) }),
    containers: spec.containers.map(resourcesOf),
    generation: generation ?? metadata.generation ?? 0,
  }
  return `Pod resize completed: ${JSON.stringify(summary)}`
}

const resourcesOf = ({ name, resources }: Container) => ({
  name,
  resources: { ...(resources?.limits && { limits: sorted(resources.limits) }), ...(resources?.requests && { requests: sorted(resources.requests) }) },
})

const sorted = (quantities: Quantities): object => Object.fromEntries(Object.entries(quantities).sort(([a], [b]) => (a < b ? -1 : 1)))
