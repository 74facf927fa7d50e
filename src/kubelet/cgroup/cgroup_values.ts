/**
 * Requests and limits as the kernel counts them, for a container, its Pod, and all Pods of a class (behaviour 6.3).
 *
 *   kubepods: what the node has
 *   ├─ pod<uid>     Guaranteed: shares, quota, memory
 *   ├─ burstable    shares: the sum of what its Pods ask for
 *   │  └─ pod<uid>  shares; quota and memory where every container has a limit, or the Pod itself
 *   └─ besteffort   the smallest share there is
 *      └─ pod<uid>  the same
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { quantityMilli, quantityValue } from '../../api/quantity.ts'
import { podLimits, podRequests } from '../../api/resources.ts'
import type { Container } from '../../api/types/container.ts'
import { CPU_PERIOD_US, type CgroupLimits } from '../../runtime/pod_cgroups.ts'

const SHARES_MIN = 2
const SHARES_MAX = 262_144
const CPU_QUOTA_US_MIN = 1000
export const NO_LIMIT = -1

/** `milli` of a core. Nothing asked for is the smallest share. */
export const sharesOf = (milli: number): number => Math.min(SHARES_MAX, Math.max(SHARES_MIN, Math.floor((milli * 1024) / 1000)))

/** A limit of 0 is none; less than 10m is 10m. */
export const quotaOf = (milli: number): number => (milli === 0 ? NO_LIMIT : Math.max(CPU_QUOTA_US_MIN, Math.floor((milli * CPU_PERIOD_US) / 1000)))

/** In milli-cores: what shares and a quota stand for when a status tells them. */
export const milliOfShares = (shares: number): number => (shares <= SHARES_MIN ? 2 : Math.ceil((shares * 1000) / 1024))
export const milliOfQuota = (quotaUs: number): number => Math.floor((quotaUs * 1000) / CPU_PERIOD_US)

export function containerLimits({ resources }: Pick<Container, 'resources'>): Required<CgroupLimits> {
  const { requests, limits } = resources ?? {}
  const cpuRequest = requests?.cpu ?? limits?.cpu
  const memoryLimit = limits?.memory === undefined ? 0 : quantityValue(String(limits.memory))
  return {
    cpuShares: sharesOf(cpuRequest === undefined ? 0 : quantityMilli(String(cpuRequest))),
    cpuQuotaUs: limits?.cpu === undefined ? NO_LIMIT : quotaOf(quantityMilli(String(limits.cpu))),
    memoryLimitBytes: memoryLimit > 0 ? memoryLimit : NO_LIMIT,
  }
}

export function podCgroupLimits(pod: Pod): Required<CgroupLimits> {
  const none = { cpuShares: SHARES_MIN, cpuQuotaUs: NO_LIMIT, memoryLimitBytes: NO_LIMIT }
  if (pod.status.qosClass === 'BestEffort') return none
  const limits = podLimits(pod)
  return {
    cpuShares: sharesOf(podRequests(pod).get('cpu') ?? 0),
    cpuQuotaUs: isLimited(pod, 'cpu') ? quotaOf(limits.get('cpu') ?? 0) : NO_LIMIT,
    memoryLimitBytes: isLimited(pod, 'memory') ? limits.get('memory') || NO_LIMIT : NO_LIMIT,
  }
}

/** The Pod as a whole has a limit of its own, or each of its containers, init containers too, has one. */
function isLimited({ spec }: Pod, resource: 'cpu' | 'memory'): boolean {
  const has = (limits: { readonly [resource: string]: string } | undefined) => limits?.[resource] !== undefined && quantityMilli(limits[resource]) > 0
  return has(spec.resources?.limits) || [...(spec.initContainers ?? []), ...spec.containers].every(({ resources }) => has(resources?.limits))
}

/** Of the class Burstable, from the requests of its Pods. */
export const burstableLimits = (cpuMilli: readonly number[]): CgroupLimits => ({ cpuShares: sharesOf(cpuMilli.reduce((sum, milli) => sum + milli, 0)) })

export const BEST_EFFORT_LIMITS: CgroupLimits = { cpuShares: SHARES_MIN }

/** Of all Pods together: what the node has. Nothing is kept back for the system, as by default in Kubernetes. */
export const nodeLimits = (machine: { cpuMilli: number; memoryBytes: number }): CgroupLimits => ({
  cpuShares: sharesOf(machine.cpuMilli),
  memoryLimitBytes: machine.memoryBytes,
})

/** Room for both: while a resize is under way a Pod may use as much as before it and as after it. */
export const widest = (a: Required<CgroupLimits>, b: Required<CgroupLimits>): Required<CgroupLimits> => ({
  cpuShares: Math.max(a.cpuShares, b.cpuShares),
  cpuQuotaUs: higher(a.cpuQuotaUs, b.cpuQuotaUs),
  memoryLimitBytes: higher(a.memoryLimitBytes, b.memoryLimitBytes),
})

const higher = (a: number, b: number): number => (a === NO_LIMIT || b === NO_LIMIT ? NO_LIMIT : Math.max(a, b))
