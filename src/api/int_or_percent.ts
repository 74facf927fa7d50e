/** Numbers that may be given as a share of something: `2`, or `25%` of the Pods. */
import { invalidValue, type FieldError } from './field_error.ts'

/** A share that is no whole number is rounded: up for what must stay or may be added, down for what may be missing. */
export type Rounding = 'up' | 'down'

/** The number that is meant, out of `total`. Throws RangeError for a text that is no percentage, which validation refuses. */
export function resolveIntOrPercent(value: number | string, total: number, rounding: Rounding): number {
  if (typeof value === 'number') return value
  const percent = percentOf(value)
  if (percent === undefined) throw new RangeError('invalid value for IntOrString: invalid type: string is not a percentage')
  const share = percent * total
  return rounding === 'up' ? Math.ceil(share / 100) : Math.floor(share / 100)
}

/** The number before the sign; undefined for anything else. */
export function percentOf(value: number | string | undefined): number | undefined {
  return typeof value === 'string' && PERCENT.test(value) ? Number(value.slice(0, -1)) : undefined
}

export function validateIntOrPercent(value: number | string, path: string): FieldError[] {
  if (typeof value === 'number') return value < 0 ? [invalidValue(path, value, 'must be greater than or equal to 0')] : []
  if (PERCENT.test(value)) return []
  return [
    invalidValue(
      path,
      value,
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    ),
  ]
}

export const validateAtMostAll = (value: number | string, path: string): FieldError[] =>
  (percentOf(value) ?? 0) > 100 ? [invalidValue(path, value, 'must not be greater than 100%')] : []

const PERCENT = /^[0-9]+%$/
