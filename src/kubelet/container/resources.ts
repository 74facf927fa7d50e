/** Requests and limits as the kernel counts them, and who is killed first when memory runs out. */
import type { Pod } from '../../api/kinds/pod.ts'
import { quantityValue } from '../../api/quantity.ts'
import { podRequests } from '../../api/resources.ts'
import type { Container } from '../../api/types/container.ts'
import { CPU_PERIOD_US } from '../../runtime/pod_cgroups.ts'
import type { ContainerResources } from '../../runtime/runtime.ts'
import { containerLimits, NO_LIMIT } from '../cgroup/cgroup_values.ts'
import { regularContainersOf, type ContainerRole } from '../pod/pod_nouns.ts'

const NODE_CRITICAL_PRIORITY = 2_000_001_000

export function runtimeResources(pod: Pod, container: Container, role: ContainerRole, memoryCapacityBytes: number): ContainerResources {
  const { memoryLimitBytes, ...cpu } = containerLimits(container)
  return {
    ...cpu,
    cpuPeriodUs: CPU_PERIOD_US,
    ...(memoryLimitBytes !== NO_LIMIT && { memoryLimitBytes }),
    oomScoreAdj: oomScoreAdj(pod, container, role, memoryCapacityBytes),
  }
}

/** The higher, the sooner killed: BestEffort first, Guaranteed last, Burstable by how much of the node it asked for. */
export function oomScoreAdj(pod: Pod, container: Container, role: ContainerRole, memoryCapacityBytes: number): number {
  if ((pod.spec.priority ?? 0) >= NODE_CRITICAL_PRIORITY || pod.status.qosClass === 'Guaranteed') return -997
  if (pod.status.qosClass === 'BestEffort') return 1000
  const shared = podLevelSurplus(pod)
  const score = (memoryRequest: number) => Math.min(999, Math.max(3, 1000 - Math.floor((1000 * (memoryRequest + shared)) / memoryCapacityBytes)))
  const own = score(memoryRequestOf(container))
  if (role !== 'sidecar') return own
  // A sidecar that is killed takes its Pod's service with it: it lives as long as the least of those it serves.
  return Math.min(own, score(Math.min(...regularContainersOf(pod).map(regular => memoryRequestOf(regular.container)))))
}

/** What the Pod asks for beyond its containers belongs to each of them alike. */
function podLevelSurplus({ spec }: Pod): number {
  const requested = spec.resources?.requests?.memory
  if (requested === undefined) return 0
  const own = podRequests({ spec: { ...spec, resources: undefined, overhead: undefined } }).get('memory') ?? 0
  return Math.max(0, Math.floor((quantityValue(String(requested)) - own) / (spec.containers.length + (spec.initContainers?.length ?? 0))))
}

const memoryRequestOf = ({ resources }: Container): number => {
  const request = resources?.requests?.memory ?? resources?.limits?.memory
  return request === undefined ? 0 : quantityValue(String(request))
}
