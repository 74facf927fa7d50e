import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { jobSpec, jobStatus } from '../types/job.ts'
import { validateJob, validateJobCreate } from '../validation/job.ts'
import { jobWarnings, validateJobUpdate } from '../validation/job_update.ts'
import { declareKind, keepOtherPart, statusSubresource } from './declare.ts'
import { jobColumns } from './job_columns.ts'
import { prepareJobForCreate, setJobDefaults } from './job_defaults.ts'

const schema = object(
  'io.k8s.api.batch.v1.Job',
  {
    ...objectFields,
    spec: present(jobSpec, { doc: 'What shall be done, how often, and what failures mean.' }),
    status: present(jobStatus, { doc: 'How far it has come.' }),
  },
  { doc: 'Work that is done when it is done: Pods run until as many as wanted have succeeded, or too many have failed.' },
)

export interface Job extends Infer<typeof schema> {}

export const Job: Kind<Job> = declareKind<Job>({
  group: 'batch',
  kind: 'Job',
  plural: 'jobs',
  categories: ['all'],
  namespaced: true,
  schema,
  generation: true,
  subresources: [statusSubresource],
  fieldSelectors: { 'status.successful': ({ status }) => String(status.succeeded ?? 0) },
  setDefaults: setJobDefaults,
  prepareForCreate: prepareJobForCreate,
  prepareForUpdate: keepOtherPart,
  validate: validateJob,
  validateCreate: validateJobCreate,
  validateUpdate: validateJobUpdate,
  warnings: jobWarnings,
  columns: jobColumns,
})
