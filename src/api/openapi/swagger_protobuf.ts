/**
 * The Swagger document in protobuf, in the messages of gnostic's openapi.v2: older kubectl asks for nothing else.
 * A table says which number each member has; what the table does not name is not written.
 */
import type { Json } from './definitions.ts'

export const encodeSwagger = (document: Json): Uint8Array => encode(MESSAGES.document!, document)

type Encoder = (value: any, key: string) => Uint8Array
type Writer = { readonly number: number; readonly write: 'text' | 'texts' | 'bool' | Encoder; readonly repeated?: true }
type Message = { readonly members: Readonly<Record<string, Writer>>; readonly extensions?: number }

const message =
  (name: string): Encoder =>
  value =>
    encode(MESSAGES[name]!, value)
const wrapped =
  (number: number, inner: Encoder): Encoder =>
  (value, key) =>
    field(number, inner(value, key))
const named =
  (inner: Encoder): Encoder =>
  value => {
    const entries = Object.keys(value).map(key => field(1, concat([textField(1, key), field(2, inner(value[key], key))])))
    return concat(entries)
  }
/** Any holds YAML text, and JSON is YAML. */
const anyValue: Encoder = value => textField(2, JSON.stringify(value))

const MESSAGES: Readonly<Record<string, Message>> = {
  document: {
    members: {
      swagger: { number: 1, write: 'text' },
      info: { number: 2, write: message('info') },
      paths: {
        number: 8,
        write: value => concat(Object.keys(value).map(path => field(2, concat([textField(1, path), field(2, encode(MESSAGES.pathItem!, value[path]))])))),
      },
      definitions: { number: 9, write: named(message('schema')) },
    },
  },
  info: { members: { title: { number: 1, write: 'text' }, version: { number: 2, write: 'text' } } },
  pathItem: {
    members: {
      get: { number: 2, write: message('operation') },
      put: { number: 3, write: message('operation') },
      post: { number: 4, write: message('operation') },
      delete: { number: 5, write: message('operation') },
      patch: { number: 8, write: message('operation') },
      parameters: { number: 9, write: parameterItem, repeated: true },
    },
    extensions: 10,
  },
  operation: {
    members: {
      tags: { number: 1, write: 'texts' },
      operationId: { number: 5, write: 'text' },
      produces: { number: 6, write: 'texts' },
      consumes: { number: 7, write: 'texts' },
      parameters: { number: 8, write: parameterItem, repeated: true },
      responses: {
        number: 9,
        write: value =>
          concat(Object.keys(value).map(code => field(1, concat([textField(1, code), field(2, field(1, encode(MESSAGES.response!, value[code])))])))),
      },
      schemes: { number: 10, write: 'texts' },
    },
    extensions: 13,
  },
  response: { members: { description: { number: 1, write: 'text' }, schema: { number: 2, write: wrapped(1, message('schema')) } } },
  bodyParameter: {
    members: {
      description: { number: 1, write: 'text' },
      name: { number: 2, write: 'text' },
      in: { number: 3, write: 'text' },
      required: { number: 4, write: 'bool' },
      schema: { number: 5, write: message('schema') },
    },
  },
  queryParameter: {
    members: {
      required: { number: 1, write: 'bool' },
      in: { number: 2, write: 'text' },
      description: { number: 3, write: 'text' },
      name: { number: 4, write: 'text' },
      type: { number: 6, write: 'text' },
      uniqueItems: { number: 20, write: 'bool' },
    },
  },
  pathParameter: {
    members: {
      required: { number: 1, write: 'bool' },
      in: { number: 2, write: 'text' },
      description: { number: 3, write: 'text' },
      name: { number: 4, write: 'text' },
      type: { number: 5, write: 'text' },
      uniqueItems: { number: 19, write: 'bool' },
    },
  },
  schema: {
    members: {
      $ref: { number: 1, write: 'text' },
      format: { number: 2, write: 'text' },
      description: { number: 4, write: 'text' },
      default: { number: 5, write: anyValue },
      required: { number: 19, write: 'texts' },
      enum: { number: 20, write: anyValue, repeated: true },
      additionalProperties: { number: 21, write: wrapped(1, message('schema')) },
      type: { number: 22, write: value => textField(1, value) },
      items: { number: 23, write: wrapped(1, message('schema')) },
      properties: { number: 25, write: named(message('schema')) },
    },
    extensions: 31,
  },
}

function parameterItem(value: Json): Uint8Array {
  if (value['in'] === 'body') return field(1, field(1, encode(MESSAGES.bodyParameter!, value)))
  const isQuery = value['in'] === 'query'
  return field(1, field(2, field(isQuery ? 3 : 4, encode(MESSAGES[isQuery ? 'queryParameter' : 'pathParameter']!, value))))
}

function encode({ members, extensions }: Message, value: Json): Uint8Array {
  const parts: Uint8Array[] = []
  for (const key of Object.keys(value)) {
    const member = value[key]
    const writer = members[key]
    if (writer === undefined) {
      if (extensions && key.startsWith('x-')) parts.push(field(extensions, concat([textField(1, key), field(2, anyValue(member, key))])))
    } else if (writer.write === 'text') parts.push(textField(writer.number, member as string))
    else if (writer.write === 'bool') parts.push(member ? Uint8Array.of(...varint(writer.number << 3), 1) : EMPTY)
    else if (writer.write === 'texts') parts.push(...(member as string[]).map(text => textField(writer.number, text)))
    else if (writer.repeated) parts.push(...(member as unknown[]).map(item => field(writer.number, (writer.write as Encoder)(item, key))))
    else parts.push(field(writer.number, writer.write(member, key)))
  }
  return concat(parts)
}

const EMPTY = new Uint8Array(0)
const encoder = new TextEncoder()

const textField = (number: number, text: string): Uint8Array => field(number, encoder.encode(text))

/** Length-delimited: messages and text. */
const field = (number: number, content: Uint8Array): Uint8Array => concat([Uint8Array.of(...varint((number << 3) | 2), ...varint(content.length)), content])

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  return [...bytes, rest]
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    result.set(part, at)
    at += part.length
  }
  return result
}
