/** What the kubelet alone asks about a Pod: the parts its containers play, and the names its messages give them. */
import type { Pod } from '../../api/kinds/pod.ts'
import { isSidecar } from '../../api/pod.ts'
import type { Container } from '../../api/types/container.ts'
import type { Millis } from '../../base/clock.ts'
import type { TracedPod } from '../../base/lifecycle_trace.ts'

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed'

/** Which list of the spec a container stands in; it decides order, restarts and the field path of events. */
export type ContainerRole = 'init' | 'sidecar' | 'regular' | 'ephemeral'

export interface NamedContainer {
  readonly role: ContainerRole
  readonly container: Container
  /** For ephemeral containers: whose process namespace it joins. */
  readonly targetContainerName?: string
}

/** Every container of the Pod, in the order of start. */
export function containersOf(pod: Pod): NamedContainer[] {
  return [
    ...initContainersOf(pod),
    ...regularContainersOf(pod),
    ...(pod.spec.ephemeralContainers ?? []).map((container): NamedContainer => ({
      role: 'ephemeral',
      container: container as unknown as Container,
      targetContainerName: container.targetContainerName || undefined,
    })),
  ]
}

export const initContainersOf = (pod: Pod): NamedContainer[] =>
  (pod.spec.initContainers ?? []).map(container => ({ role: isSidecar(container) ? 'sidecar' : 'init', container }))

export const regularContainersOf = (pod: Pod): NamedContainer[] => pod.spec.containers.map(container => ({ role: 'regular', container }))

/** As events name the part of the Pod they are about: `spec.containers{web}`. */
export function fieldPathOf({ role, container }: NamedContainer): string {
  const list = role === 'regular' ? 'containers' : role === 'ephemeral' ? 'ephemeralContainers' : 'initContainers'
  return `spec.${list}{${container.name}}`
}

/** `web_default(6a7b…)`: how the kubelet's messages name a Pod. */
export const podLabel = (pod: Pod): string => `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`

/** As timelines name a Pod. */
export const tracedPod = ({ metadata: { namespace = '', name = '', uid = '' } }: Pod): TracedPod => ({ namespace, name, uid })

export const isHostNetwork = (pod: Pod): boolean => pod.spec.hostNetwork === true

/** How long the Pod's containers get to stop. Never less than a second. */
export const specGraceMs = (pod: Pod): Millis => Math.max(1, pod.spec.terminationGracePeriodSeconds ?? 30) * 1000
