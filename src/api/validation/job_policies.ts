/** Which failures of Pods end a Job, and when enough of it has succeeded. */
import { duplicateValue, invalidValue, notSupported, requiredValue, tooLong, tooMany, type FieldError } from '../field_error.ts'
import { isIndexed } from '../kinds/job_defaults.ts'
import type { JobSpec, PodFailurePolicy, PodFailurePolicyRule, SuccessPolicy } from '../types/job.ts'
import { qualifiedName } from './names.ts'
import { forEachAt, positive } from './rules.ts'

const RULES_MAX = 20
const PATTERNS_MAX = 20
const EXIT_CODES_MAX = 255
const INDEXES_BYTES_MAX = 64 * 1024

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const OPERATORS = ['In', 'NotIn']
const STATUSES = ['False', 'True', 'Unknown']

/** An error about an object as a whole, which is not printed. */
const invalidObject = (field: string, detail: string): FieldError => ({ type: 'Invalid', field, body: `Invalid value: ${detail}` })

export function validatePodFailurePolicy(spec: JobSpec, { rules }: PodFailurePolicy, path: string): FieldError[] {
  const tooManyRules = rules.length > RULES_MAX ? [tooMany(`${path}.rules`, rules.length, RULES_MAX)] : []
  return [...tooManyRules, ...forEachAt(rules, `${path}.rules`, (rule, at) => validateRule(spec, rule, at))]
}

function validateRule(spec: JobSpec, rule: PodFailurePolicyRule, path: string): FieldError[] {
  const errors = oneOf(rule.action, `${path}.action`, ACTIONS)
  if (rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined)
    errors.push(invalidValue(`${path}.action`, rule.action, 'requires the backoffLimitPerIndex to be set'))
  const hasConditions = (rule.onPodConditions ?? []).length > 0
  if (rule.onExitCodes) {
    if (hasConditions) errors.push(invalidObject(path, 'specifying both OnExitCodes and OnPodConditions is not supported'))
    errors.push(...validateExitCodes(spec, rule.onExitCodes, `${path}.onExitCodes`))
  } else if (!hasConditions) errors.push(invalidObject(path, 'specifying one of OnExitCodes and OnPodConditions is required'))
  else errors.push(...validateConditions(rule.onPodConditions!, `${path}.onPodConditions`))
  return errors
}

function validateExitCodes(
  { template }: JobSpec,
  { containerName, operator, values }: NonNullable<PodFailurePolicyRule['onExitCodes']>,
  path: string,
): FieldError[] {
  const errors = oneOf(operator, `${path}.operator`, OPERATORS)
  const names = [...(template.spec.initContainers ?? []), ...template.spec.containers].map(({ name }) => name)
  if (containerName !== undefined && !names.includes(containerName))
    errors.push(invalidValue(`${path}.containerName`, containerName, 'must be one of the container or initContainer names in the pod template'))
  if (values.length === 0) errors.push(invalidValue(`${path}.values`, values, 'at least one value is required'))
  else if (values.length > EXIT_CODES_MAX) errors.push(tooMany(`${path}.values`, values.length, EXIT_CODES_MAX))
  const isOrdered = values.every((value, index) => index === 0 || value >= values[index - 1]!)
  values.forEach((value, index) => {
    if (values.indexOf(value) < index) errors.push(duplicateValue(`${path}.values[${index}]`, value))
    if (operator === 'In' && value === 0) errors.push(invalidValue(`${path}.values[${index}]`, value, 'must not be 0 for the In operator'))
  })
  if (!isOrdered) errors.push(invalidValue(`${path}.values`, values, 'must be ordered'))
  return errors
}

function validateConditions(patterns: NonNullable<PodFailurePolicyRule['onPodConditions']>, path: string): FieldError[] {
  return [
    ...(patterns.length > PATTERNS_MAX ? [tooMany(path, patterns.length, PATTERNS_MAX)] : []),
    ...forEachAt(patterns, path, ({ type, status }, at) => [
      ...qualifiedName(type ?? '').map(problem => invalidValue(`${at}.type`, type ?? '', problem)),
      ...oneOf(status, `${at}.status`, STATUSES),
    ]),
  ]
}

function oneOf(value: string | undefined, path: string, values: readonly string[]): FieldError[] {
  if (!value) return [requiredValue(path, `valid values: [${values.map(one => JSON.stringify(one)).join(' ')}]`)]
  return values.includes(value) ? [] : [notSupported(path, value, values)]
}

export function validateSuccessPolicy(spec: JobSpec, policy: SuccessPolicy, path: string): FieldError[] {
  if (!isIndexed(spec)) return [invalidValue(path, policy, 'requires indexed completion mode')]
  const { rules } = policy
  const completions = spec.completions ?? 0
  if (rules.length === 0) return [requiredValue(`${path}.rules`, 'at least one rules must be specified when the successPolicy is specified')]
  return [
    ...(rules.length > RULES_MAX ? [tooMany(`${path}.rules`, rules.length, RULES_MAX)] : []),
    ...forEachAt(rules, `${path}.rules`, ({ succeededCount, succeededIndexes }, at) => {
      if (succeededCount === undefined && succeededIndexes === undefined)
        return [requiredValue(at, 'at least one of succeededCount or succeededIndexes must be specified')]
      const errors: FieldError[] = []
      let named: number | undefined
      if (succeededIndexes !== undefined) {
        if (succeededIndexes.length > INDEXES_BYTES_MAX) errors.push(tooLong(`${at}.succeededIndexes`, INDEXES_BYTES_MAX))
        const counted = countNamedIndexes(succeededIndexes, completions)
        if (typeof counted === 'string') errors.push(invalidValue(`${at}.succeededIndexes`, succeededIndexes, `error parsing succeededIndexes: ${counted}`))
        else named = counted
      }
      if (succeededCount === undefined) return errors
      errors.push(...positive(succeededCount, `${at}.succeededCount`))
      const tooHigh = (max: number, what: string) =>
        errors.push(invalidValue(`${at}.succeededCount`, succeededCount, `must be less than or equal to ${max} (${what})`))
      if (succeededCount > completions) tooHigh(completions, 'the number of specified completions')
      if (named !== undefined && succeededCount > named) tooHigh(named, 'the number of indexes in the specified succeededIndexes field')
      return errors
    }),
  ]
}

/** How many indexes the text names, or what is wrong with it. */
function countNamedIndexes(text: string, completions: number): number | string {
  if (text === '') return 0
  let count = 0
  let last = -1
  for (const part of text.split(',')) {
    const ends = part.split('-')
    if (ends.length > 2)
      return `the fragment ${JSON.stringify(part)} violates the requirement that an index interval can have at most two parts separated by '-'`
    const [from, to = from] = ends.map(Number)
    const broken = ends.find(end => !/^\d+$/.test(end))
    if (broken !== undefined) return `cannot convert string to integer for index: ${JSON.stringify(broken)}`
    const beyond = ends.find(end => Number(end) >= completions)
    if (beyond !== undefined) return `too large index: ${JSON.stringify(beyond)}`
    if (ends.length === 2 && from! >= to!) return `non-increasing order, previous: ${from}, current: ${to}`
    if (from! <= last) return `non-increasing order, previous: ${last}, current: ${from}`
    count += to! - from! + 1
    last = to!
  }
  return count
}
