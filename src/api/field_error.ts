/**
 * What is wrong with one field, in Kubernetes' words: `spec.containers[0].image: Required value`.
 * Validation collects them all; a request is refused with every one of them as a cause.
 */
export type FieldErrorType = 'Required' | 'Invalid' | 'NotSupported' | 'Duplicate' | 'Forbidden' | 'NotFound' | 'TooLong' | 'TooMany'

export interface FieldError {
  readonly type: FieldErrorType
  readonly field: string
  /** The part after `<field>: `. */
  readonly body: string
}

export const requiredValue = (field: string, detail = ''): FieldError => ({
  type: 'Required',
  field,
  body: detail ? `Required value: ${detail}` : 'Required value',
})
export const invalidValue = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'Invalid',
  field,
  body: `Invalid value: ${printValue(value)}: ${detail}`,
})
export const duplicateValue = (field: string, value: unknown): FieldError => ({ type: 'Duplicate', field, body: `Duplicate value: ${printValue(value)}` })
export const forbidden = (field: string, detail: string): FieldError => ({ type: 'Forbidden', field, body: `Forbidden: ${detail}` })
export const notFoundValue = (field: string, value: unknown): FieldError => ({ type: 'NotFound', field, body: `Not found: ${printValue(value)}` })
export const tooLong = (field: string, bytesMax: number): FieldError => ({ type: 'TooLong', field, body: `Too long: may not be more than ${bytesMax} bytes` })
export const tooMany = (field: string, actual: number, max: number): FieldError => ({
  type: 'TooMany',
  field,
  body: `Too many: ${actual}: must have at most ${max} items`,
})

/** The supported values are listed in alphabetical order, as Kubernetes does. */
export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  type: 'NotSupported',
  field,
  body: `Unsupported value: ${printValue(value)}: supported values: ${[...supported]
    .sort()
    .map(v => JSON.stringify(v))
    .join(', ')}`,
})

export const printFieldError = (error: FieldError): string => `${error.field}: ${error.body}`

function printValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value === undefined || value === null) return 'null'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
