/**
 * CronJob: makes a Job whenever its schedule comes round.
 *
 *   watch CronJob, Job ─▶ planCronJob ─▶ delete those it replaces ─▶ create ─▶ status ─▶ history ─▶ look again at the next time
 *
 * Nothing polls: the next look is at the next time of the schedule, to the instant, or when something has changed.
 */
import { deepEqual } from '../../api/deep.ts'
import { CronJob } from '../../api/kinds/cron_job.ts'
import { Job } from '../../api/kinds/job.ts'
import { controllerOf, timestamp } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import type { CronJobStatus } from '../../api/types/cron_job.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Millis } from '../../base/clock.ts'
import type { Host } from '../../base/host.ts'
import type { Cache } from '../../client/cache.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches, type Outcome } from '../../client/controller.ts'
import type { EventRecorder } from '../../client/event_recorder.ts'
import { isNamespaceLeaving } from '../namespace_contents.ts'
import type { OwnedObjects } from '../workload/owned_objects.ts'
import { ownersTouchedBy } from '../workload/owners.ts'
import { endOf, newJob, referenceTo } from './jobs.ts'
import { planCronJob } from './plan_cron_job.ts'

export interface CronJobControllerParts {
  readonly cronJobs: Cache<CronJob>
  readonly jobs: Cache<Job>
  readonly ownedJobs: OwnedObjects<Job>
  readonly events: EventRecorder
}

/** Timers are no longer than this: the clock may be set meanwhile. */
const LOOK_AGAIN_MAX_MS = 24 * 3_600_000

export function startCronJobController(host: Host, client: Client, { cronJobs, jobs, ownedJobs, events }: CronJobControllerParts) {
  const { clock } = host
  return startController(host, client, {
    name: 'cronjob-controller',
    sources: [watches(CronJob, cronJobs), watches(Job, jobs, change => ownersTouchedBy(change, CronJob, cronJobs, () => false))],
    async reconcile(key, api): Promise<Outcome> {
      const cronJob = cronJobs.get(key)
      if (!cronJob) return settled
      const plan = planCronJob(cronJob, ownedJobs.of(cronJob), clock.wall())
      const status = plan.start ? await start(api, cronJob, plan.status, plan.start.atMs, plan.start.insteadOf) : plan.status
      await writeStatus(api, cronJob, status)
      for (const { type, reason, message } of plan.events) events[type](cronJob, reason, message)
      for (const { metadata } of plan.forget) await deleteJob(api, cronJob, metadata.name!, metadata.uid!)
      return plan.nextMs === undefined ? settled : { again: Math.min(plan.nextMs - clock.wall(), LOOK_AGAIN_MAX_MS) }
    },
  })

  /** What the status is with the new Job in it. */
  async function start(api: Client, cronJob: CronJob, status: CronJobStatus, atMs: Millis, insteadOf: readonly { name?: string; uid?: string }[]) {
    for (const { name, uid } of insteadOf) await deleteJob(api, cronJob, name!, uid!)
    const gone = new Set(insteadOf.map(({ uid }) => uid))
    const active = (status.active ?? []).filter(({ uid }) => !gone.has(uid))
    const without = { ...status, active }
    try {
      const job = await create(api, cronJob, atMs)
      if (!job) return withoutEmpty(without)
      const isRunning = endOf(job) === undefined
      return withoutEmpty({ ...without, active: isRunning ? [...active, referenceTo(job)] : active, lastScheduleTime: timestamp(atMs) })
    } catch (error) {
      if (isNamespaceLeaving(error)) return withoutEmpty(without)
      events.warning(cronJob, 'FailedCreate', `Error creating job: ${messageOf(error)}`)
      throw error
    }
  }

  /** Undefined: somebody else has a Job of that name. Throws ApiError. */
  async function create(api: Client, cronJob: CronJob, atMs: Millis): Promise<Job | undefined> {
    const draft = newJob(cronJob, atMs)
    try {
      const job = await api.create(Job, draft)
      events.normal(cronJob, 'SuccessfulCreate', `Created job ${job.metadata.name}`)
      return job
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error
      // Made by this controller, which never heard of it.
      const job = await api.get(Job, { namespace: draft.metadata.namespace!, name: draft.metadata.name! })
      if (controllerOf(job)?.uid === cronJob.metadata.uid) return job
      events.warning(cronJob, 'FailedCreate', `Error creating job: ${messageOf(error)}`)
      return undefined
    }
  }

  async function deleteJob(api: Client, cronJob: CronJob, name: string, uid: string): Promise<void> {
    try {
      await api.delete(Job, { namespace: cronJob.metadata.namespace!, name }, { uid, propagationPolicy: 'Background' })
      events.normal(cronJob, 'SuccessfulDelete', `Deleted job ${name}`)
    } catch (error) {
      if (isReason(error, 'NotFound') || isReason(error, 'Conflict')) return
      events.warning(cronJob, 'FailedDelete', `Deleted job: ${messageOf(error)}`)
      throw error
    }
  }

  async function writeStatus(api: Client, cronJob: CronJob, status: CronJobStatus): Promise<void> {
    if (deepEqual(cronJob.status, status)) return
    await api.updateStatus(CronJob, { ...cronJob, status })
  }
}

function withoutEmpty({ active = [], ...status }: CronJobStatus): CronJobStatus {
  return active.length > 0 ? { active, ...status } : status
}
