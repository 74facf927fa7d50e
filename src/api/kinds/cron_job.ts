import { formatAge } from '../age.ts'
import { objectFields } from '../meta.ts'
import type { Column, Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { cronJobSpec, cronJobStatus } from '../types/cron_job.ts'
import { cronJobWarnings, validateCronJob, validateCronJobCreate } from '../validation/cron_job.ts'
import { ageColumn, booleanColumn, integerColumn, nameColumn, orNone, textColumn } from './columns.ts'
import { declareKind, keepOtherPart, statusSubresource } from './declare.ts'
import { setJobTemplateDefaults } from './job_defaults.ts'
import { containersColumn, imagesColumn, selectorColumn } from './workload_columns.ts'

const schema = object(
  'io.k8s.api.batch.v1.CronJob',
  {
    ...objectFields,
    spec: present(cronJobSpec, { doc: 'When Jobs are made, and what they are like.' }),
    status: present(cronJobStatus, { doc: 'Which Jobs run, and when the last one was made.' }),
  },
  { doc: 'Makes a Job whenever its schedule comes round.' },
)

export interface CronJob extends Infer<typeof schema> {}

export const CronJob: Kind<CronJob> = declareKind<CronJob>({
  group: 'batch',
  kind: 'CronJob',
  plural: 'cronjobs',
  shortNames: ['cj'],
  categories: ['all'],
  namespaced: true,
  schema,
  generation: true,
  subresources: [statusSubresource],
  setDefaults: ({ spec }) => setJobTemplateDefaults(spec.jobTemplate.spec),
  prepareForCreate: draft => void (draft.status = {}),
  prepareForUpdate: keepOtherPart,
  validate: validateCronJob,
  validateCreate: validateCronJobCreate,
  warnings: cronJobWarnings,
  columns: [
    nameColumn,
    textColumn('Schedule', 'When it makes Jobs.', ({ spec }) => spec.schedule),
    textColumn('Timezone', 'Whose clocks the schedule means.', ({ spec }) => orNone(spec.timeZone)),
    booleanColumn('Suspend', 'Whether it makes none for now.', ({ spec }) => spec.suspend),
    integerColumn('Active', 'How many of its Jobs run.', ({ status }) => status.active?.length ?? 0),
    textColumn('Last Schedule', 'Time since the last Job was due.', ({ status }, nowMs) =>
      status.lastScheduleTime ? formatAge(status.lastScheduleTime, nowMs) : '<none>',
    ),
    ageColumn,
    ofItsJobs(containersColumn),
    ofItsJobs(imagesColumn),
    ofItsJobs(selectorColumn),
  ],
})

function ofItsJobs(column: Column<{ spec: CronJob['spec']['jobTemplate']['spec'] }>): Column<CronJob> {
  return { ...column, cell: ({ spec }, nowMs) => column.cell({ spec: spec.jobTemplate.spec }, nowMs) }
}
