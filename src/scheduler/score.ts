/** Which of the nodes that can run the Pod is best? Each score is 0 to 100; the weighted sum decides. */
import { countUntoleratedPreferences, nodePreferenceWeight } from '../api/pod.ts'
import { podRequests } from '../api/resources.ts'
import type { Pod } from '../api/kinds/pod.ts'
import { nonZeroRequests, type NodeInfo } from './snapshot.ts'

const WEIGHTS = { taintToleration: 3, nodeAffinity: 2, leastAllocated: 1, balancedAllocation: 1 }

export function scoreNodes(pod: Pod, infos: readonly NodeInfo[]): number[] {
  const untolerated = infos.map(({ node }) => countUntoleratedPreferences(pod, node.spec?.taints ?? []))
  const preferred = infos.map(({ node }) => nodePreferenceWeight(pod, node))
  const untoleratedMax = Math.max(0, ...untolerated)
  const preferredMax = Math.max(0, ...preferred)
  return infos.map((info, i) =>
    WEIGHTS.taintToleration * (untoleratedMax === 0 ? 100 : 100 - Math.floor((100 * untolerated[i]!) / untoleratedMax))
    + WEIGHTS.nodeAffinity * (preferredMax === 0 ? 0 : Math.floor((100 * preferred[i]!) / preferredMax))
    + WEIGHTS.leastAllocated * leastAllocated(pod, info)
    + WEIGHTS.balancedAllocation * balancedAllocation(pod, info))
}

/** The mean of what would stay free of CPU and of memory, in percent. */
export function leastAllocated(pod: Pod, { allocatable, nonZeroRequested }: NodeInfo): number {
  const own = nonZeroRequests(podRequests(pod))
  const free = (resource: 'cpu' | 'memory') => {
    const total = allocatable.get(resource) ?? 0
    const used = nonZeroRequested[resource] + own[resource]
    return total === 0 || used > total ? 0 : Math.floor(((total - used) * 100) / total)
  }
  return Math.floor((free('cpu') + free('memory')) / 2)
}

/** 100 when CPU and memory would be used to the same fraction. */
export function balancedAllocation(pod: Pod, { allocatable, requested }: NodeInfo): number {
  const own = podRequests(pod)
  const fraction = (resource: 'cpu' | 'memory') => {
    const total = allocatable.get(resource) ?? 0
    return total === 0 ? 1 : Math.min(1, ((requested.get(resource) ?? 0) + (own.get(resource) ?? 0)) / total)
  }
  return Math.floor((1 - Math.abs(fraction('cpu') - fraction('memory')) / 2) * 100)
}
