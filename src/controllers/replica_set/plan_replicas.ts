/** How many Pods to make, or which to delete (behaviour 8.2). Decides and touches nothing. */
import type { Pod } from '../../api/kinds/pod.ts'
import { isReady, podCondition } from '../../api/pod.ts'

export type ReplicaPlan =
  | { readonly is: 'enough' }
  | { readonly is: 'create'; readonly count: number }
  | { readonly is: 'delete'; readonly pods: readonly Pod[] }

/** Changes made in one pass are bounded, so that one huge ReplicaSet cannot starve the others. */
const CHANGES_PER_PASS_MAX = 500

/**
 * @param pods the active ones of the workload
 * @param related active Pods of workloads that serve the same end: those of a Deployment's other ReplicaSets, and its own
 */
export function planReplicas(wanted: number, pods: readonly Pod[], related: () => readonly Pod[], wallMs: number): ReplicaPlan {
  const missing = wanted - pods.length
  if (missing === 0) return { is: 'enough' }
  const count = Math.min(Math.abs(missing), CHANGES_PER_PASS_MAX)
  return missing > 0 ? { is: 'create', count } : { is: 'delete', pods: cheapestToLose(pods, related(), wallMs).slice(0, count) }
}

export const DELETION_COST_ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost'

/** In the order of behaviour 8.2.4: whose loss costs least comes first. */
export function cheapestToLose(pods: readonly Pod[], related: readonly Pod[], wallMs: number): Pod[] {
  const onNode = new Map<string, number>()
  for (const { spec } of related) if (spec.nodeName) onNode.set(spec.nodeName, (onNode.get(spec.nodeName) ?? 0) + 1)
  const ranked = pods.map(pod => ({ pod, costs: costsOf(pod, onNode, wallMs) }))
  return ranked
    .sort((a, b) => {
      for (const [index, cost] of a.costs.entries()) {
        const difference = cost - b.costs[index]!
        if (difference !== 0) return difference
      }
      return a.pod.metadata.uid! < b.pod.metadata.uid! ? -1 : 1
    })
    .map(({ pod }) => pod)
}

/** Compared one after the other; the lower number goes first. */
function costsOf(pod: Pod, onNode: ReadonlyMap<string, number>, wallMs: number): readonly number[] {
  const { metadata, spec, status } = pod
  const ready = isReady(pod)
  const restarts = Math.max(0, ...[...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map(({ restartCount }) => restartCount))
  return [
    spec.nodeName ? 1 : 0,
    PHASES[status.phase ?? ''] ?? 1,
    ready ? 1 : 0,
    deletionCostOf(pod),
    // The more there are beside it, the less its node is needed for it.
    -(spec.nodeName ? (onNode.get(spec.nodeName) ?? 0) : 0),
    ready ? magnitude(podCondition(pod, 'Ready')?.lastTransitionTime, wallMs) : 0,
    -restarts,
    magnitude(metadata.creationTimestamp, wallMs),
  ]
}

const PHASES: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 }

/** 0 for what is no number; the API server refuses that when it is written, but not on Pods that are there already. */
function deletionCostOf({ metadata }: Pod): number {
  const text = metadata.annotations?.[DELETION_COST_ANNOTATION]
  return text !== undefined && /^-?[0-9]{1,10}$/.test(text) ? Number(text) : 0
}

/** Times count by their order of magnitude, so that of Pods made at about the same time any may go. */
function magnitude(time: string | null | undefined, wallMs: number): number {
  const seconds = time ? Math.floor((wallMs - Date.parse(time)) / 1000) : -1
  return seconds <= 0 ? -1 : Math.floor(Math.log2(seconds))
}
