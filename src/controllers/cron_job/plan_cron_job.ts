/**
 * What becomes of a CronJob next (behaviour 8.5.7). Decides and touches nothing.
 *
 *   its Jobs ─▶ which run, which have ended ─▶ is a time due? ─▶ may it start? ─▶ start, in place of others or beside them
 */
import { parseCronSchedule, timeZoneProblem, type CronSchedule } from '../../api/cron_schedule.ts'
import type { CronJob } from '../../api/kinds/cron_job.ts'
import type { Job } from '../../api/kinds/job.ts'
import type { CronJobStatus } from '../../api/types/cron_job.ts'
import type { ObjectReference } from '../../api/types/reference.ts'
import type { Millis } from '../../base/clock.ts'
import { dueTime } from './due_time.ts'
import { endOf, nameFor, referenceTo, SCHEDULED_ANNOTATION } from './jobs.ts'

export interface CronJobPlan {
  /** As it is before a Job is started. */
  readonly status: CronJobStatus
  /** Jobs that have run long enough in the history. */
  readonly forget: readonly Job[]
  readonly events: readonly CronJobEvent[]
  /** For which time a Job is made, and which go before. */
  readonly start?: { readonly atMs: Millis; readonly insteadOf: readonly ObjectReference[] }
  /** When to look again, since the Unix epoch. Undefined: when something has changed. */
  readonly nextMs?: Millis
}

export interface CronJobEvent {
  readonly type: 'normal' | 'warning'
  readonly reason: string
  readonly message: string
}

/** @param jobs those the CronJob controls, in the order of their names */
export function planCronJob(cronJob: CronJob, jobs: readonly Job[], nowMs: Millis): CronJobPlan {
  const { status, events } = review(cronJob, jobs)
  const forget = beyondHistory(cronJob, jobs)
  const rest = { status, forget, events }
  const { spec, metadata } = cronJob
  if (metadata.deletionTimestamp) return rest

  const warn = (reason: string, message: string): CronJobPlan => ({ ...rest, events: [...events, { type: 'warning', reason, message }] })
  const zoneProblem = spec.timeZone === undefined ? undefined : timeZoneProblem(spec.timeZone)
  if (zoneProblem) return warn('UnknownTimeZone', `invalid timeZone: ${JSON.stringify(spec.timeZone)}: ${zoneProblem}`)
  if (spec.suspend) return rest
  const parsed = parseCronSchedule(spec.schedule, spec.timeZone)
  if ('problem' in parsed) return warn('UnparseableSchedule', `unparseable schedule: ${JSON.stringify(spec.schedule)} : ${parsed.problem}`)

  const due = dueTime(parsed.schedule, settledUpTo(cronJob, status, nowMs), nowMs)
  if (due.is === 'invalid') return warn('InvalidSchedule', `invalid schedule: ${spec.schedule} : ${due.problem}`)
  const again = { ...rest, ...nextAfter(parsed.schedule, nowMs) }
  if (due.is === 'none') return again
  const told = due.isTooManyMissed ? [...events, TOO_MANY] : events
  return { ...again, ...mayStart(cronJob, status, due.atMs, nowMs, told) }
}

const TOO_MANY: CronJobEvent = {
  type: 'warning',
  reason: 'TooManyMissedTimes',
  message: 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
}

function nextAfter(schedule: CronSchedule, nowMs: Millis): { nextMs?: Millis } {
  const nextMs = schedule.next(nowMs)
  return nextMs === undefined ? {} : { nextMs }
}

function settledUpTo({ metadata, spec }: CronJob, { lastScheduleTime }: CronJobStatus, nowMs: Millis): Millis {
  const since = Date.parse(lastScheduleTime ?? metadata.creationTimestamp!)
  return spec.startingDeadlineSeconds === undefined ? since : Math.max(since, nowMs - spec.startingDeadlineSeconds * 1000)
}

function mayStart({ metadata, spec }: CronJob, { active = [] }: CronJobStatus, atMs: Millis, nowMs: Millis, events: readonly CronJobEvent[]) {
  if (spec.startingDeadlineSeconds !== undefined && atMs + spec.startingDeadlineSeconds * 1000 < nowMs) {
    const missed: CronJobEvent = { type: 'warning', reason: 'MissSchedule', message: `Missed scheduled time to start a job: ${printTime(atMs)}` }
    return { events: [...events, missed] }
  }
  if (active.some(({ name }) => name === nameFor(metadata.name!, atMs))) return { events }
  if (spec.concurrencyPolicy === 'Forbid' && active.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid'
    const busy: CronJobEvent = { type: 'normal', reason: 'JobAlreadyActive', message }
    return { events: [...events, busy] }
  }
  return { events, start: { atMs, insteadOf: spec.concurrencyPolicy === 'Replace' ? active : [] } }
}

/** `Sat, 07 Mar 2026 07:30:00 +0000` */
const printTime = (atMs: Millis): string => new Date(atMs).toUTCString().replace('GMT', '+0000')

/** Brings the list of those that run up to date, and notes when one last succeeded. */
function review(cronJob: CronJob, jobs: readonly Job[]): { status: CronJobStatus; events: CronJobEvent[] } {
  const { status } = cronJob
  const events: CronJobEvent[] = []
  const byUid = new Map(jobs.map(job => [job.metadata.uid, job]))
  const active = (status.active ?? []).filter(reference => {
    const job = byUid.get(reference.uid)
    const end = job && endOf(job)
    if (!job) events.push({ type: 'normal', reason: 'MissingJob', message: `Active job went missing: ${reference.name}` })
    else if (end) events.push({ type: 'normal', reason: 'SawCompletedJob', message: `Saw completed job: ${reference.name}, condition: ${end}` })
    return job !== undefined && end === undefined
  })
  const listed = new Set(active.map(({ uid }) => uid))
  let { lastScheduleTime, lastSuccessfulTime } = status
  for (const job of jobs) {
    const end = endOf(job)
    const scheduled = job.metadata.annotations?.[SCHEDULED_ANNOTATION]
    if (end === undefined && !listed.has(job.metadata.uid)) {
      // Made by this controller, which did not live to write it down.
      if (scheduled && !job.metadata.deletionTimestamp) active.push(referenceTo(job))
      else if (!scheduled)
        events.push({ type: 'warning', reason: 'UnexpectedJob', message: `Saw a job that the controller did not create or forgot: ${job.metadata.name}` })
    }
    if (scheduled && isLater(scheduled, lastScheduleTime)) lastScheduleTime = `${new Date(Date.parse(scheduled)).toISOString().slice(0, 19)}Z`
    const { completionTime } = job.status
    if (end === 'Complete' && completionTime && isLater(completionTime, lastSuccessfulTime)) lastSuccessfulTime = completionTime
  }
  return {
    status: { ...(active.length > 0 && { active }), ...(lastScheduleTime && { lastScheduleTime }), ...(lastSuccessfulTime && { lastSuccessfulTime }) },
    events,
  }
}

const isLater = (time: string, than: string | undefined): boolean => than === undefined || Date.parse(time) > Date.parse(than)

/** The oldest of those that have ended, beyond as many as are to be kept. */
function beyondHistory({ spec }: CronJob, jobs: readonly Job[]): Job[] {
  const oldest = (end: 'Complete' | 'Failed', limit: number) => {
    const ended = jobs.filter(job => endOf(job) === end && !job.metadata.deletionTimestamp).toSorted((a, b) => beganAt(a) - beganAt(b))
    return ended.slice(0, Math.max(0, ended.length - limit))
  }
  return [...oldest('Complete', spec.successfulJobsHistoryLimit), ...oldest('Failed', spec.failedJobsHistoryLimit)]
}

const beganAt = ({ metadata, status }: Job): Millis => Date.parse(status.startTime ?? metadata.creationTimestamp!)
