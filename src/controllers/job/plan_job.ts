/**
 * What becomes of a Job next. Decides and touches nothing.
 *
 *   Pods ─▶ what has ended (tally) ─▶ is it over (verdict)? ─ no ──▶ which Pods are missing or too many (plan_pods)
 *                                             └───────────── yes ─▶ those left end, and when the last has, Complete or Failed
 */
import type { Job } from '../../api/kinds/job.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { timestamp } from '../../api/meta.ts'
import { isActive, isReady } from '../../api/pod.ts'
import type { JobCondition, JobStatus } from '../../api/types/job.ts'
import type { Millis } from '../../base/clock.ts'
import { lastEnds, type End } from './back_off.ts'
import { planPods, type Vacancy } from './plan_pods.ts'
import { isTerminating, isTracked } from './pods.ts'
import { endsOf, tally } from './tally.ts'
import { deadlineMsOf, verdictOf, type Verdict } from './verdict.ts'

export interface JobPlan {
  readonly make: readonly Vacancy[]
  /** Too many: they are let go and deleted, and count for nothing. */
  readonly sendAway: readonly Pod[]
  /** The Job is over: they are deleted, and count as what they become. */
  readonly end: readonly Pod[]
  /** The status once that is done. `active` and `ready` are as if all of it succeeded. */
  readonly status: JobStatus
  /** Their finalizer comes off once the status is stored. */
  readonly release: readonly Pod[]
  readonly events: readonly JobEvent[]
  /** To be remembered for the next pass. */
  readonly lastEnds: readonly End[]
  readonly againMs?: Millis
}

export interface JobEvent {
  readonly type: 'normal' | 'warning'
  readonly reason: string
  readonly message: string
}

export function planJob(job: Job, pods: readonly Pod[], known: readonly End[], wallMs: Millis): JobPlan {
  const { spec, status, metadata } = job
  const active = pods.filter(isActive)
  const ends = endsOf(job, pods)
  const remembered = lastEnds(job, pods, known)
  const verdict = verdictOf(job, pods, active, ends, wallMs)
  const isLeaving = metadata.deletionTimestamp !== undefined
  const podsPlan = verdict || isLeaving ? { make: [], sendAway: [] } : planPods(job, { pods, active, ends, lastEnds: remembered, wallMs })
  const counted = tally(job, pods, ends, verdict)

  const now = timestamp(wallMs)
  const events: JobEvent[] = []
  let conditions = [...(status.conditions ?? [])]
  // A Job that is suspended has not begun; resumed it begins anew.
  const startTime = spec.suspend && !verdict ? undefined : (status.startTime ?? now)
  const set = (condition: Omit<JobCondition, 'lastProbeTime' | 'lastTransitionTime'>) => {
    const made = { ...condition, lastProbeTime: now, lastTransitionTime: now }
    const isThere = conditions.some(({ type }) => type === condition.type)
    conditions = isThere ? conditions.map(one => (one.type === condition.type ? made : one)) : [...conditions, made]
  }

  if (verdict && !has(conditions, verdict.type)) set({ ...verdict, status: 'True' })
  if (!verdict && !isLeaving && spec.suspend && !has(conditions, 'Suspended')) {
    set({ type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' })
    events.push({ type: 'normal', reason: 'Suspended', message: 'Job suspended' })
  }
  if (!verdict && !isLeaving && !spec.suspend && has(conditions, 'Suspended')) {
    set({ type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' })
    events.push({ type: 'normal', reason: 'Resumed', message: 'Job resumed' })
  }

  const staying = verdict ? [] : active.filter(pod => !podsPlan.sendAway.includes(pod))
  const activeCount = staying.length + podsPlan.make.length
  const next: JobStatus = {
    ...counted.status,
    ...(activeCount > 0 && { active: activeCount }),
    ready: staying.filter(isReady).length,
    terminating: pods.filter(isTerminating).length + podsPlan.sendAway.length + (verdict ? active.length : 0),
    ...(startTime && { startTime }),
    ...(conditions.length > 0 && { conditions }),
  }
  if (verdict && isOver(pods)) {
    end(next, set, verdict, now, events)
    next.conditions = conditions
    next.startTime ??= now
  } else if (status.completionTime) next.completionTime = status.completionTime

  const deadlineMs = verdict ? undefined : deadlineMsOf({ ...job, status: next })
  const waits = [podsPlan.waitMs, deadlineMs === undefined ? undefined : deadlineMs - wallMs, counted.isMore ? 0 : undefined].filter(ms => ms !== undefined)
  return {
    make: podsPlan.make,
    sendAway: podsPlan.sendAway,
    end: verdict && !isLeaving ? active : [],
    status: next,
    release: counted.release,
    events,
    lastEnds: remembered,
    ...(waits.length > 0 && { againMs: Math.min(...waits) }),
  }
}

const has = (conditions: readonly JobCondition[], type: string): boolean => conditions.some(one => one.type === type && one.status === 'True')

/** Nothing runs any more, and every end is known: what the status has not counted yet it counts now. */
const isOver = (pods: readonly Pod[]): boolean => !pods.some(pod => isTracked(pod) || isActive(pod) || isTerminating(pod))

function end(
  status: JobStatus,
  set: (condition: Omit<JobCondition, 'lastProbeTime' | 'lastTransitionTime'>) => void,
  { type, reason, message }: Verdict,
  now: string,
  events: JobEvent[],
): void {
  if (type === 'SuccessCriteriaMet') {
    set({ type: 'Complete', status: 'True', reason, message })
    status.completionTime = now
    events.push({ type: 'normal', reason: 'Completed', message: 'Job completed' })
  } else {
    set({ type: 'Failed', status: 'True', reason, message })
    events.push({ type: 'warning', reason, message })
  }
}
