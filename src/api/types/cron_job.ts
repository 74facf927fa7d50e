/** When a CronJob makes Jobs, and which it has made. */
import { objectMeta } from '../meta.ts'
import { atomicList, boolean, int32, int64, object, present, required, string, time, type Infer } from '../schema.ts'
import { jobSpec } from './job.ts'
import { objectReference } from './reference.ts'

export const jobTemplateSpec = object(
  'io.k8s.api.batch.v1.JobTemplateSpec',
  { metadata: present(objectMeta), spec: present(jobSpec) },
  { doc: 'What the Jobs made from it are like: their labels and annotations, and what they shall do.' },
)

export const cronJobSpec = object('io.k8s.api.batch.v1.CronJobSpec', {
  schedule: required(string({ doc: 'Minute, hour, day of the month, month and day of the week, or a word such as @hourly.' })),
  timeZone: string({ doc: 'IANA name of the place whose clocks the schedule means, such as Europe/Berlin. Left out: UTC.' }),
  startingDeadlineSeconds: int64({ doc: 'How late a Job may still be started; later than that its time is missed.' }),
  concurrencyPolicy: string({
    values: ['Allow', 'Forbid', 'Replace'],
    default: 'Allow',
    doc: 'What happens when the next time comes while a Job still runs: both run, the next is left out, or the old one goes.',
  }),
  suspend: boolean({ default: false, doc: 'No more Jobs are started; those that run go on.' }),
  jobTemplate: present(jobTemplateSpec, { doc: 'What its Jobs are like.' }),
  successfulJobsHistoryLimit: int32({ default: 3, doc: 'How many Jobs that succeeded are kept.' }),
  failedJobsHistoryLimit: int32({ default: 1, doc: 'How many Jobs that failed are kept.' }),
})

export const cronJobStatus = object('io.k8s.api.batch.v1.CronJobStatus', {
  active: atomicList(objectReference, { doc: 'Jobs that run.' }),
  lastScheduleTime: time({ doc: 'The last time of the schedule for which a Job was made.' }),
  lastSuccessfulTime: time({ doc: 'When a Job last succeeded.' }),
})

export interface JobTemplateSpec extends Infer<typeof jobTemplateSpec> {}
export interface CronJobSpec extends Infer<typeof cronJobSpec> {}
export interface CronJobStatus extends Infer<typeof cronJobStatus> {}
