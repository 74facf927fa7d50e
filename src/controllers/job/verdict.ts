/** Whether a Job is over, and why (behaviour 8.5.4). */
import { commonIndexes, countIndexes, parseIndexRanges } from '../../api/index_ranges.ts'
import type { Job } from '../../api/kinds/job.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { Millis } from '../../base/clock.ts'
import { matchFailure } from './failure_policy.ts'
import { hasFailed, isTracked } from './pods.ts'
import type { Ends } from './tally.ts'

/** First it is decided; Failed or Complete comes when the last Pod has stopped. */
export interface Verdict {
  readonly type: 'FailureTarget' | 'SuccessCriteriaMet'
  readonly reason: string
  readonly message: string
}

/**
 * What was decided before stands. `active`: of the Pods, those that neither have ended nor are on their way out.
 * Undefined: it goes on.
 */
export function verdictOf(job: Job, pods: readonly Pod[], active: readonly Pod[], ends: Ends, wallMs: Millis): Verdict | undefined {
  return standingVerdict(job) ?? failure(job, pods, ends, wallMs) ?? success(job, active, ends)
}

function standingVerdict({ status }: Job): Verdict | undefined {
  for (const type of ['FailureTarget', 'SuccessCriteriaMet'] as const) {
    const condition = status.conditions?.find(one => one.type === type && one.status === 'True')
    if (condition) return { type, reason: condition.reason ?? '', message: condition.message ?? '' }
  }
  return undefined
}

function failure(job: Job, pods: readonly Pod[], ends: Ends, wallMs: Millis): Verdict | undefined {
  const { spec } = job
  const failed = (reason: string, message: string): Verdict => ({ type: 'FailureTarget', reason, message })
  for (const pod of spec.podFailurePolicy ? pods : []) {
    if (!isTracked(pod) || !hasFailed(pod, job)) continue
    const match = matchFailure(spec.podFailurePolicy, pod)
    if (match?.action === 'FailJob') return failed('PodFailurePolicy', match.message)
  }
  if (ends.failed > spec.backoffLimit! || hasRestartedTooOften(job, pods)) return failed('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  const deadlineMs = deadlineMsOf(job)
  if (deadlineMs !== undefined && deadlineMs <= wallMs) return failed('DeadlineExceeded', 'Job was active longer than specified deadline')
  if (spec.maxFailedIndexes !== undefined && ends.failedIndexes && countIndexes(ends.failedIndexes) > spec.maxFailedIndexes)
    return failed('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes')
  return undefined
}

/** Containers that their kubelet starts again count toward the limit as Pods do. */
function hasRestartedTooOften({ spec }: Job, pods: readonly Pod[]): boolean {
  if (spec.template.spec.restartPolicy !== 'OnFailure') return false
  let restarts = 0
  for (const { status } of pods) {
    if (status.phase !== 'Running' && status.phase !== 'Pending') continue
    for (const { restartCount } of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) restarts += restartCount
  }
  return spec.backoffLimit === 0 ? restarts > 0 : restarts >= spec.backoffLimit!
}

/** When it will have been active too long, since the epoch. A suspended Job's time stands still. */
export function deadlineMsOf({ spec, status }: Job): Millis | undefined {
  if (spec.activeDeadlineSeconds === undefined || spec.suspend || !status.startTime) return undefined
  return Date.parse(status.startTime) + spec.activeDeadlineSeconds * 1000
}

function success({ spec }: Job, active: readonly Pod[], { succeeded, completed, failedIndexes }: Ends): Verdict | undefined {
  const met = (reason: string, message: string): Verdict => ({ type: 'SuccessCriteriaMet', reason, message })
  const rule = (spec.successPolicy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    const named = succeededIndexes === undefined ? undefined : parseIndexRanges(succeededIndexes, spec.completions ?? 0)
    const reached = countIndexes(named ? commonIndexes(named, completed) : completed)
    return reached >= (succeededCount ?? countIndexes(named ?? []))
  })
  if (rule >= 0) return met('SuccessPolicy', `Matched rules at index ${rule}`)
  if (active.length > 0) return undefined
  const reached = 'Reached expected number of succeeded pods'
  if (spec.completions === undefined) return succeeded > 0 ? met('CompletionsReached', reached) : undefined
  if (succeeded >= spec.completions) return met('CompletionsReached', reached)
  const failedCount = countIndexes(failedIndexes ?? [])
  if (failedCount > 0 && succeeded + failedCount >= spec.completions)
    return { type: 'FailureTarget', reason: 'FailedIndexes', message: 'Job has failed indexes' }
  return undefined
}
