/** What one Pod asks of a node, and what it means to other Pods, worked out once: a decision looks at thousands of nodes. */
import { hostPortsOf, isDeleting, type HostPort } from '../api/pod.ts'
import { podRequestsInUse, type ResourceAmounts } from '../api/resources.ts'
import type { Pod } from '../api/kinds/pod.ts'
import { claimsOf } from '../api/volume_matching.ts'
import { affinityTermsOf, type AffinityTerms, type PodFeatures } from './affinity_terms.ts'
import { spreadConstraintsOf, type SpreadConstraints } from './spread_constraints.ts'

export interface PodDemand {
  readonly pod: Pod
  readonly priority: number
  /** CPU in milli-cores, everything else in whole units. */
  readonly requests: ResourceAmounts
  /** Requested CPU and memory where a Pod that asks for nothing counts as a small one: for spreading only. */
  readonly nonZero: { readonly cpu: number; readonly memory: number }
  readonly hostPorts: readonly HostPort[]
  readonly features: PodFeatures
  /** Pods with the same are the same to every selector. */
  readonly classKey: string
  readonly affinity: AffinityTerms
  /** `namespace/name` of its claims. */
  readonly claims: readonly string[]
  readonly spread: SpreadConstraints
  /** Names of its nodes, where its node affinity leaves no choice; undefined for any. */
  readonly nodeNames: readonly string[] | undefined
}

/** What the scores count for a Pod that names no request. */
const NON_ZERO = { cpu: 100, memory: 200 * 1024 * 1024 }

export function demandOf(pod: Pod): PodDemand {
  const requests = podRequestsInUse(pod)
  const features = { namespace: pod.metadata.namespace ?? '', labels: pod.metadata.labels, isTerminating: isDeleting(pod) }
  return {
    pod,
    priority: pod.spec.priority ?? 0,
    requests,
    nonZero: { cpu: requests.get('cpu') ?? NON_ZERO.cpu, memory: requests.get('memory') ?? NON_ZERO.memory },
    hostPorts: hostPortsOf(pod),
    features,
    classKey: JSON.stringify(features),
    affinity: affinityTermsOf(pod),
    claims: claimsOf(pod).map(({ claim }) => `${features.namespace}/${claim}`),
    spread: spreadConstraintsOf(pod),
    nodeNames: nodeNamesOf(pod),
  }
}

/** The names in the node affinity if each of its terms names some, as those of a DaemonSet's Pods do. */
function nodeNamesOf({ spec }: Pod): readonly string[] | undefined {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  if (!terms?.length) return undefined
  const names = new Set<string>()
  for (const { matchFields } of terms) {
    const lists = (matchFields ?? []).filter(({ key, operator }) => key === 'metadata.name' && operator === 'In').map(({ values }) => values ?? [])
    if (lists.length === 0) return undefined
    for (const name of lists[0]!) if (lists.every(list => list.includes(name))) names.add(name)
  }
  return [...names]
}
