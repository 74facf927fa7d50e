/** Labels and annotations: of objects, and of the Pods that a template stands for. */
import { invalidValue, type FieldError } from '../field_error.ts'
import { labelValue, qualifiedName } from './names.ts'

export function validateLabels(labels: Readonly<Record<string, string>>, path: string): FieldError[] {
  const errors: FieldError[] = []
  for (const key in labels) {
    for (const why of qualifiedName(key)) errors.push(invalidValue(path, key, why))
    for (const why of labelValue(labels[key]!)) errors.push(invalidValue(path, labels[key], why))
  }
  return errors
}

const ANNOTATIONS_BYTES_MAX = 256 * 1024

export function validateAnnotations(annotations: Readonly<Record<string, string>>, path: string): FieldError[] {
  const errors: FieldError[] = []
  let bytes = 0
  for (const key in annotations) {
    for (const why of qualifiedName(key.toLowerCase())) errors.push(invalidValue(path, key, why))
    bytes += key.length + annotations[key]!.length
  }
  if (bytes > ANNOTATIONS_BYTES_MAX) errors.push({ type: 'TooLong', field: path, body: `Too long: may not be more than ${ANNOTATIONS_BYTES_MAX} bytes` })
  return errors
}
