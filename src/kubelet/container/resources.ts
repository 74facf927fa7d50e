/** Requests and limits as the kernel counts them, and who is killed first when memory runs out. */
import type { Pod } from '../../api/kinds/pod.ts'
import { quantityMilli, quantityValue } from '../../api/quantity.ts'
import type { Container } from '../../api/types/container.ts'
import type { ContainerResources } from '../../runtime/runtime.ts'
import { regularContainersOf, type ContainerRole } from '../pod/pod_nouns.ts'

const SHARES_MIN = 2
const SHARES_MAX = 262_144
const CPU_PERIOD_US = 100_000
const CPU_QUOTA_US_MIN = 1000
const NODE_CRITICAL_PRIORITY = 2_000_001_000

export function runtimeResources(pod: Pod, container: Container, role: ContainerRole, memoryCapacityBytes: number): ContainerResources {
  const { requests, limits } = container.resources ?? {}
  const cpuRequest = requests?.cpu ?? limits?.cpu
  const memoryLimit = limits?.memory === undefined ? 0 : quantityValue(String(limits.memory))
  return {
    cpuShares: sharesOf(cpuRequest === undefined ? 0 : quantityMilli(String(cpuRequest))),
    cpuPeriodUs: CPU_PERIOD_US,
    cpuQuotaUs: limits?.cpu === undefined ? -1 : quotaOf(quantityMilli(String(limits.cpu))),
    ...(memoryLimit > 0 && { memoryLimitBytes: memoryLimit }),
    oomScoreAdj: oomScoreAdj(pod, container, role, memoryCapacityBytes),
  }
}

export const sharesOf = (cpuMilli: number): number => Math.min(SHARES_MAX, Math.max(SHARES_MIN, Math.floor((cpuMilli * 1024) / 1000)))

export const quotaOf = (cpuMilli: number): number => (cpuMilli === 0 ? -1 : Math.max(CPU_QUOTA_US_MIN, Math.floor((cpuMilli * CPU_PERIOD_US) / 1000)))

/** The higher, the sooner killed: BestEffort first, Guaranteed last, Burstable by how much of the node it asked for. */
export function oomScoreAdj(pod: Pod, container: Container, role: ContainerRole, memoryCapacityBytes: number): number {
  if ((pod.spec.priority ?? 0) >= NODE_CRITICAL_PRIORITY || pod.status.qosClass === 'Guaranteed') return -997
  if (pod.status.qosClass === 'BestEffort') return 1000
  const score = (memoryRequest: number) => Math.min(999, Math.max(3, 1000 - Math.floor((1000 * memoryRequest) / memoryCapacityBytes)))
  const own = score(memoryRequestOf(container))
  if (role !== 'sidecar') return own
  // A sidecar that is killed takes its Pod's service with it: it lives as long as the least of those it serves.
  return Math.min(own, score(Math.min(...regularContainersOf(pod).map(regular => memoryRequestOf(regular.container)))))
}

const memoryRequestOf = ({ resources }: Container): number => {
  const request = resources?.requests?.memory ?? resources?.limits?.memory
  return request === undefined ? 0 : quantityValue(String(request))
}
