/** The Jobs of a CronJob: how they are called, what they are made of, and how they have ended. */
import { apiVersionOf } from '../../api/kind.ts'
import { CronJob } from '../../api/kinds/cron_job.ts'
import { Job } from '../../api/kinds/job.ts'
import { hasJobCondition } from '../../api/kinds/job_columns.ts'
import { zonedTimestamp } from '../../api/cron_schedule.ts'
import type { ObjectReference } from '../../api/types/reference.ts'
import type { Millis } from '../../base/clock.ts'
import type { Draft } from '../../client/client.ts'
import { controllerReference } from '../workload/claim.ts'

/** For which time of the schedule the Job was made. One that somebody made by hand does not have it. */
export const SCHEDULED_ANNOTATION = 'batch.kubernetes.io/cronjob-scheduled-timestamp'

/** One name for one time, so that no Job is made twice, whoever forgets that he has made it. */
export const nameFor = (cronJobName: string, atMs: Millis): string => `${cronJobName}-${Math.floor(atMs / 60_000)}`

export function newJob(cronJob: CronJob, atMs: Millis): Draft<Job> {
  const { metadata, spec } = cronJob.spec.jobTemplate
  return {
    metadata: {
      name: nameFor(cronJob.metadata.name!, atMs),
      namespace: cronJob.metadata.namespace,
      ...(metadata.labels && { labels: metadata.labels }),
      annotations: { ...metadata.annotations, [SCHEDULED_ANNOTATION]: zonedTimestamp(atMs, cronJob.spec.timeZone) },
      ownerReferences: [controllerReference(CronJob, cronJob)],
    },
    spec,
  }
}

export const referenceTo = ({ metadata }: Job): ObjectReference => ({
  apiVersion: apiVersionOf(Job),
  kind: Job.kind,
  name: metadata.name,
  namespace: metadata.namespace,
  resourceVersion: metadata.resourceVersion,
  uid: metadata.uid,
})

/** Undefined: it has not ended. */
export function endOf(job: Job): 'Complete' | 'Failed' | undefined {
  return (['Complete', 'Failed'] as const).find(type => hasJobCondition(job, type))
}
