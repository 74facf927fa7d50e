/** Whether a Pod may be evicted now, and what that costs its disruption budget (behaviour 12.6). Touches nothing. */
import { selectsPod, syncFailure, withDisruptionAllowed } from '../../api/disruption.ts'
import { PodDisruptionBudget } from '../../api/kinds/pod_disruption_budget.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { timestamp } from '../../api/meta.ts'
import { isDeleting, isReady, isTerminal } from '../../api/pod.ts'
import { failure, forbiddenBy, tooManyRequests, type ApiError } from '../../api/status.ts'
import type { Millis } from '../../base/clock.ts'

export type EvictionVerdict =
  /** No budget has a say. `while`: this holds for the Pod as it was seen only, because one that starts or becomes ready is protected. */
  | { readonly is: 'free'; readonly while: 'always' | 'pending' }
  /** It is not ready, and its budget lets such Pods go. This holds for the Pod as it was seen only. */
  | { readonly is: 'unhealthy'; readonly budget: PodDisruptionBudget }
  /** One allowance less: to be written together with the eviction. */
  | { readonly is: 'counted'; readonly budget: PodDisruptionBudget; readonly status: PodDisruptionBudget['status'] }
  | { readonly is: 'refused'; readonly error: ApiError }

/** Evictions that the controller has not confirmed yet, in one budget. */
const DISRUPTED_PODS_MAX = 2000
const NOT_OBSERVED_RETRY_SECONDS = 10

/** @param budgets those of the Pod's namespace */
export function planEviction(pod: Pod, budgets: readonly PodDisruptionBudget[], wallMs: Millis): EvictionVerdict {
  if (isTerminal(pod) || isDeleting(pod)) return { is: 'free', while: 'always' }
  if (pod.status.phase === 'Pending') return { is: 'free', while: 'pending' }
  // A Pod without labels has no budget, not even one that selects everything: so it is on Kubernetes.
  const hasLabels = Object.keys(pod.metadata.labels ?? {}).length > 0
  const [budget, ...others] = hasLabels ? budgets.filter(one => selectsPod(one, pod)) : []
  if (!budget) return { is: 'free', while: 'always' }
  if (others.length > 0) return refused(failure(500, '', 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.'))
  if (!isReady(pod) && letsUnhealthyGo(budget)) return { is: 'unhealthy', budget }
  return countDown(budget, pod.metadata.name!, wallMs)
}

/** Also the answer where a Pod that could go, because it was not ready, changed meanwhile. */
export const stillProcessed = ({ metadata }: PodDisruptionBudget, retryAfterSeconds?: number): ApiError =>
  wouldViolate(`The disruption budget ${metadata.name} is still being processed by the server.`, retryAfterSeconds)

const letsUnhealthyGo = ({ spec, status }: PodDisruptionBudget): boolean =>
  spec.unhealthyPodEvictionPolicy === 'AlwaysAllow' || (status.desiredHealthy > 0 && status.currentHealthy >= status.desiredHealthy)

function countDown(budget: PodDisruptionBudget, podName: string, wallMs: Millis): EvictionVerdict {
  const { metadata, status } = budget
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) return refused(stillProcessed(budget, NOT_OBSERVED_RETRY_SECONDS))
  if (Object.keys(status.disruptedPods ?? {}).length > DISRUPTED_PODS_MAX)
    return refused(forbiddenBy(BUDGET, metadata.name!, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller'))
  if (status.disruptionsAllowed <= 0) return refused(wouldViolate(whyNone(budget)))
  const counted = {
    ...status,
    disruptionsAllowed: status.disruptionsAllowed - 1,
    disruptedPods: { ...status.disruptedPods, [podName]: timestamp(wallMs) },
  }
  return { is: 'counted', budget, status: counted.disruptionsAllowed === 0 ? withDisruptionAllowed(counted, wallMs) : counted }
}

function whyNone({ metadata, status }: PodDisruptionBudget): string {
  const failed = syncFailure(status)
  return failed === undefined
    ? `The disruption budget ${metadata.name} needs ${status.desiredHealthy} healthy pods and has ${status.currentHealthy} currently`
    : `The disruption budget ${metadata.name} does not allow evicting pods currently because it failed sync: ${failed}`
}

const wouldViolate = (message: string, retryAfterSeconds?: number): ApiError =>
  tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", retryAfterSeconds, [{ reason: 'DisruptionBudget', message }])

const refused = (error: ApiError): EvictionVerdict => ({ is: 'refused', error })

/** Named in the singular here, as on Kubernetes. */
const BUDGET = { group: 'policy', plural: 'poddisruptionbudget', kind: PodDisruptionBudget.kind }
