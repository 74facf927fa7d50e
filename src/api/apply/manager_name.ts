import { invalidValue, tooLong, type FieldError } from '../field_error.ts'

const MANAGER_BYTES_MAX = 128

/** Who a write is by: what the client says, or the program's name in its User-Agent (`kubectl/v1.34 …` → `kubectl`). */
export function managerName(fieldManager: string | null | undefined, userAgent: string | null | undefined): string {
  if (fieldManager) return fieldManager
  return truncate((userAgent ?? '').split('/', 1)[0]!.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '')) || 'unknown'
}

/** What is wrong with the query parameter `fieldManager`. */
export function validateFieldManager(fieldManager: string): FieldError[] {
  const errors: FieldError[] = []
  if (new TextEncoder().encode(fieldManager).length > MANAGER_BYTES_MAX) errors.push(tooLong('fieldManager', MANAGER_BYTES_MAX))
  if (/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(fieldManager)) errors.push(invalidValue('fieldManager', fieldManager, 'should only contain printable characters'))
  return errors
}

const truncate = (name: string): string => (name.length > MANAGER_BYTES_MAX ? name.slice(0, MANAGER_BYTES_MAX) : name)
