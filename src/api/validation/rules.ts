/** Small rules that many kinds share. Each returns the errors of one field. */
import { duplicateValue, invalidValue, requiredValue, type FieldError } from '../field_error.ts'

/** The name of something inside an object: required, and of this grammar. */
export function validateName(name: string | undefined, path: string, rule: (name: string) => string[]): FieldError[] {
  if (!name) return [requiredValue(path)]
  return rule(name).map(problem => invalidValue(path, name, problem))
}

/** A text that may be left out, and otherwise has this grammar. */
export const validateOptional = (text: string | undefined, path: string, rule: (text: string) => string[]): FieldError[] =>
  text ? rule(text).map(problem => invalidValue(path, text, problem)) : []

export const nonNegative = (value: number | undefined, path: string): FieldError[] =>
  value !== undefined && value < 0 ? [invalidValue(path, value, 'must be greater than or equal to 0')] : []

export const positive = (value: number | undefined, path: string): FieldError[] =>
  value !== undefined && value <= 0 ? [invalidValue(path, value, 'must be greater than 0')] : []

export const inRange = (value: number | undefined, path: string, min: number, max: number): FieldError[] =>
  value !== undefined && (value < min || value > max) ? [invalidValue(path, value, `must be between ${min} and ${max}, inclusive`)] : []

/** A Duplicate error at every item whose key an earlier item has. */
export function noDuplicates<T>(
  items: readonly T[] | undefined,
  keyOf: (item: T) => string | undefined,
  path: (index: number) => string,
  shown: (item: T) => unknown = keyOf,
): FieldError[] {
  // Nothing is the same as itself alone, and most lists have one item at most.
  if (items === undefined || items.length < 2) return []
  const seen = new Set<string>()
  const errors: FieldError[] = []
  items.forEach((item, index) => {
    const key = keyOf(item)
    if (!key) return
    if (seen.has(key)) errors.push(duplicateValue(path(index), shown(item)))
    seen.add(key)
  })
  return errors
}

/** The errors of each item of a list, with the path of the item. */
export function forEachAt<T>(items: readonly T[] | undefined, path: string, validate: (item: T, path: string, index: number) => FieldError[]): FieldError[] {
  const errors: FieldError[] = []
  items?.forEach((item, index) => {
    const found = validate(item, `${path}[${index}]`, index)
    // Every write passes here, and nearly all find nothing.
    if (found.length > 0) errors.push(...found)
  })
  return errors
}
