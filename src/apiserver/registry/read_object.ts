/** From the body of a request to a draft: decoded, pruned, defaulted, and the caller's own to change. */
import { apiVersionOf, type Kind } from '../../api/kind.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import type { Fields, ObjectSchema } from '../../api/schema.ts'
import { compileDefaults, type Defaulter } from '../../api/defaults.ts'
import { decodeObject } from '../../api/decode.ts'
import { cannotBeHandled, strayFieldWarnings, strictDecodingProblem, type FieldValidation } from '../../api/field_validation.ts'
import { decodeProtobuf, PROTOBUF_MEDIA_TYPE } from '../../api/protobuf/decode_protobuf.ts'
import { badRequest, tooLargeBody } from '../../api/status.ts'
import type { Request } from '../../base/transport.ts'
import { decodeAnyBody, decodeBody } from '../../api/yaml.ts'

/** Kubernetes' bound: twice what etcd takes in one request. */
export const BODY_BYTES_MAX = 3 * 1024 * 1024

export type Typed = Pick<Kind, 'group' | 'version' | 'kind'> & {
  readonly schema: ObjectSchema<Fields>
  readonly setDefaults?: Kind['setDefaults']
  /** Another version of the group that is read as this one. */
  readonly formerVersion?: string
}

/** Sets the constant defaults of a schema; compiled on first use and kept, for every write passes here. */
export type SetDefaults = (schema: ObjectSchema<Fields>, draft: KubernetesObject) => void

export function createSetDefaults(): SetDefaults {
  const compiled = new Map<ObjectSchema<Fields>, Defaulter>()
  return (schema, draft) => {
    let defaulter = compiled.get(schema)
    if (!defaulter) compiled.set(schema, (defaulter = compileDefaults(schema)))
    defaulter(draft)
  }
}

type Reading = { readonly setDefaults: SetDefaults }

/** Throws an ApiError: 413, 415, or 400 with the place of what is wrong. */
export function readObject(parts: Reading, kind: Typed, request: Request, validation: FieldValidation, warnings: string[]): KubernetesObject {
  const { json, duplicateFields } = isProtobuf(request) ? { json: readProtobuf(request, kind.schema), duplicateFields: [] } : readBody(request, validation)
  return draftOf(parts, kind, json, { duplicateFields, validation, warnings })
}

/** The body as JSON. In process it is an object already, and nobody has looked at it yet either. */
export function readBody(request: Request, validation: FieldValidation): { json: Record<string, unknown>; duplicateFields: readonly string[] } {
  const { body, headers } = request
  if (body.is === 'object') return { json: body.object as Record<string, unknown>, duplicateFields: [] }
  if (body.is === 'none' || body.bytes.length === 0) throw badRequest('the body of the request is empty')
  checkLength(body.bytes)
  return decodeBody(body.bytes, headers['content-type'] ?? '', { findDuplicates: validation !== 'Ignore' })
}

/** As readBody, where the body need be no object: JSON patches are lists. */
export function readAnyBody(request: Request, validation: FieldValidation): { json: unknown; duplicateFields: readonly string[] } {
  const { body, headers } = request
  if (body.is === 'object') return { json: body.object, duplicateFields: [] }
  if (body.is === 'none' || body.bytes.length === 0) throw badRequest('the body of the request is empty')
  checkLength(body.bytes)
  return decodeAnyBody(body.bytes, headers['content-type'] ?? '', { findDuplicates: validation !== 'Ignore' })
}

/** The options in the body of a DELETE, which may have none. */
export function readOptionalBody(request: Request, schema: ObjectSchema<Fields>): Record<string, unknown> | undefined {
  const { body, headers } = request
  if (body.is === 'none' || (body.is === 'bytes' && body.bytes.length === 0)) return undefined
  if (body.is === 'object') return body.object as Record<string, unknown>
  if (isProtobuf(request)) return readProtobuf(request, schema)
  checkLength(body.bytes)
  return decodeBody(body.bytes, headers['content-type'] ?? '').json
}

interface DraftOptions {
  readonly duplicateFields?: readonly string[]
  readonly validation: FieldValidation
  readonly warnings: string[]
}

/** Decodes JSON into a draft of the kind: unknown fields are refused, warned about or dropped, defaults are set. */
export function draftOf(
  { setDefaults }: Reading,
  kind: Typed,
  json: Record<string, unknown>,
  { duplicateFields = [], validation, warnings }: DraftOptions,
): KubernetesObject {
  checkType(kind, json)
  const { object, unknownFields, errors } = decodeObject(kind.schema, json)
  if (errors.length > 0) throw cannotBeHandled(kind, errors[0]!)
  const stray = { duplicateFields, unknownFields }
  if (validation === 'Strict') {
    const problem = strictDecodingProblem(stray)
    if (problem) throw cannotBeHandled(kind, problem)
  }
  if (validation === 'Warn') warnings.push(...strayFieldWarnings(stray))
  object.apiVersion = apiVersionOf(kind)
  object.kind = kind.kind
  object.metadata ??= {}
  setDefaults(kind.schema, object)
  kind.setDefaults?.(object)
  return object
}

/** What an object says of itself must fit the path; saying nothing is all right. */
function checkType(kind: Typed, json: Record<string, unknown>): void {
  const expected = apiVersionOf(kind)
  const { apiVersion = '', kind: name = '' } = json
  const isFormer = kind.formerVersion !== undefined && apiVersion === apiVersionOf({ ...kind, version: kind.formerVersion })
  if (apiVersion !== '' && apiVersion !== expected && !isFormer)
    throw badRequest(`the API version in the data (${String(apiVersion)}) does not match the expected API version (${expected})`)
  if (name !== '' && name !== kind.kind)
    throw badRequest(
      `${String(name)} in version ${JSON.stringify(kind.version)} cannot be handled as a ${kind.kind}: the kind in the data does not match the kind of the resource`,
    )
}

/** What typed clients in Go send for built-in kinds, kubectl among them. They take JSON in return. */
const isProtobuf = ({ body, headers }: Request): boolean => body.is === 'bytes' && (headers['content-type'] ?? '').startsWith(PROTOBUF_MEDIA_TYPE)

function readProtobuf({ body }: Request, schema: ObjectSchema<Fields>): Record<string, unknown> {
  if (body.is !== 'bytes' || body.bytes.length === 0) throw badRequest('the body of the request is empty')
  checkLength(body.bytes)
  return decodeProtobuf(body.bytes, schema)
}

function checkLength(bytes: Uint8Array): void {
  if (bytes.length > BODY_BYTES_MAX) throw tooLargeBody(BODY_BYTES_MAX)
}
