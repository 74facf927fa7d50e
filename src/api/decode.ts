/**
 * From JSON that a client sent to an object of its schema: unknown fields pruned and named, types checked with the
 * decoder's own words, quantities in canonical form. Nothing of the input is shared with the result.
 */
import { cloneJson, setOwn } from './deep.ts'
import { canonicalQuantity, quantityProblem } from './quantity.ts'
import type { Fields, ListSchema, ObjectSchema, Schema, StringSchema } from './schema.ts'

export interface Decoded {
  readonly object: any
  /** Paths as `spec.containers[0].foo`, in the order of the input; bounded. */
  readonly unknownFields: readonly string[]
  /** What makes the input undecodable, worst first: the first one goes into the 400 answer. */
  readonly errors: readonly string[]
}

/** `json` is any JSON value; when it is no object, that is the error. */
export function decodeObject(schema: ObjectSchema<Fields>, json: unknown): Decoded {
  const decoder: Decoder = { root: schema, path: [], structName: '', unknownFields: [], errors: [], problems: [] }
  const object = decode(decoder, schema, json) ?? {}
  return { object, unknownFields: decoder.unknownFields, errors: [...decoder.errors, ...decoder.problems] }
}

/** As many as Kubernetes lists of one object. */
const UNKNOWN_FIELDS_MAX = 100
const ERRORS_MAX = 10

interface Decoder {
  readonly root: Schema
  /** Field names, map keys and list indices from the root. */
  readonly path: (string | number)[]
  structName: string
  readonly unknownFields: string[]
  /** Values a format refuses (quantities, times): the decoder stops at them, so they come first. */
  readonly errors: string[]
  /** Values of the wrong JSON type: the decoder goes on and reports the first. */
  readonly problems: string[]
}

/** Undefined: leave the field out. */
function decode(decoder: Decoder, schema: Schema, json: unknown): unknown {
  if (json === null) return undefined
  switch (schema.type) {
    case 'string':
      return decodeString(decoder, schema, json)
    case 'integer':
      return isInteger(json, schema.format) ? json : wrongType(decoder, schema, json)
    case 'number':
      return typeof json === 'number' ? json : wrongType(decoder, schema, json)
    case 'boolean':
      return typeof json === 'boolean' ? json : wrongType(decoder, schema, json)
    case 'any':
      return cloneJson(json)
    case 'object':
      return decodeFields(decoder, schema, json)
    case 'map':
      return decodeMap(decoder, schema, json)
    case 'list':
      return decodeList(decoder, schema, json)
  }
}

function decodeFields(decoder: Decoder, schema: ObjectSchema<Fields>, json: unknown): unknown {
  if (!isPlainObject(json)) return wrongType(decoder, schema, json)
  const outer = decoder.structName
  decoder.structName = schema.name
  const object: Record<string, unknown> = {}
  for (const key of Object.keys(json)) {
    // Objects of the same process arrive as they are, with properties that JSON would have left out.
    if (json[key] === undefined) continue
    const field = Object.hasOwn(schema.fields, key) ? schema.fields[key] : undefined
    decoder.path.push(key)
    if (field) {
      const value = decode(decoder, field.schema, json[key])
      if (value !== undefined) object[key] = value
    } else if (decoder.unknownFields.length < UNKNOWN_FIELDS_MAX) {
      decoder.unknownFields.push(printPath(decoder.path))
    }
    decoder.path.pop()
  }
  decoder.structName = outer
  return object
}

function decodeMap(decoder: Decoder, schema: Extract<Schema, { type: 'map' }>, json: unknown): unknown {
  if (!isPlainObject(json)) return wrongType(decoder, schema, json)
  const object: Record<string, unknown> = {}
  for (const key of Object.keys(json)) {
    if (json[key] === undefined) continue
    decoder.path.push(key)
    setOwn(object, key, decode(decoder, schema.values, json[key]) ?? zeroOf(schema.values))
    decoder.path.pop()
  }
  return object
}

function decodeList(decoder: Decoder, schema: ListSchema<Schema>, json: unknown): unknown {
  if (!Array.isArray(json)) return wrongType(decoder, schema, json)
  return json.map((item, index) => {
    decoder.path.push(index)
    const value = decode(decoder, schema.items, item) ?? zeroOf(schema.items)
    decoder.path.pop()
    return value
  })
}

function decodeString(decoder: Decoder, schema: StringSchema, json: unknown): unknown {
  switch (schema.format) {
    case undefined:
      return typeof json === 'string' ? json : wrongType(decoder, schema, json)
    case 'int-or-string':
      return typeof json === 'string' || isInteger(json, 'int32')
        ? json
        : refuse(decoder, `json: cannot unmarshal ${describe(json, true)} into Go value of type int32`)
    case 'quantity':
      return decodeQuantity(decoder, json)
    case 'byte':
      return decodeBase64(decoder, schema, json)
    default:
      return decodeTime(decoder, schema.format, json)
  }
}

function decodeQuantity(decoder: Decoder, json: unknown): unknown {
  const text = typeof json === 'number' ? String(json) : json
  if (typeof text !== 'string') return refuse(decoder, quantityProblem('{}')!)
  return canonicalQuantity(text) ?? refuse(decoder, quantityProblem(text)!)
}

function decodeBase64(decoder: Decoder, schema: StringSchema, json: unknown): unknown {
  if (typeof json !== 'string') return wrongType(decoder, schema, json)
  const text = json.replace(/[\r\n]/g, '')
  const wellFormed = /^[A-Za-z0-9+/]*={0,2}/.exec(text)![0]
  if (wellFormed.length === text.length && text.length % 4 === 0) return text
  return refuse(decoder, `illegal base64 data at input byte ${Math.min(wellFormed.length, text.length - (text.length % 4))}`)
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/
const GO_LAYOUTS = { 'date-time': '2006-01-02T15:04:05Z07:00', 'micro-time': '2006-01-02T15:04:05.000000Z07:00' } as const

/** Kept as Kubernetes writes it back: UTC, seconds or microseconds. */
function decodeTime(decoder: Decoder, format: StringSchema['format'], json: unknown): unknown {
  if (typeof json !== 'string') return refuse(decoder, `json: cannot unmarshal ${describe(json)} into Go value of type string`)
  if (format !== 'date-time' && format !== 'micro-time') return json
  const match = RFC_3339.exec(json)
  const wallMs = match ? Date.parse(json) : NaN
  if (Number.isNaN(wallMs)) {
    const quoted = JSON.stringify(json)
    return refuse(decoder, `parsing time ${quoted} as "${GO_LAYOUTS[format]}": cannot parse ${quoted} as ${match ? 'a date' : '"2006"'}`)
  }
  const seconds = new Date(Math.floor(wallMs / 1000) * 1000).toISOString().slice(0, 19)
  return format === 'date-time' ? `${seconds}Z` : `${seconds}.${(match![1] ?? '.').slice(1, 7).padEnd(6, '0')}Z`
}

/** An element that is null becomes the zero of its type: there is no place to leave it out. */
function zeroOf(schema: Schema): unknown {
  switch (schema.type) {
    case 'string':
      return schema.format === 'quantity' ? '0' : schema.format === 'int-or-string' ? 0 : ''
    case 'integer':
    case 'number':
      return 0
    case 'boolean':
      return false
    case 'any':
      return null
    case 'object':
    case 'map':
      return {}
    case 'list':
      return []
  }
}

function wrongType(decoder: Decoder, schema: Schema, json: unknown): undefined {
  const fields = fieldNames(decoder).join('.')
  const where = fields ? `Go struct field ${goName(decoder.structName)}.${fields}` : 'Go value'
  const showNumber = schema.type === 'integer'
  if (decoder.problems.length < ERRORS_MAX)
    decoder.problems.push(`json: cannot unmarshal ${describe(json, showNumber)} into ${where} of type ${goType(schema)}`)
  return undefined
}

/** Go names the fields on the way, not the indices and keys between them. */
function fieldNames({ root, path }: Decoder): string[] {
  const names: string[] = []
  let schema = root
  for (const step of path) {
    if (schema.type === 'object') {
      names.push(String(step))
      schema = schema.fields[step]!.schema
    } else if (schema.type === 'list') schema = schema.items
    else if (schema.type === 'map') schema = schema.values
  }
  return names
}

function refuse(decoder: Decoder, error: string): undefined {
  if (decoder.errors.length < ERRORS_MAX) decoder.errors.push(error)
  return undefined
}

function describe(json: unknown, showNumber = false): string {
  if (Array.isArray(json)) return 'array'
  if (typeof json === 'boolean') return 'bool'
  return typeof json === 'number' && showNumber ? `number ${json}` : typeof json
}

function goType(schema: Schema): string {
  switch (schema.type) {
    case 'string':
      return schema.format === 'byte' ? '[]uint8' : schema.format === 'quantity' ? 'resource.Quantity' : 'string'
    case 'integer':
      return schema.format
    case 'number':
      return 'float64'
    case 'boolean':
      return 'bool'
    case 'any':
      return 'interface {}'
    case 'object':
      return goPackageAndName(schema.name)
    case 'map':
      return `map[string]${goType(schema.values)}`
    case 'list':
      return `[]${goType(schema.items)}`
  }
}

/** `io.k8s.api.core.v1.Container` is `Container`, or `v1.Container` with its package. */
const goName = (model: string): string => model.slice(model.lastIndexOf('.') + 1)
const goPackageAndName = (model: string): string => model.split('.').slice(-2).join('.')

const isPlainObject = (json: unknown): json is Record<string, unknown> => typeof json === 'object' && json !== null && !Array.isArray(json)

const isInteger = (json: unknown, format: 'int32' | 'int64'): boolean =>
  Number.isInteger(json) && (format === 'int64' ? Math.abs(json as number) < 2 ** 63 : ((json as number) | 0) === json)

function printPath(path: readonly (string | number)[]): string {
  let text = ''
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text ? `.${step}` : step
  return text
}
