/** What a PodDisruptionBudget's status is to say, from its Pods and what their controllers want. Touches nothing. */
import { DISRUPTION_TIMEOUT_MS, withDisruptionAllowed, withSyncFailed } from '../../api/disruption.ts'
import { resolveIntOrPercent } from '../../api/int_or_percent.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { PodDisruptionBudget } from '../../api/kinds/pod_disruption_budget.ts'
import { isDeleting, isReady } from '../../api/pod.ts'
import type { PodDisruptionBudgetStatus } from '../../api/types/pod_disruption_budget.ts'
import type { Millis } from '../../base/clock.ts'
import type { ExpectedPods } from './expected_pods.ts'

export type BudgetPlan =
  | {
      readonly is: 'counted'
      readonly status: PodDisruptionBudgetStatus
      /** Pods whose eviction was let through and did not come. */
      readonly notDeleted: readonly Pod[]
      /** Pods without a controller, in a budget that needs one. */
      readonly unmanaged: readonly Pod[]
      /** When an eviction that was let through is given up. */
      readonly againInMs: Millis | undefined
    }
  | { readonly is: 'failed'; readonly status: PodDisruptionBudgetStatus; readonly why: string }

/**
 * @param pods those the budget selects
 * @param expected asked only where the budget is a share, or names what may be missing
 */
export function planBudget(budget: PodDisruptionBudget, pods: readonly Pod[], expected: () => ExpectedPods, wallMs: Millis): BudgetPlan {
  const wanted = wantedPods(budget, pods, expected)
  if (wanted.is === 'unknown') return { is: 'failed', status: withSyncFailed(budget.status, wanted.why, wallMs), why: wanted.why }

  const { disruptedPods, notDeleted, againInMs } = evictionsUnderWay(budget, pods, wallMs)
  const currentHealthy = pods.filter(pod => !isDeleting(pod) && isReady(pod) && !Object.hasOwn(disruptedPods, pod.metadata.name ?? '')).length
  // A budget whose first Pods are just appearing allows nothing until it knows how many there are to be.
  const disruptionsAllowed = wanted.expectedPods > 0 ? Math.max(0, currentHealthy - wanted.desiredHealthy) : 0
  const { conditions } = budget.status
  const status = withDisruptionAllowed(
    {
      ...(conditions && { conditions }),
      currentHealthy,
      desiredHealthy: wanted.desiredHealthy,
      ...(Object.keys(disruptedPods).length > 0 && { disruptedPods }),
      disruptionsAllowed,
      expectedPods: wanted.expectedPods,
      observedGeneration: budget.metadata.generation ?? 0,
    },
    wallMs,
  )
  return { is: 'counted', status, notDeleted, unmanaged: wanted.unmanaged, againInMs }
}

type Wanted =
  | { readonly is: 'known'; readonly desiredHealthy: number; readonly expectedPods: number; readonly unmanaged: readonly Pod[] }
  | Extract<ExpectedPods, { is: 'unknown' }>

function wantedPods({ spec }: PodDisruptionBudget, pods: readonly Pod[], expected: () => ExpectedPods): Wanted {
  const { minAvailable, maxUnavailable } = spec
  if (maxUnavailable === undefined && minAvailable === undefined) return { is: 'known', desiredHealthy: 0, expectedPods: 0, unmanaged: [] }
  if (maxUnavailable === undefined && typeof minAvailable === 'number')
    return { is: 'known', desiredHealthy: minAvailable, expectedPods: pods.length, unmanaged: [] }
  const found = expected()
  if (found.is === 'unknown') return found
  const { count, unmanaged } = found
  // Rounded up both times: of seven Pods 50% may mean four missing, or four kept.
  const desiredHealthy =
    maxUnavailable === undefined ? resolveIntOrPercent(minAvailable!, count, 'up') : Math.max(0, count - resolveIntOrPercent(maxUnavailable, count, 'up'))
  return { is: 'known', desiredHealthy, expectedPods: count, unmanaged }
}

interface EvictionsUnderWay {
  readonly disruptedPods: { [name: string]: string }
  readonly notDeleted: readonly Pod[]
  readonly againInMs: Millis | undefined
}

/** What is left of status.disruptedPods: without Pods that are being deleted, or that were to be and are not. */
function evictionsUnderWay({ status }: PodDisruptionBudget, pods: readonly Pod[], wallMs: Millis): EvictionsUnderWay {
  const disruptedPods: { [name: string]: string } = {}
  const notDeleted: Pod[] = []
  let nextMs = Infinity
  for (const pod of pods) {
    const name = pod.metadata.name ?? ''
    const at = Object.hasOwn(status.disruptedPods ?? {}, name) ? status.disruptedPods![name] : undefined
    if (at === undefined || isDeleting(pod)) continue
    const endMs = Date.parse(at) + DISRUPTION_TIMEOUT_MS
    if (endMs <= wallMs) notDeleted.push(pod)
    else {
      disruptedPods[name] = at
      nextMs = Math.min(nextMs, endMs - wallMs)
    }
  }
  return { disruptedPods, notDeleted, againInMs: nextMs === Infinity ? undefined : nextMs }
}
