/** What the disruption controller and the eviction of Pods share: the conditions both write, and how long one waits for the other. */
import type { PodDisruptionBudget } from './kinds/pod_disruption_budget.ts'
import { matchesLabelSelector } from './label_selector.ts'
import { timestamp } from './meta.ts'
import type { Condition } from './types/condition.ts'
import type { PodDisruptionBudgetStatus } from './types/pod_disruption_budget.ts'

/** An eviction that was let through and did not happen is forgotten after so long; so is what it wrote into the Pod. */
export const DISRUPTION_TIMEOUT_MS = 2 * 60_000

const DISRUPTION_ALLOWED = 'DisruptionAllowed'

export const selectsPod = ({ spec }: PodDisruptionBudget, { metadata }: { metadata: { labels?: { [key: string]: string } } }): boolean =>
  matchesLabelSelector(spec.selector, metadata.labels ?? {})

/** The status with a condition that says whether there is an eviction left. */
export function withDisruptionAllowed(status: PodDisruptionBudgetStatus, wallMs: number): PodDisruptionBudgetStatus {
  const isAllowed = status.disruptionsAllowed > 0
  return withCondition(status, { status: isAllowed ? 'True' : 'False', reason: isAllowed ? 'SufficientPods' : 'InsufficientPods', message: '' }, wallMs)
}

/** The status when nothing is known for sure: no evictions, and why. */
export const withSyncFailed = (status: PodDisruptionBudgetStatus, message: string, wallMs: number): PodDisruptionBudgetStatus =>
  withCondition({ ...status, disruptionsAllowed: 0 }, { status: 'False', reason: 'SyncFailed', message }, wallMs)

export const syncFailure = ({ conditions }: PodDisruptionBudgetStatus): string | undefined =>
  conditions?.find(({ type, status, reason }) => type === DISRUPTION_ALLOWED && status === 'False' && reason === 'SyncFailed')?.message

function withCondition(status: PodDisruptionBudgetStatus, next: Pick<Condition, 'status' | 'reason' | 'message'>, wallMs: number): PodDisruptionBudgetStatus {
  const { conditions = [], observedGeneration } = status
  const old = conditions.find(({ type }) => type === DISRUPTION_ALLOWED)
  const condition: Condition = {
    type: DISRUPTION_ALLOWED,
    ...next,
    ...(observedGeneration !== undefined && { observedGeneration }),
    lastTransitionTime: old?.status === next.status ? old.lastTransitionTime : timestamp(wallMs),
  }
  return { ...status, conditions: old ? conditions.map(one => (one === old ? condition : one)) : [...conditions, condition] }
}
