/** Which of the nodes that can run the Pod is best? Each score is 0 to 100; the weighted sum decides. */
import { countUntoleratedPreferences, nodePreferenceWeight } from '../api/pod.ts'
import type { PodDemand } from './demand.ts'
import type { NodeInfo } from './snapshot.ts'

const WEIGHTS = { taintToleration: 3, nodeAffinity: 2, leastAllocated: 1, balancedAllocation: 1 }

export function scoreNodes(demand: PodDemand, infos: readonly NodeInfo[]): number[] {
  const { pod } = demand
  const untolerated = infos.map(({ node }) => (node.spec?.taints?.length ? countUntoleratedPreferences(pod, node.spec.taints) : 0))
  const preferred = infos.map(({ node }) => nodePreferenceWeight(pod, node))
  const untoleratedMax = largest(untolerated)
  const preferredMax = largest(preferred)
  return infos.map(
    (info, i) =>
      WEIGHTS.taintToleration * (untoleratedMax === 0 ? 100 : 100 - Math.floor((100 * untolerated[i]!) / untoleratedMax)) +
      WEIGHTS.nodeAffinity * (preferredMax === 0 ? 0 : Math.floor((100 * preferred[i]!) / preferredMax)) +
      WEIGHTS.leastAllocated * leastAllocated(demand, info) +
      WEIGHTS.balancedAllocation * balancedAllocation(demand, info),
  )
}

/** The mean of what would stay free of CPU and of memory, in percent. */
function leastAllocated({ nonZero }: PodDemand, { allocatable, nonZeroRequested }: NodeInfo): number {
  const free = (resource: 'cpu' | 'memory') => {
    const total = allocatable.get(resource) ?? 0
    const used = nonZeroRequested[resource] + nonZero[resource]
    return total === 0 || used > total ? 0 : Math.floor(((total - used) * 100) / total)
  }
  return Math.floor((free('cpu') + free('memory')) / 2)
}

/** 100 when CPU and memory would be used to the same fraction. */
function balancedAllocation({ requests }: PodDemand, { allocatable, requested }: NodeInfo): number {
  const fraction = (resource: 'cpu' | 'memory') => {
    const total = allocatable.get(resource) ?? 0
    return total === 0 ? 1 : Math.min(1, ((requested.get(resource) ?? 0) + (requests.get(resource) ?? 0)) / total)
  }
  return Math.floor((1 - Math.abs(fraction('cpu') - fraction('memory')) / 2) * 100)
}

/** 0 for none. Not spread into Math.max: there may be more nodes than a call may have arguments. */
export const largest = (numbers: readonly number[]): number => numbers.reduce((max, n) => (n > max ? n : max), 0)
