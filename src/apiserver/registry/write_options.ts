/** What a write says beside its body: dryRun, fieldManager, fieldValidation, force. */
import { readFieldValidation, type FieldValidation } from '../../api/field_validation.ts'
import { forbidden, notSupported, type FieldError } from '../../api/field_error.ts'
import { managerName, validateFieldManager } from '../../api/apply/manager_name.ts'
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

/** Throws a 422 ApiError for values that are none. */
export function writeOptions({ query, headers }: Request, kind: OptionsKind): WriteOptions {
  const errors: FieldError[] = []
  const dryRun = query.getAll('dryRun')
  errors.push(...dryRunErrors(dryRun))
  const given = query.get('fieldManager') ?? ''
  errors.push(...validateFieldManager(given))
  const force = query.has('force') && isTrue(query.get('force'))
  if (query.has('force') && kind === 'PatchOptions' && !headers['content-type']?.startsWith('application/apply-patch+'))
    errors.push(forbidden('force', 'may not be specified for non-apply patch'))
  if (errors.length > 0) throw invalid(optionsResource(kind), '', errors)
  return {
    dryRun: dryRun.length > 0,
    fieldManager: managerName(given, headers['user-agent']),
    managerGiven: given !== '',
    fieldValidation: readFieldValidation(query.get('fieldValidation')),
    force,
  }
}

export const dryRunErrors = (values: readonly string[]): FieldError[] =>
  values.filter(value => value !== 'All').map(value => notSupported('dryRun', value, ['All']))

/** What an error about the options themselves is about. */
export const optionsResource = (kind: OptionsKind) => ({ group: 'meta.k8s.io', plural: kind.toLowerCase(), kind })
