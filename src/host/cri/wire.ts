/**
 * Protocol Buffers messages as tables: one line a message, from which both the codec and the TypeScript type follow.
 *
 *   const Mount = message({ containerPath: string(1), readonly: bool(3) })
 *   encode(Mount, { readonly: true })      // what is left out has its zero value
 *   decode(Mount, bytes).containerPath     // ''
 *
 * It knows what proto3 services on this machine need and no more: no groups, no floats, no oneof. Unknown fields
 * are skipped, so that a newer server may say more than we understand.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** `Out` is what decoding gives, `In` what encoding accepts. */
export interface Field<Out, In = Out> {
  readonly number: number
  /** A field that comes as another type is skipped like an unknown one. */
  readonly wireTypes: readonly WireType[]
  empty(): Out
  write(writer: BinaryWriter, value: In): void
  /** Reads one occurrence of the field; `before` is what earlier occurrences gave. */
  read(reader: BinaryReader, wireType: WireType, before: Out): Out
}

export interface Message<Out, In = Partial<Out>> {
  readonly fields: Readonly<Record<string, Field<any, any>>>
  /** Only for the types. */
  readonly types?: { out: Out; in: In }
}

export type Decoded<M> = M extends Message<infer Out, any> ? Out : never
export type Encodable<M> = M extends Message<any, infer In> ? In : never

type Fields = Record<string, Field<any, any>>
type OutOf<F extends Fields> = { [K in keyof F]: F[K] extends Field<infer Out, any> ? Out : never }
type InOf<F extends Fields> = { [K in keyof F]?: F[K] extends Field<any, infer In> ? In | undefined : never }

export function message<F extends Fields>(fields: F): Message<OutOf<F>, InOf<F>> {
  return { fields }
}

export function encode<In>(type: Message<any, In>, value: In): Uint8Array {
  const writer = new BinaryWriter()
  writeFields(type, writer, value)
  return writer.finish()
}

export function decode<Out>(type: Message<Out, any>, bytes: Uint8Array): Out {
  const reader = new BinaryReader(bytes)
  return readFields(type, reader, reader.len)
}

export const string = (number: number): Field<string> =>
  scalar(
    number,
    WireType.LengthDelimited,
    '',
    (w, v) => w.string(v),
    r => r.string(),
  )
export const bytes = (number: number): Field<Uint8Array> => ({
  ...scalar<Uint8Array>(
    number,
    WireType.LengthDelimited,
    new Uint8Array(),
    (w, v) => w.bytes(v),
    r => r.bytes(),
  ),
  write(writer, value) {
    if (value.length > 0) writer.tag(number, WireType.LengthDelimited).bytes(value)
  },
})
export const bool = (number: number): Field<boolean> =>
  scalar(
    number,
    WireType.Varint,
    false,
    (w, v) => w.bool(v),
    r => r.bool(),
  )
/** Enums too. */
export const int32 = (number: number): Field<number> =>
  scalar(
    number,
    WireType.Varint,
    0,
    (w, v) => w.int32(v),
    r => r.int32(),
  )
export const uint32 = (number: number): Field<number> =>
  scalar(
    number,
    WireType.Varint,
    0,
    (w, v) => w.uint32(v),
    r => r.uint32(),
  )
/** As a number: above 2^53 the last digits are lost, which for nanoseconds since 1970 is a fraction of a microsecond. */
export const int64 = (number: number): Field<number> =>
  scalar(
    number,
    WireType.Varint,
    0,
    (w, v) => w.int64(v),
    r => Number(r.int64()),
  )
export const uint64 = (number: number): Field<number> =>
  scalar(
    number,
    WireType.Varint,
    0,
    (w, v) => w.uint64(v),
    r => Number(r.uint64()),
  )

export const strings = (number: number): Field<string[], readonly string[]> => ({
  number,
  wireTypes: [WireType.LengthDelimited],
  empty: () => [],
  write(writer, values) {
    for (const value of values) writer.tag(number, WireType.LengthDelimited).string(value)
  },
  read: (reader, _, before) => [...before, reader.string()],
})

export const int64s = (number: number): Field<number[], readonly number[]> => ({
  number,
  wireTypes: [WireType.LengthDelimited, WireType.Varint],
  empty: () => [],
  write(writer, values) {
    if (values.length === 0) return
    writer.tag(number, WireType.LengthDelimited).fork()
    for (const value of values) writer.int64(value)
    writer.join()
  },
  read(reader, wireType, before) {
    if (wireType === WireType.Varint) return [...before, Number(reader.int64())]
    const values = [...before]
    for (const end = reader.uint32() + reader.pos; reader.pos < end;) values.push(Number(reader.int64()))
    return values
  },
})

/** `map<string, string>`. */
export const stringMap = (number: number): Field<Record<string, string>, Readonly<Record<string, string>>> => ({
  number,
  wireTypes: [WireType.LengthDelimited],
  empty: () => ({}),
  write(writer, map) {
    for (const [key, value] of Object.entries(map)) {
      writer.tag(number, WireType.LengthDelimited).fork()
      writeFields(MapEntry, writer, { key, value })
      writer.join()
    }
  },
  read(reader, _, before) {
    const { key, value } = readFields(MapEntry, reader, reader.uint32())
    return Object.defineProperty(before, key, { value, enumerable: true, writable: true, configurable: true })
  },
})

/** A message in a message; undefined when it was not sent, which is not the same as sent empty. */
export const of = <Out, In>(number: number, type: Message<Out, In>): Field<Out | undefined, In | undefined> => ({
  number,
  wireTypes: [WireType.LengthDelimited],
  empty: () => undefined,
  write(writer, value) {
    if (value === undefined) return
    writer.tag(number, WireType.LengthDelimited).fork()
    writeFields(type, writer, value)
    writer.join()
  },
  read: reader => readFields(type, reader, reader.uint32()),
})

export const listOf = <Out, In>(number: number, type: Message<Out, In>): Field<Out[], readonly In[]> => ({
  number,
  wireTypes: [WireType.LengthDelimited],
  empty: () => [],
  write(writer, values) {
    for (const value of values) {
      writer.tag(number, WireType.LengthDelimited).fork()
      writeFields(type, writer, value)
      writer.join()
    }
  },
  read(reader, _, before) {
    before.push(readFields(type, reader, reader.uint32()))
    return before
  },
})

const MapEntry = message({ key: string(1), value: string(2) })

function scalar<T>(number: number, wireType: WireType, zero: T, write: (writer: BinaryWriter, value: T) => void, read: (reader: BinaryReader) => T): Field<T> {
  return {
    number,
    wireTypes: [wireType],
    empty: () => zero,
    write(writer, value) {
      if (value === zero) return
      writer.tag(number, wireType)
      write(writer, value)
    },
    read,
  }
}

function writeFields<In>(type: Message<any, In>, writer: BinaryWriter, value: In): void {
  for (const [name, field] of Object.entries(type.fields)) {
    const given = (value as Record<string, unknown>)[name]
    if (given !== undefined) field.write(writer, given)
  }
}

function readFields<Out>(type: Message<Out, any>, reader: BinaryReader, length: number): Out {
  const end = reader.pos + length
  const value: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(type.fields)) value[name] = field.empty()
  while (reader.pos < end) {
    const [number, wireType] = reader.tag()
    const known = Object.entries(type.fields).find(([, field]) => field.number === number && field.wireTypes.includes(wireType))
    if (known) value[known[0]] = known[1].read(reader, wireType, value[known[0]])
    else reader.skip(wireType, number)
  }
  return value as Out
}
