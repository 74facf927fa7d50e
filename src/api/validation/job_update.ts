/** What a change of a Job may do: little of its spec changes once it has begun, and its numbers only grow. */
import { deepEqual } from '../deep.ts'
import { forbidden, invalidValue, requiredValue, type FieldError } from '../field_error.ts'
import { commonIndexes, parseIndexRanges } from '../index_ranges.ts'
import { hasJobCondition } from '../kinds/job_columns.ts'
import { isIndexed } from '../kinds/job_defaults.ts'
import type { Job } from '../kinds/job.ts'
import type { JobSpec } from '../types/job.ts'
import type { PodTemplateSpec } from '../types/pod_template_spec.ts'
import { dnsLabel } from './names.ts'
import { nonNegative, noDuplicates } from './rules.ts'

export const validateJobUpdate = (job: Job, old: Job, subresource: string): FieldError[] =>
  subresource === 'status' ? validateStatus(job, old) : validateSpec(job.spec, old)

export function jobWarnings({ metadata }: Job, old: Job | undefined): string[] {
  const problems = old ? [] : dnsLabel(metadata.name ?? '')
  if (problems.length === 0) return []
  return [
    `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${problems.join(' ')}]`,
  ]
}

function validateSpec(spec: JobSpec, { spec: old, status }: Job): FieldError[] {
  const unchanged = (field: keyof JobSpec) => (deepEqual(spec[field], old[field]) ? [] : [invalidValue(`spec.${field}`, spec[field], 'field is immutable')])
  // Whoever queues Jobs decides where they run, before they do.
  const isQueued = old.suspend === true && status.startTime === undefined
  const template = isQueued ? withPlacementOf(spec.template, old.template) : spec.template
  return [
    ...validateCompletions(spec, old),
    ...unchanged('selector'),
    ...(deepEqual(template, old.template) ? [] : [invalidValue('spec.template', spec.template, 'field is immutable')]),
    ...unchanged('completionMode'),
    ...unchanged('podFailurePolicy'),
    ...unchanged('backoffLimitPerIndex'),
    ...unchanged('managedBy'),
    ...unchanged('successPolicy'),
  ]
}

/** An indexed Job grows and shrinks as a whole. */
function validateCompletions(spec: JobSpec, old: JobSpec): FieldError[] {
  if (spec.completions === old.completions) return []
  if (!isIndexed(spec)) return [invalidValue('spec.completions', spec.completions, 'field is immutable')]
  if (spec.completions === undefined || spec.completions === spec.parallelism) return []
  return [invalidValue('spec.completions', spec.completions, 'can only be modified in tandem with spec.parallelism')]
}

function withPlacementOf(template: PodTemplateSpec, { metadata, spec }: PodTemplateSpec): PodTemplateSpec {
  const put = {
    metadata: { ...template.metadata, labels: metadata.labels, annotations: metadata.annotations },
    spec: { ...template.spec, nodeSelector: spec.nodeSelector, tolerations: spec.tolerations, schedulingGates: spec.schedulingGates },
  }
  if (template.spec.affinity || spec.affinity) {
    const affinity = { ...template.spec.affinity, nodeAffinity: spec.affinity?.nodeAffinity }
    put.spec.affinity = Object.values(affinity).some(Boolean) || spec.affinity ? affinity : undefined
  }
  return put
}

/** Rules of the state as it is, and then of the step that led to it. */
function validateStatus(job: Job, old: Job): FieldError[] {
  return [...validateNumbers(job), ...validateEnd(job), ...validateIndexes(job), ...validateStep(job, old)]
}

function validateNumbers({ status }: Job): FieldError[] {
  const { uncountedTerminatedPods: uncounted } = status
  const errors = (['active', 'succeeded', 'failed', 'ready', 'terminating'] as const).flatMap(name => nonNegative(status[name], `status.${name}`))
  if ((status.ready ?? 0) > (status.active ?? 0)) errors.push(invalidValue('status.ready', status.ready, 'cannot set more ready pods than active'))
  for (const list of ['succeeded', 'failed'] as const)
    errors.push(
      ...noDuplicates(
        uncounted?.[list],
        uid => uid,
        index => `status.uncountedTerminatedPods.${list}[${index}]`,
      ),
    )
  const both = uncounted?.failed?.findIndex(uid => uncounted.succeeded?.includes(uid)) ?? -1
  if (both >= 0) errors.push(invalidValue(`status.uncountedTerminatedPods.failed[${both}]`, uncounted!.failed![both], 'must not be in succeeded, too'))
  return errors
}

function validateEnd(job: Job): FieldError[] {
  const { status } = job
  const isComplete = hasJobCondition(job, 'Complete')
  const isFailed = hasJobCondition(job, 'Failed')
  const wrongConditions = (why: string): FieldError => ({ type: 'Invalid', field: 'status.conditions', body: `Invalid value: ${why}` })
  const errors: FieldError[] = []
  if (isComplete && isFailed) errors.push(wrongConditions('cannot set Complete=True and Failed=true conditions'))
  if (isComplete && hasJobCondition(job, 'FailureTarget')) errors.push(wrongConditions('cannot set Complete=True and FailureTarget=true conditions'))
  if (isComplete && !hasJobCondition(job, 'SuccessCriteriaMet'))
    errors.push(wrongConditions('cannot set Complete=True condition without the SuccessCriteriaMet=true condition'))
  if (isFailed && !hasJobCondition(job, 'FailureTarget'))
    errors.push(wrongConditions('cannot set Failed=True condition without the FailureTarget=true condition'))
  if (isComplete && !status.completionTime) errors.push(requiredValue('status.completionTime', 'completionTime is required for Complete jobs'))
  if (!isComplete && status.completionTime)
    errors.push(invalidValue('status.completionTime', status.completionTime, 'cannot set completionTime when there is no Complete=True condition'))
  if (!isComplete && !isFailed) return errors
  const { active = 0, terminating = 0, startTime, completionTime, uncountedTerminatedPods } = status
  if (active > 0) errors.push(invalidValue('status.active', active, 'active>0 is invalid for finished job'))
  if (terminating > 0) errors.push(invalidValue('status.terminating', terminating, 'terminating>0 is invalid for finished job'))
  if (!startTime) errors.push(requiredValue('status.startTime', 'startTime is required for finished job'))
  if (uncountedTerminatedPods?.succeeded?.length || uncountedTerminatedPods?.failed?.length)
    errors.push(invalidValue('status.uncountedTerminatedPods', uncountedTerminatedPods, 'uncountedTerminatedPods needs to be empty for finished job'))
  if (startTime && completionTime && Date.parse(completionTime) < Date.parse(startTime))
    errors.push(invalidValue('status.completionTime', completionTime, 'completionTime cannot be set before startTime'))
  return errors
}

function validateIndexes({ spec, status }: Job): FieldError[] {
  const { completedIndexes, failedIndexes } = status
  const errors: FieldError[] = []
  if (completedIndexes && !isIndexed(spec))
    errors.push(invalidValue('status.completedIndexes', completedIndexes, 'cannot set non-empty completedIndexes when non-indexed completion mode'))
  if (failedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    errors.push(invalidValue('status.failedIndexes', failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'))
  const count = spec.completions ?? 0
  if (commonIndexes(parseIndexRanges(completedIndexes, count), parseIndexRanges(failedIndexes, count)).length > 0)
    errors.push(invalidValue('status.failedIndexes', failedIndexes, 'failedIndexes and completedIndexes overlap'))
  return errors
}

function validateStep(job: Job, old: Job): FieldError[] {
  const { spec, status } = job
  const before = old.status
  const errors: FieldError[] = []
  for (const type of ['Complete', 'Failed', 'FailureTarget', 'SuccessCriteriaMet'])
    if (hasJobCondition(old, type) && !hasJobCondition(job, type)) errors.push(forbidden('status.conditions', `cannot disable the ${type}=True condition`))
  if (!spec.suspend && before.startTime && status.startTime !== before.startTime)
    errors.push(
      status.startTime
        ? requiredValue('status.startTime', 'startTime cannot be modified for unsuspended job')
        : requiredValue('status.startTime', 'startTime cannot be removed for unsuspended job'),
    )
  if (before.completionTime && status.completionTime !== before.completionTime)
    errors.push(invalidValue('status.completionTime', status.completionTime, 'completionTime cannot be mutated'))
  if ((status.failed ?? 0) < (before.failed ?? 0)) errors.push(invalidValue('status.failed', status.failed ?? 0, 'cannot decrease the failed counter'))
  // An indexed Job that was made smaller forgets the indexes it has no more.
  if ((status.succeeded ?? 0) < (before.succeeded ?? 0) && !isIndexed(spec))
    errors.push(invalidValue('status.succeeded', status.succeeded ?? 0, 'cannot decrease the succeeded counter'))
  return errors
}
