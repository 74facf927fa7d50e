/**
 * Reads the bodies that clients send as application/vnd.kubernetes.protobuf (kubectl does since 1.34, for what it
 * creates by typed clients) into the JSON they stand for. Answers are always JSON, which those clients accept.
 */
import { decodeText } from '../../base/bytes.ts'
import { microTimestamp, timestamp } from '../meta.ts'
import type { Field, Fields, ObjectSchema, Schema, StringSchema } from '../schema.ts'
import { badRequest } from '../status.ts'
import { CORE_FIELD_NUMBERS } from './core_field_numbers.ts'
import { FIELD_NUMBERS } from './field_numbers.ts'
import { bytesOf, numberOf, readMessage, toBase64, type WireField } from './wire.ts'

export const PROTOBUF_MEDIA_TYPE = 'application/vnd.kubernetes.protobuf'

type Json = Record<string, unknown>

/** `schema` is that of the kind the request is about. Fields it does not know are dropped, as Kubernetes does. Throws a 400 ApiError. */
export function decodeProtobuf(bytes: Uint8Array, schema: ObjectSchema<Fields>): Json {
  if (bytes.length < 4 || decodeText(bytes.subarray(0, 4)) !== 'k8s\0')
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  const envelope = readMessage(bytes.subarray(4))
  const typeMeta = envelope.find(({ number }) => number === 1)
  const raw = envelope.find(({ number }) => number === 2)
  const object: Json = {}
  if (typeMeta) {
    const [apiVersion, kind] = [1, 2].map(wanted => readMessage(bytesOf(typeMeta)).find(({ number }) => number === wanted))
    if (apiVersion) object['apiVersion'] = decodeText(bytesOf(apiVersion))
    if (kind) object['kind'] = decodeText(bytesOf(kind))
  }
  if (raw) decodeMessage(schema.name, schema, bytesOf(raw), object)
  return object
}

const MODELS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({ ...CORE_FIELD_NUMBERS, ...FIELD_NUMBERS }).flatMap(([group, lines]) =>
    lines
      .trim()
      .split('\n')
      .map((line): [string, readonly string[]] => {
        const [model, ...fields] = line.trim().split(' ')
        return [`${group}.${model!.slice(0, -1)}`, fields]
      }),
  ),
)

function decodeMessage(model: string, schema: ObjectSchema<Fields>, bytes: Uint8Array, into: Json): Json {
  const names = MODELS.get(model)
  if (!names) throw badRequest(`no protobuf encoding of ${model} is known; send application/json`)
  for (const wireField of readMessage(bytes)) {
    const name = names[wireField.number - 1]
    if (name?.startsWith('@')) decodeMessage(`${model.slice(0, model.lastIndexOf('.'))}.${name.slice(1)}`, schema, bytesOf(wireField), into)
    else if (name !== undefined && Object.hasOwn(schema.fields, name)) decodeField(name, schema.fields[name]!, wireField, into)
  }
  return into
}

function decodeField(name: string, field: Field, wireField: WireField, into: Json): void {
  const { schema } = field
  if (schema.type === 'list') {
    const list = (into[name] ??= []) as unknown[]
    list.push(decodeValue(schema.items, wireField))
  } else if (schema.type === 'map') {
    const entry = readMessage(bytesOf(wireField))
    const key = entry.find(({ number }) => number === 1)
    const value = entry.find(({ number }) => number === 2)
    const members = (into[name] ??= {}) as Json
    Object.defineProperty(members, key ? decodeText(bytesOf(key)) : '', {
      value: value && decodeMapValue(schema.values, value),
      writable: true,
      enumerable: true,
      configurable: true,
    })
  } else {
    const value = decodeValue(schema, wireField)
    if (value !== undefined && !isUnset(name, field, value)) into[name] = value
  }
}

/** A list as the value of a map travels in a message of its own. */
function decodeMapValue(schema: Schema, wireField: WireField): unknown {
  if (schema.type !== 'list') return decodeValue(schema, wireField)
  return readMessage(bytesOf(wireField)).map(item => decodeValue(schema.items, item))
}

function decodeValue(schema: Schema, wireField: WireField): unknown {
  switch (schema.type) {
    case 'string':
      return decodeString(schema, wireField)
    case 'integer':
    case 'number':
      return numberOf(wireField)
    case 'boolean':
      return numberOf(wireField) !== 0
    case 'object':
      return decodeMessage(schema.name, schema, bytesOf(wireField), {})
    case 'any':
      return decodeRaw(bytesOf(wireField))
    case 'map':
    case 'list':
      throw badRequest('lists of lists have no protobuf encoding')
  }
}

function decodeString({ format }: StringSchema, wireField: WireField): unknown {
  const bytes = bytesOf(wireField)
  switch (format) {
    case 'byte':
      return toBase64(bytes)
    case 'quantity':
      return textAt(bytes, 1) ?? '0'
    case 'int-or-string':
      return numberAt(bytes, 1) === 1 ? (textAt(bytes, 3) ?? '') : numberAt(bytes, 2)
    case 'date-time':
    case 'micro-time': {
      const wallMs = numberAt(bytes, 1) * 1000 + Math.floor(numberAt(bytes, 2) / 1e6)
      return bytes.length === 0 ? undefined : format === 'date-time' ? timestamp(wallMs) : microTimestamp(wallMs)
    }
    default:
      return decodeText(bytes)
  }
}

/** Raw JSON inside a message: fieldsV1, parameters. */
function decodeRaw(bytes: Uint8Array): unknown {
  const raw = readMessage(bytes).find(({ number }) => number === 1)
  if (!raw) return undefined
  try {
    return JSON.parse(decodeText(bytesOf(raw))) as unknown
  } catch {
    throw badRequest('the protobuf message holds malformed JSON')
  }
}

const textAt = (bytes: Uint8Array, wanted: number): string | undefined => {
  const found = readMessage(bytes).find(({ number }) => number === wanted)
  return found && decodeText(bytesOf(found))
}
const numberAt = (bytes: Uint8Array, wanted: number): number => {
  const found = readMessage(bytes).find(({ number }) => number === wanted)
  return found ? numberOf(found) : 0
}

/**
 * Go writes every field that is no pointer, also when nobody set it; JSON leaves those out. Which numbers and flags
 * are pointers the wire does not tell, so they are listed.
 */
function isUnset(name: string, { schema, required, present }: Field, value: unknown): boolean {
  if (value === '') return !required
  if (value === 0 || value === false) return !required && !POINTERS.has(name)
  const isEmptyObject = schema.type === 'object' && Object.keys(value as object).length === 0
  return isEmptyObject && present === true
}

const POINTERS: ReadonlySet<string> = new Set([
  'activeDeadlineSeconds',
  'allocateLoadBalancerNodePorts',
  'allowPrivilegeEscalation',
  'automountServiceAccountToken',
  'backoffLimit',
  'blockOwnerDeletion',
  'completions',
  'controller',
  'defaultMode',
  'deletionGracePeriodSeconds',
  'enableServiceLinks',
  'expirationSeconds',
  'failedJobsHistoryLimit',
  'fsGroup',
  'gracePeriodSeconds',
  'hostProcess',
  'hostUsers',
  'immutable',
  'leaseDurationSeconds',
  'leaseTransitions',
  'manualSelector',
  'maxSurge',
  'maxUnavailable',
  'minAvailable',
  'minDomains',
  'minReplicas',
  'mode',
  'optional',
  'orphanDependents',
  'parallelism',
  'partition',
  'port',
  'priority',
  'privileged',
  'progressDeadlineSeconds',
  'readOnlyRootFilesystem',
  'ready',
  'replicas',
  'revisionHistoryLimit',
  'runAsGroup',
  'runAsNonRoot',
  'runAsUser',
  'serving',
  'setHostnameAsFQDN',
  'shareProcessNamespace',
  'startingDeadlineSeconds',
  'successfulJobsHistoryLimit',
  'suspend',
  'terminating',
  'terminationGracePeriodSeconds',
  'tolerationSeconds',
  'ttlSecondsAfterFinished',
])
