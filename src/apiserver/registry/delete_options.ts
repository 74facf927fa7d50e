/** What a DELETE says, in its query or in its body. */
import { invalidValue, notSupported, type FieldError } from '../../api/field_error.ts'
import { decodeObject } from '../../api/decode.ts'
import { cannotBeHandled } from '../../api/field_validation.ts'
import { badRequest, invalid } from '../../api/status.ts'
import { deleteOptions as deleteOptionsSchema, type DeleteOptions } from '../../api/types/delete_options.ts'
import type { Request } from '../../base/transport.ts'
import { readOptionalBody } from './read_object.ts'
import { dryRunErrors, optionsResource } from './write_options.ts'

export type Propagation = 'Orphan' | 'Background' | 'Foreground'

export interface DeleteHow {
  readonly graceSeconds: number | undefined
  readonly uid: string | undefined
  readonly resourceVersion: string | undefined
  readonly propagation: Propagation | undefined
  readonly dryRun: boolean
}

/** Throws a 400 or 422 ApiError. */
export function readDeleteOptions(request: Request): DeleteHow {
  const body = readOptionalBody(request, deleteOptionsSchema)
  return deleteHow(body ? fromBody(body) : fromQuery(request.query))
}

/** Throws a 422 ApiError. */
export function deleteHow({ gracePeriodSeconds, orphanDependents, propagationPolicy, preconditions, dryRun = [] }: DeleteOptions): DeleteHow {
  const errors: FieldError[] = dryRunErrors(dryRun)
  if (propagationPolicy !== undefined && !PROPAGATIONS.includes(propagationPolicy))
    errors.push(notSupported('propagationPolicy', propagationPolicy, [...PROPAGATIONS, 'nil']))
  if (orphanDependents !== undefined && propagationPolicy !== undefined)
    errors.push(invalidValue('propagationPolicy', propagationPolicy, 'orphanDependents and deletionPropagation cannot be both set'))
  if (errors.length > 0) throw invalid(optionsResource('DeleteOptions'), '', errors)
  return {
    graceSeconds: gracePeriodSeconds,
    uid: preconditions?.uid,
    resourceVersion: preconditions?.resourceVersion,
    propagation: (propagationPolicy as Propagation | undefined) ?? (orphanDependents === undefined ? undefined : orphanDependents ? 'Orphan' : 'Background'),
    dryRun: dryRun.length > 0,
  }
}

const PROPAGATIONS: readonly string[] = ['Background', 'Foreground', 'Orphan']

function fromBody(body: Record<string, unknown>): DeleteOptions {
  const { kind = 'DeleteOptions' } = body
  if (kind !== 'DeleteOptions') throw badRequest(`no kind ${JSON.stringify(kind)} is allowed in the body of a DELETE, only DeleteOptions`)
  const { object, errors } = decodeObject(deleteOptionsSchema, body)
  if (errors.length > 0) throw cannotBeHandled({ kind: 'DeleteOptions', version: 'v1' }, errors[0]!)
  return object as DeleteOptions
}

function fromQuery(query: URLSearchParams): DeleteOptions {
  const grace = query.get('gracePeriodSeconds')
  const orphan = query.get('orphanDependents')
  const policy = query.get('propagationPolicy')
  if (grace !== null && !/^-?[0-9]{1,15}$/.test(grace)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`)
  return {
    ...(grace !== null && { gracePeriodSeconds: Number(grace) }),
    ...(orphan !== null && { orphanDependents: orphan === 'true' || orphan === '1' }),
    ...(policy !== null && { propagationPolicy: policy as never }),
    dryRun: query.getAll('dryRun'),
  }
}
