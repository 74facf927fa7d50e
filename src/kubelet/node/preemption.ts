/**
 * Whom a critical Pod pushes out when its node has no room for it (behaviour 6.6). As few as can be of those that were promised
 * most: Guaranteed Pods only for what BestEffort and Burstable ones together could not give, and so on downwards.
 */
import { isCriticalPod } from '../../api/pod.ts'
import { qosClass } from '../../api/resources.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { requestedOf } from './predicates.ts'

/** How much of each resource is missing. */
export type Missing = ReadonlyMap<string, number>

export type PreemptionPlan = { readonly is: 'possible'; readonly victims: readonly Pod[] } | { readonly is: 'impossible'; readonly why: string }

/** @param others the Pods of this node that have not ended */
export function planPreemption(pod: Pod, others: readonly Pod[], missing: Missing): PreemptionPlan {
  const candidates = others.filter(other => mayPreempt(pod, other))
  const left = without(missing, candidates)
  if (left.size > 0) return { is: 'impossible', why: `no set of running pods found to reclaim resources: ${print(left)}` }

  const ofClass = (wanted: string) => candidates.filter(other => qosClass(other) === wanted)
  const bestEffort = ofClass('BestEffort')
  const burstable = ofClass('Burstable')
  const guaranteedVictims = nearest(ofClass('Guaranteed'), without(missing, [...bestEffort, ...burstable]))
  const burstableVictims = nearest(burstable, without(missing, [...bestEffort, ...guaranteedVictims]))
  const bestEffortVictims = nearest(bestEffort, without(missing, [...burstableVictims, ...guaranteedVictims]))
  return { is: 'possible', victims: [...bestEffortVictims, ...burstableVictims, ...guaranteedVictims] }
}

const mayPreempt = (pod: Pod, other: Pod): boolean =>
  !isCriticalPod(other) || (pod.spec.priority !== undefined && other.spec.priority !== undefined && pod.spec.priority > other.spec.priority)

/** One after the other the Pod that leaves the least to be found; of equals the one that asks for less. */
function nearest(pods: readonly Pod[], missing: Missing): Pod[] {
  const victims: Pod[] = []
  for (let left = missing; left.size > 0; left = without(missing, victims)) {
    const rest = pods.filter(pod => !victims.includes(pod))
    if (rest.length === 0) break
    victims.push(rest.reduce((best, pod) => (isNearer(pod, best, left) ? pod : best)))
  }
  return victims
}

function isNearer(pod: Pod, best: Pod, missing: Missing): boolean {
  const difference = distance(pod, missing) - distance(best, missing)
  if (difference !== 0) return difference < 0
  for (const resource of ['memory', 'cpu']) {
    const more = requestedOf(pod, resource) - requestedOf(best, resource)
    if (more !== 0) return more < 0
  }
  return true
}

/** The sum of the squares of what would still be missing, as shares of what is missing now. */
const distance = (pod: Pod, missing: Missing): number =>
  [...missing].reduce((sum, [resource, amount]) => sum + (Math.max(0, amount - requestedOf(pod, resource)) / amount) ** 2, 0)

const without = (missing: Missing, pods: readonly Pod[]): Missing =>
  new Map(
    [...missing]
      .map(([resource, amount]) => [resource, pods.reduce((left, pod) => left - requestedOf(pod, resource), amount)] as const)
      .filter(([, amount]) => amount > 0),
  )

const print = (missing: Missing): string => `[${[...missing].map(([resource, amount]) => `(res: ${resource}, q: ${amount}), `).join('')}]`
