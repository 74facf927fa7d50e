/** CronJobs (behaviour 8.5.7). */
import { parseCronSchedule, timeZoneProblem } from '../cron_schedule.ts'
import { invalidValue, notSupported, requiredValue, type FieldError } from '../field_error.ts'
import type { CronJob } from '../kinds/cron_job.ts'
import { dnsLabel } from './names.ts'
import { validateJobSpec } from './job.ts'
import { validateAnnotations, validateLabels } from './metadata.ts'
import { nonNegative } from './rules.ts'

/** The Job's name adds the minute: eleven characters of the 63 that a label may have. */
const NAME_MAX = 52

const CONCURRENCY_POLICIES = ['Allow', 'Forbid', 'Replace']

export function validateCronJob({ spec }: CronJob): FieldError[] {
  const { metadata, spec: jobSpec } = spec.jobTemplate
  const problem = spec.timeZone === undefined ? undefined : timeZoneProblem(spec.timeZone)
  return [
    ...validateSchedule(spec.schedule, spec.timeZone !== undefined),
    ...nonNegative(spec.startingDeadlineSeconds, 'spec.startingDeadlineSeconds'),
    ...(problem ? [invalidValue('spec.timeZone', spec.timeZone, problem)] : []),
    ...validatePolicy(spec.concurrencyPolicy),
    ...validateLabels(metadata.labels ?? {}, 'spec.jobTemplate.labels'),
    ...validateAnnotations(metadata.annotations ?? {}, 'spec.jobTemplate.annotations'),
    ...validateJobSpec(jobSpec, 'spec.jobTemplate.spec'),
    ...(jobSpec.manualSelector ? [notSupported('spec.jobTemplate.spec.manualSelector', true, ['nil', 'false'])] : []),
    ...nonNegative(spec.successfulJobsHistoryLimit, 'spec.successfulJobsHistoryLimit'),
    ...nonNegative(spec.failedJobsHistoryLimit, 'spec.failedJobsHistoryLimit'),
  ]
}

export const validateCronJobCreate = ({ metadata: { name = '' } }: CronJob): FieldError[] =>
  name.length > NAME_MAX ? [invalidValue('metadata.name', name, `must be no more than ${NAME_MAX} characters`)] : []

export function cronJobWarnings({ metadata }: CronJob, old: CronJob | undefined): string[] {
  const problems = old ? [] : dnsLabel(metadata.name ?? '')
  if (problems.length === 0) return []
  return [
    `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${problems.join(' ')}]`,
  ]
}

function validateSchedule(schedule: string, hasTimeZone: boolean): FieldError[] {
  const path = 'spec.schedule'
  if (!schedule) return [requiredValue(path)]
  const problem = scheduleProblem(schedule)
  return [
    ...(problem === undefined ? [] : [invalidValue(path, schedule, problem)]),
    ...(schedule.includes('TZ') ? [invalidValue(path, schedule, hasTimeZone ? BOTH_ZONES : ZONE_IN_SCHEDULE)] : []),
  ]
}

const ZONE_IN_SCHEDULE = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'
const BOTH_ZONES = 'cannot use both timeZone field and TZ or CRON_TZ in schedule'

/** A time zone before the fields is read as other crons do, so that what is told about it is that it stands in the wrong place. */
function scheduleProblem(schedule: string): string | undefined {
  const [, zone, fields] = /^(?:CRON_)?TZ=(\S*)\s*(.*)$/.exec(schedule) ?? []
  if (zone !== undefined && timeZoneProblem(zone)) return `provided bad location ${zone}: unknown time zone ${zone}`
  const parsed = parseCronSchedule(fields ?? schedule)
  return 'problem' in parsed ? parsed.problem : undefined
}

function validatePolicy(policy: string | undefined): FieldError[] {
  if (!policy) return [requiredValue('spec.concurrencyPolicy')]
  return CONCURRENCY_POLICIES.includes(policy) ? [] : [notSupported('spec.concurrencyPolicy', policy, CONCURRENCY_POLICIES)]
}
