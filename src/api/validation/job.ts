/** Jobs (behaviour 8.5). CronJobs check their template of Jobs by `validateJobSpec`. */
import { invalidValue, notSupported, requiredValue, tooLong, type FieldError } from '../field_error.ts'
import type { Job } from '../kinds/job.ts'
import { generatedLabels, isIndexed } from '../kinds/job_defaults.ts'
import { matchesLabelSelector, validateLabelSelector } from '../label_selector.ts'
import type { JobSpec } from '../types/job.ts'
import { validatePodFailurePolicy, validateSuccessPolicy } from './job_policies.ts'
import { dnsLabel, dnsSubdomain } from './names.ts'
import { validatePodTemplateSpec } from './pod_template_spec.ts'
import { nonNegative } from './rules.ts'

const INDEXED_PARALLELISM_MAX = 100_000
/** Above so many, a Job with a limit for each index has to be modest in other ways. */
const MANY_COMPLETIONS = 100_000
const MODEST_MAX = 10_000
const MANAGED_BY_MAX = 63

export function validateJob({ spec }: Job): FieldError[] {
  const errors = validateJobSpec(spec, 'spec')
  if (!spec.selector) return [...errors, requiredValue('spec.selector')]
  errors.push(...validateLabelSelector(spec.selector, 'spec.selector'))
  if (!matchesLabelSelector(spec.selector, spec.template.metadata.labels))
    errors.push(invalidValue('spec.template.metadata.labels', spec.template.metadata.labels ?? {}, '`selector` does not match template `labels`'))
  return errors
}

export function validateJobCreate(job: Job): FieldError[] {
  const { metadata, spec } = job
  const errors = spec.manualSelector ? [] : validateGeneratedSelector(job)
  if (!isIndexed(spec) || !spec.completions) return errors
  const longest = `${metadata.name}-${spec.completions - 1}`
  if (dnsLabel(longest).length > 0) errors.push(invalidValue('metadata.name', metadata.name, `will not able to create pod with invalid DNS label: ${longest}`))
  return errors
}

function validateGeneratedSelector({ metadata, spec }: Job): FieldError[] {
  const errors: FieldError[] = []
  const labels = spec.template.metadata.labels ?? {}
  const expected = generatedLabels(metadata)
  for (const [key, value] of Object.entries(expected)) {
    const path = `spec.template.metadata.labels[${key}]`
    if (labels[key] === undefined) errors.push(requiredValue(path, `must be '${value}'`))
    else if (labels[key] !== value) errors.push(invalidValue(path, labels, `must be '${value}'`))
  }
  if (spec.selector && !matchesLabelSelector(spec.selector, expected))
    errors.push(invalidValue('spec.selector', spec.selector, '`selector` not auto-generated'))
  return errors
}

export function validateJobSpec(spec: JobSpec, path: string): FieldError[] {
  return [
    ...nonNegative(spec.parallelism, `${path}.parallelism`),
    ...nonNegative(spec.completions, `${path}.completions`),
    ...nonNegative(spec.activeDeadlineSeconds, `${path}.activeDeadlineSeconds`),
    ...nonNegative(spec.backoffLimit, `${path}.backoffLimit`),
    ...nonNegative(spec.ttlSecondsAfterFinished, `${path}.ttlSecondsAfterFinished`),
    ...nonNegative(spec.backoffLimitPerIndex, `${path}.backoffLimitPerIndex`),
    ...nonNegative(spec.maxFailedIndexes, `${path}.maxFailedIndexes`),
    ...(spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined
      ? [requiredValue(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified')]
      : []),
    ...validateManagedBy(spec.managedBy, `${path}.managedBy`),
    ...validateCompletionMode(spec, path),
    ...(spec.podFailurePolicy ? validatePodFailurePolicy(spec, spec.podFailurePolicy, `${path}.podFailurePolicy`) : []),
    ...(spec.successPolicy ? validateSuccessPolicy(spec, spec.successPolicy, `${path}.successPolicy`) : []),
    ...validateReplacement(spec, `${path}.podReplacementPolicy`),
    ...validatePodTemplateSpec(spec.template, `${path}.template`),
    ...validateRestartPolicy(spec, `${path}.template.spec.restartPolicy`),
  ]
}

function validateManagedBy(managedBy: string | undefined, path: string): FieldError[] {
  if (managedBy === undefined) return []
  const errors: FieldError[] = []
  const slash = managedBy.indexOf('/')
  if (slash <= 0 || slash === managedBy.length - 1) {
    errors.push(invalidValue(path, managedBy, 'must be a domain-prefixed path (such as "acme.io/foo")'))
  } else {
    errors.push(...dnsSubdomain(managedBy.slice(0, slash)).map(problem => invalidValue(path, managedBy.slice(0, slash), problem)))
    const rest = managedBy.slice(slash + 1)
    if (!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(rest))
      errors.push(invalidValue(path, rest, "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')"))
  }
  if (managedBy.length > MANAGED_BY_MAX) errors.push(tooLong(path, MANAGED_BY_MAX))
  return errors
}

function validateCompletionMode(spec: JobSpec, path: string): FieldError[] {
  const { completionMode, completions, parallelism, maxFailedIndexes, backoffLimitPerIndex } = spec
  if (completionMode && completionMode !== 'Indexed' && completionMode !== 'NonIndexed')
    return [notSupported(`${path}.completionMode`, completionMode, ['NonIndexed', 'Indexed'])]
  if (!isIndexed(spec)) {
    const requires = 'requires indexed completion mode'
    return [
      ...(backoffLimitPerIndex === undefined ? [] : [invalidValue(`${path}.backoffLimitPerIndex`, backoffLimitPerIndex, requires)]),
      ...(maxFailedIndexes === undefined ? [] : [invalidValue(`${path}.maxFailedIndexes`, maxFailedIndexes, requires)]),
    ]
  }
  const errors: FieldError[] = []
  const atMost = (value: number | undefined, field: string, max: number, why: string) => {
    if (value !== undefined && value > max) errors.push(invalidValue(`${path}.${field}`, value, why))
  }
  if (completions === undefined) errors.push(requiredValue(`${path}.completions`, 'when completion mode is Indexed'))
  atMost(parallelism, 'parallelism', INDEXED_PARALLELISM_MAX, `must be less than or equal to ${INDEXED_PARALLELISM_MAX} when completion mode is Indexed`)
  if (completions !== undefined) atMost(maxFailedIndexes, 'maxFailedIndexes', completions, 'must be less than or equal to completions')
  atMost(maxFailedIndexes, 'maxFailedIndexes', INDEXED_PARALLELISM_MAX, `must be less than or equal to ${INDEXED_PARALLELISM_MAX}`)
  if ((completions ?? 0) <= MANY_COMPLETIONS || backoffLimitPerIndex === undefined) return errors
  const modest = `must be less than or equal to ${MODEST_MAX} when completions are above ${MANY_COMPLETIONS} and used with backoff limit per index`
  if (maxFailedIndexes === undefined) errors.push(requiredValue(`${path}.maxFailedIndexes`, `must be specified when completions is above ${MANY_COMPLETIONS}`))
  atMost(parallelism, 'parallelism', MODEST_MAX, modest)
  atMost(maxFailedIndexes, 'maxFailedIndexes', MODEST_MAX, modest)
  return errors
}

function validateReplacement({ podReplacementPolicy, podFailurePolicy }: JobSpec, path: string): FieldError[] {
  if (!podReplacementPolicy) return []
  const supported: readonly string[] = podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed']
  return supported.includes(podReplacementPolicy) ? [] : [notSupported(path, podReplacementPolicy, supported)]
}

/** A template that says nothing says Always: then the author is told what he must say. */
function validateRestartPolicy(spec: JobSpec, path: string): FieldError[] {
  const { restartPolicy } = spec.template.spec
  if (restartPolicy === 'Always' || (restartPolicy as string) === '') return [requiredValue(path, 'valid values: "OnFailure", "Never"')]
  if (restartPolicy === 'Never') return []
  // What is none of the three is told with the rest of the Pod's spec.
  if (restartPolicy !== 'OnFailure') return [notSupported(path, restartPolicy, ['OnFailure', 'Never'])]
  const onlyNever = (field: string) => invalidValue(path, restartPolicy, `only "Never" is supported when ${field} is specified`)
  return [
    ...(spec.podFailurePolicy ? [onlyNever('podFailurePolicy')] : []),
    ...(spec.backoffLimitPerIndex === undefined ? [] : [onlyNever('backoffLimitPerIndex')]),
  ]
}
