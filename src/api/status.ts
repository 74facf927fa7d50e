/**
 * Errors of the API: each one is a Status object, and only that travels.
 *
 * Texts and codes as Kubernetes prints them, because kubectl shows the message, and programs switch on the reason.
 */
import { printFieldError, type FieldError, type FieldErrorType } from './field_error.ts'

export interface Status {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  readonly metadata: { readonly continue?: string; readonly resourceVersion?: string }
  readonly status: 'Success' | 'Failure'
  readonly message?: string
  readonly reason?: StatusReason
  readonly details?: StatusDetails
  readonly code: number
}

export interface StatusDetails {
  readonly name?: string
  readonly group?: string
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly StatusCause[]
  readonly retryAfterSeconds?: number
}

export interface StatusCause {
  readonly reason?: string
  readonly message?: string
  readonly field?: string
}

export type StatusReason =
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Expired'
  | 'Invalid'
  | 'ServerTimeout'
  | 'Timeout'
  | 'TooManyRequests'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'RequestEntityTooLarge'
  | 'UnsupportedMediaType'
  | 'InternalError'
  | 'ServiceUnavailable'
  | ''

/** What an error is about: details carry it. `plural` is the resource's name, such as `pods`. */
export interface Resource {
  readonly group: string
  readonly plural: string
  readonly kind: string
}

export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: Status
  constructor(status: Status) {
    super(status.message)
    this.status = status
  }
  get reason(): StatusReason {
    return this.status.reason ?? ''
  }
  get code(): number {
    return this.status.code
  }
}

/** True for an ApiError with this reason: what a caller switches on. */
export function isReason(error: unknown, reason: StatusReason): error is ApiError {
  return error instanceof ApiError && error.reason === reason
}

export function failure(code: number, reason: StatusReason, message: string, details?: StatusDetails): ApiError {
  return new ApiError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, ...(details && { details }), code })
}

export const success = (details?: StatusDetails, code = 200): Status => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  ...(details && { details }),
  code,
})

export const notFound = (resource: Resource, name: string): ApiError =>
  failure(404, 'NotFound', `${qualified(resource)} ${quote(name)} not found`, about(resource, name))

export const alreadyExists = (resource: Resource, name: string): ApiError =>
  failure(409, 'AlreadyExists', `${qualified(resource)} ${quote(name)} already exists`, about(resource, name))

export const conflict = (resource: Resource, name: string, why: string): ApiError =>
  failure(409, 'Conflict', `Operation cannot be fulfilled on ${qualified(resource)} ${quote(name)}: ${why}`, about(resource, name))

/** The answer to an update that was made to an old version. */
export const staleWrite = (resource: Resource, name: string): ApiError =>
  conflict(resource, name, 'the object has been modified; please apply your changes to the latest version and try again')

export function invalid(resource: Resource, name: string, errors: readonly FieldError[]): ApiError {
  const lines = [...new Set(errors.map(printFieldError))]
  const message = lines.length === 1 ? lines[0]! : `[${lines.join(', ')}]`
  return failure(422, 'Invalid', `${kindQualified(resource)} ${quote(name)} is invalid: ${message}`, {
    ...(name && { name }),
    ...(resource.group && { group: resource.group }),
    kind: resource.kind,
    causes: errors.map(error => ({ reason: CAUSE_REASONS[error.type], message: error.body, field: error.field })),
  })
}

export const badRequest = (message: string): ApiError => failure(400, 'BadRequest', message)
export const unauthorized = (): ApiError => failure(401, 'Unauthorized', 'Unauthorized')

/** An admission plugin or a rule of the kind refuses: `pods "web" is forbidden: …`. */
export const forbiddenBy = (resource: Resource, name: string, why: string, causes?: readonly StatusCause[]): ApiError =>
  failure(403, 'Forbidden', `${qualified(resource)}${name ? ` ${quote(name)}` : ''} is forbidden: ${why}`, {
    ...about(resource, name),
    ...(causes && { causes }),
  })

export const forbiddenPath = (user: string, verb: string, path: string): ApiError =>
  failure(403, 'Forbidden', `forbidden: User ${quote(user)} cannot ${verb} path ${quote(path)}`, {})

export const methodNotAllowed = (): ApiError => failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})

const MEDIA_TYPES = 'application/json, application/yaml'

export const notAcceptable = (): ApiError => failure(406, 'NotAcceptable', `only the following media types are accepted: ${MEDIA_TYPES}`, {})

export const unsupportedMediaType = (accepted = `${MEDIA_TYPES}, application/vnd.kubernetes.protobuf`): ApiError =>
  failure(415, 'UnsupportedMediaType', `the body of the request was in an unknown format - accepted media types include: ${accepted}`, {})

export const tooLargeBody = (bytesMax: number): ApiError => failure(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${bytesMax}`, {})

export const expired = (message: string, metadata: Status['metadata'] = {}): ApiError =>
  new ApiError({ kind: 'Status', apiVersion: 'v1', metadata, status: 'Failure', message, reason: 'Expired', code: 410 })

/** Without seconds nobody can say when; clients then wait as they think best. */
export const tooManyRequests = (message: string, retryAfterSeconds?: number, causes?: readonly StatusCause[]): ApiError =>
  failure(429, 'TooManyRequests', message, { ...(causes && { causes }), ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) })

export const timeout = (message: string): ApiError => failure(504, 'Timeout', `Timeout: ${message}`, {})

export const tooLargeResourceVersion = (requested: number, current: number): ApiError =>
  failure(504, 'Timeout', `Timeout: Too large resource version: ${requested}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })

export const internalError = (message: string): ApiError => failure(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] })

export const unavailable = (message: string): ApiError => failure(503, 'ServiceUnavailable', message, {})

const CAUSE_REASONS: Readonly<Record<FieldErrorType, string>> = {
  Required: 'FieldValueRequired',
  Invalid: 'FieldValueInvalid',
  NotSupported: 'FieldValueNotSupported',
  Duplicate: 'FieldValueDuplicate',
  Forbidden: 'FieldValueForbidden',
  NotFound: 'FieldValueNotFound',
  TooLong: 'FieldValueTooLong',
  TooMany: 'FieldValueTooMany',
}

const qualified = ({ group, plural }: Resource): string => (group ? `${plural}.${group}` : plural)
const kindQualified = ({ group, kind }: Resource): string => (group ? `${kind}.${group}` : kind)
const quote = (text: string): string => JSON.stringify(text)
const about = ({ group, plural }: Resource, name: string): StatusDetails => ({ ...(name && { name }), ...(group && { group }), kind: plural })
