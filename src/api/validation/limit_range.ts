/** LimitRanges: names, and that the least, the default and the most follow each other. */
import { duplicateValue, forbidden, invalidValue, requiredValue, type FieldError } from '../field_error.ts'
import type { LimitRange } from '../kinds/limit_range.ts'
import { compareQuantities, parseQuantity } from '../quantity.ts'
import type { LimitRangeItem } from '../types/limit_range.ts'
import { qualifiedName } from './names.ts'
import { isExtended, isHugePages } from './resource_requirements.ts'
import { forEachAt } from './rules.ts'

const TYPES = ['Pod', 'Container', 'PersistentVolumeClaim']

export function validateLimitRange({ spec }: LimitRange): FieldError[] {
  const seen = new Set<string>()
  return forEachAt(spec.limits, 'spec.limits', (item, at) => {
    const isRepeated = seen.has(item.type)
    seen.add(item.type)
    return [
      ...validateType(item.type, `${at}.type`),
      ...(isRepeated ? [duplicateValue(`${at}.type`, item.type)] : []),
      ...AMOUNTS.flatMap(field => validateNames(item, field, at)),
      ...needsStorage(item, at),
      ...namedIn(item).flatMap(name => validateOrder(item, name, at)),
    ]
  })
}

const AMOUNTS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const

function validateType(type: string, path: string): FieldError[] {
  const problems = qualifiedName(type ?? '')
  if (problems.length === 0 && !type.includes('/') && !TYPES.includes(type)) problems.push('must be a standard limit type or fully qualified')
  return problems.map(problem => invalidValue(path, type, problem))
}

function validateNames(item: LimitRangeItem, field: (typeof AMOUNTS)[number], at: string): FieldError[] {
  const path = `${at}.${field}`
  const names = Object.keys(item[field] ?? {})
  if (item.type === 'Pod' && (field === 'default' || field === 'defaultRequest'))
    return names.length > 0 ? [forbidden(path, "may not be specified when `type` is 'Pod'")] : []
  return names.flatMap(name => resourceProblems(item.type, name).map(problem => invalidValue(`${path}[${name}]`, name, problem)))
}

const COMPUTE = ['cpu', 'memory', 'ephemeral-storage']

function resourceProblems(type: string, name: string): string[] {
  const problems = qualifiedName(name)
  if (problems.length > 0 || name.includes('/') || COMPUTE.includes(name) || isHugePages(name)) return problems
  if (type === 'Pod' || type === 'Container') return ['must be a standard resource for containers']
  return name === 'storage' ? [] : ['must be a standard resource type or fully qualified']
}

const needsStorage = ({ type, min, max }: LimitRangeItem, at: string): FieldError[] =>
  type === 'PersistentVolumeClaim' && min?.storage === undefined && max?.storage === undefined
    ? [requiredValue(`${at}.limits`, 'either minimum or maximum storage value is required, but neither was provided')]
    : []

const namedIn = (item: LimitRangeItem): string[] => [...new Set(AMOUNTS.flatMap(field => Object.keys(item[field] ?? {})))].sort()

function validateOrder(item: LimitRangeItem, name: string, at: string): FieldError[] {
  const [min, max, limit, request, ratio] = [item.min, item.max, item.default, item.defaultRequest, item.maxLimitRequestRatio].map(all => all?.[name])
  const errors: FieldError[] = []
  const isMore = (a: string | undefined, b: string | undefined): boolean => a !== undefined && b !== undefined && compareQuantities(a, b) > 0
  const refuse = (field: string, shown: string | undefined, why: string) => void errors.push(invalidValue(`${at}.${field}[${name}]`, shown, why))
  if (isMore(min, max)) refuse('min', min, `min value ${min} is greater than max value ${max}`)
  if (isMore(min, request)) refuse('defaultRequest', request, `min value ${min} is greater than default request value ${request}`)
  if (isMore(request, max)) refuse('defaultRequest', request, `default request value ${request} is greater than max value ${max}`)
  if (isMore(request, limit)) refuse('defaultRequest', request, `default request value ${request} is greater than default limit value ${limit}`)
  if (isMore(min, limit)) refuse('default', min, `min value ${min} is greater than default value ${limit}`)
  if (isMore(limit, max)) refuse('default', max, `default value ${limit} is greater than max value ${max}`)
  if (isMore('1', ratio)) refuse('maxLimitRequestRatio', ratio, `ratio ${ratio} is less than 1`)
  const widest = quotient(max, min)
  if (ratio !== undefined && widest !== undefined && quotient(ratio, '1')! > widest)
    refuse('maxLimitRequestRatio', ratio, `ratio ${ratio} is greater than max/min = ${widest.toFixed(6)}`)
  // What cannot be shared is given as a limit or not at all.
  const isExact = isExtended(name) || isHugePages(name)
  if (isExact && limit !== undefined && request !== undefined && compareQuantities(limit, request) !== 0)
    refuse('defaultRequest', request, `default value ${limit} must equal to defaultRequest value ${request} in ${name}`)
  return errors
}

function quotient(dividend: string | undefined, divisor: string | undefined): number | undefined {
  const [above, below] = [dividend, divisor].map(text => (text === undefined ? undefined : parseQuantity(text)))
  if (!above || !below || below.nano === 0n) return undefined
  return Number(above.nano) / Number(below.nano)
}
