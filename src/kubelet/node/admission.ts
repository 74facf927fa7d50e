/**
 * Whether a Pod still fits on the node when the kubelet first sees it. The scheduler has asked before, but it may not have
 * known everything, and a Pod may name its node itself.
 */
import { hostPortsConflict, hostPortsOf, podRequests } from '../../api/pod.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { Allocatable } from './allocatable.ts'
import { forbiddenSysctl } from './sysctls.ts'

export interface Refusal {
  readonly reason: string
  readonly message: string
}

/** `others` are the Pods of this node that have not ended. Resources the node does not have at all are refused too. */
export function admitPod(pod: Pod, others: readonly Pod[], allocatable: Allocatable): Refusal | undefined {
  const sysctl = forbiddenSysctl(pod)
  if (sysctl) return { reason: 'SysctlForbidden', message: sysctl }
  if (pod.spec.os && pod.spec.os.name !== 'linux') return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" }
  const capacity = new Map([
    ['cpu', allocatable.cpuMilli],
    ['memory', allocatable.memoryBytes],
    ['ephemeral-storage', allocatable.ephemeralStorageBytes],
  ])
  if (others.length + 1 > allocatable.podsMax) return outOf('pods', 1, others.length, allocatable.podsMax)
  for (const [resource, requested] of podRequests(pod)) {
    if (requested === 0) continue
    const used = others.reduce((sum, other) => sum + (podRequests(other).get(resource) ?? 0), 0)
    const most = capacity.get(resource) ?? 0
    if (used + requested > most) return outOf(resource, requested, used, most)
  }
  if (hostPortsConflict(hostPortsOf(pod), others.flatMap(hostPortsOf))) {
    return { reason: 'NodePorts', message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports" }
  }
  return undefined
}

const outOf = (resource: string, requested: number, used: number, capacity: number): Refusal => ({
  reason: `OutOf${resource}`,
  message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
})
