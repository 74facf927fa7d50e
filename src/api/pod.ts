/** What a Pod's object says about it: predicates and look-ups that every component shares. */
import type { Pod } from './kinds/pod.ts'
import type { Container } from './types/container.ts'
import type { ContainerStatus } from './types/container_status.ts'
import type { EphemeralContainer } from './types/ephemeral_container.ts'
import type { PodCondition } from './types/pod_status.ts'

export {
  countUntoleratedPreferences,
  hostPortsConflict,
  hostPortsOf,
  keepsPodsAway,
  matchesNodeSelection,
  mergeTolerations,
  nodePreferenceWeight,
  tolerates,
  untoleratedTaint,
  type HostPort,
} from './placement.ts'
export { podRequests, qosClass } from './resources.ts'

/** Finished for good: its containers have stopped and will not start again. */
export const isTerminal = ({ status: { phase } }: Pick<Pod, 'status'>): boolean => phase === 'Failed' || phase === 'Succeeded'

/** Somebody has asked for its deletion. The phase stays what it was; "Terminating" is kubectl's word. */
export const isDeleting = ({ metadata }: Pick<Pod, 'metadata'>): boolean => metadata.deletionTimestamp !== undefined

/** Neither finished nor on its way out: what workload controllers count. */
export const isActive = (pod: Pod): boolean => !isTerminal(pod) && !isDeleting(pod)

export const isReady = (pod: Pick<Pod, 'status'>): boolean => podCondition(pod, 'Ready')?.status === 'True'

/** Ready, and for so long that it counts. Clocks of objects have whole seconds. */
export function isAvailable(pod: Pod, minReadySeconds: number, wallMs: number): boolean {
  if (!isReady(pod)) return false
  const since = podCondition(pod, 'Ready')?.lastTransitionTime
  return minReadySeconds === 0 || (since !== undefined && Date.parse(since) + minReadySeconds * 1000 <= wallMs)
}

export const podCondition = ({ status }: Pick<Pod, 'status'>, type: string): PodCondition | undefined =>
  status.conditions?.find(condition => condition.type === type)

/**
 * The conditions with this one set. lastTransitionTime is the last change of the status, so it stays when only
 * reason or message change.
 * @param at RFC 3339 in seconds
 */
export function setCondition(conditions: readonly PodCondition[] | undefined, next: Omit<PodCondition, 'lastTransitionTime'>, at: string): PodCondition[] {
  const old = conditions?.find(({ type }) => type === next.type)
  const condition = { ...next, lastTransitionTime: old?.status === next.status && old.lastTransitionTime ? old.lastTransitionTime : at }
  return old ? conditions!.map(one => (one === old ? condition : one)) : [...(conditions ?? []), condition]
}

export const CONFIG_SOURCE_ANNOTATION = 'kubernetes.io/config.source'
export const CONFIG_MIRROR_ANNOTATION = 'kubernetes.io/config.mirror'

/** The kubelet's own, from a file on its node. What the API has of it is its mirror. */
export const isStaticPod = ({ metadata }: Pick<Pod, 'metadata'>): boolean => (metadata.annotations?.[CONFIG_SOURCE_ANNOTATION] ?? 'api') !== 'api'

/** Stands in the API for a static Pod. Nothing is run for it. */
export const isMirrorPod = ({ metadata }: Pick<Pod, 'metadata'>): boolean => metadata.annotations?.[CONFIG_MIRROR_ANNOTATION] !== undefined

export const SYSTEM_CRITICAL_PRIORITY = 2_000_000_000

/** What a node cannot do without: never evicted, and others go for it. */
export const isCriticalPod = (pod: Pick<Pod, 'metadata' | 'spec'>): boolean =>
  isStaticPod(pod) || isMirrorPod(pod) || (pod.spec.priority ?? 0) >= SYSTEM_CRITICAL_PRIORITY

/** An init container that keeps running beside the others. */
export const isSidecar = ({ restartPolicy }: Pick<Container, 'restartPolicy'>): boolean => restartPolicy === 'Always'

export type AnyContainer = Container | EphemeralContainer

export const containerStatusNamed = ({ status }: Pick<Pod, 'status'>, name: string): ContainerStatus | undefined =>
  [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? []), ...(status.ephemeralContainerStatuses ?? [])].find(one => one.name === name)

/** Whether a container that ended with this code is started again by the Pod's own policy. Sidecars always are. */
export function restartsAfter({ spec }: Pick<Pod, 'spec'>, container: Pick<Container, 'name' | 'restartPolicy'>, exitCode: number): boolean {
  if (isSidecar(container)) return true
  const isInit = spec.initContainers?.some(({ name }) => name === container.name) ?? false
  if (spec.restartPolicy === 'Never') return false
  return exitCode !== 0 || (spec.restartPolicy === 'Always' && !isInit)
}
