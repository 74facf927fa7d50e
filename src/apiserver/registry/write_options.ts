/** What a write says beside its body: dryRun, fieldManager, fieldValidation, force. */
import { readFieldValidation, type FieldValidation } from '../../api/field_validation.ts'
import { invalidValue, notSupported, type FieldError } from '../../api/field_error.ts'
import { invalid } from '../../api/status.ts'
import type { Request } from '../../base/transport.ts'
import { isTrue } from '../http/route.ts'

export interface WriteOptions {
  readonly dryRun: boolean
  /** Who writes: names the owner of the fields in metadata.managedFields. */
  readonly fieldManager: string
  /** True when the request named the manager itself, as an apply must. */
  readonly managerGiven: boolean
  readonly fieldValidation: FieldValidation
  readonly force: boolean
}

export type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions' | 'ListOptions'

const FIELD_MANAGER_MAX = 128

/** Throws a 422 ApiError for values that are none. */
export function writeOptions({ query, headers }: Request, kind: OptionsKind): WriteOptions {
  const errors: FieldError[] = []
  const dryRun = query.getAll('dryRun')
  errors.push(...dryRunErrors(dryRun))
  const given = query.get('fieldManager') ?? ''
  if (given.length > FIELD_MANAGER_MAX) errors.push({ type: 'TooLong', field: 'fieldManager', body: `Too long: may not be more than ${FIELD_MANAGER_MAX} bytes` })
  const unprintable = [...given].findIndex(char => char < ' ' || char === '\u007f')
  if (unprintable >= 0) errors.push(invalidValue('fieldManager', given, `invalid character at position ${unprintable}: should only contain printable characters`))
  if (errors.length > 0) throw invalid(optionsResource(kind), '', errors)
  return {
    dryRun: dryRun.length > 0,
    fieldManager: given || managerOf(headers['user-agent']),
    managerGiven: given !== '',
    fieldValidation: readFieldValidation(query.get('fieldValidation')),
    force: query.has('force') && isTrue(query.get('force')),
  }
}

export const dryRunErrors = (values: readonly string[]): FieldError[] =>
  values.filter(value => value !== 'All').map(value => notSupported('dryRun', value, ['All']))

/** What an error about the options themselves is about. */
export const optionsResource = (kind: OptionsKind) => ({ group: 'meta.k8s.io', plural: kind.toLowerCase(), kind })

/** `kubectl/v1.34.0 (linux/amd64)` writes as `kubectl`. */
const managerOf = (userAgent: string | undefined): string => (userAgent ?? '').split('/', 1)[0]!.slice(0, FIELD_MANAGER_MAX) || 'unknown'
