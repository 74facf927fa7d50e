/**
 * The shape of API objects, as data.
 *
 * One declaration of a type serves decoding, pruning, defaulting, field validation, strategic merge patch,
 * server-side apply, OpenAPI and `kubectl explain`, and TypeScript infers the type from it. List and patch
 * keys, formats and required fields are those of the published OpenAPI document of Kubernetes 1.34.
 */

export type Schema = StringSchema | IntegerSchema | NumberSchema | BooleanSchema | AnySchema | ObjectSchema<Fields> | MapSchema<Schema> | ListSchema<Schema>

interface Described {
  /** One or two sentences of ours, shown by `kubectl explain`. */
  readonly doc?: string
}

export interface StringSchema<V extends string = string> extends Described {
  readonly type: 'string'
  /** date-time: RFC 3339 in seconds. micro-time: with microseconds. byte: base64. int-or-string: a JSON number or string. quantity: `100m`, `1Gi` (a JSON number is accepted and kept as a string). */
  readonly format?: 'date-time' | 'micro-time' | 'byte' | 'quantity' | 'int-or-string' | 'duration'
  /** Documented values; enforced by validation, not by decoding (Kubernetes answers 422, not 400). */
  readonly values?: readonly V[]
  readonly default?: V
  /** Of times: Go writes `null` where none is set, and clients are used to see it. */
  readonly nullable?: true
}

export interface IntegerSchema extends Described {
  readonly type: 'integer'
  readonly format: 'int32' | 'int64'
  readonly default?: number
  /** Go cannot tell 0 from absent in this field, so 0 is replaced by the default (probe numbers). */
  readonly zeroIsUnset?: true
}

export interface NumberSchema extends Described {
  readonly type: 'number'
}

export interface BooleanSchema extends Described {
  readonly type: 'boolean'
  readonly default?: boolean
}

/** Any JSON value, kept as it is. */
export interface AnySchema extends Described {
  readonly type: 'any'
}

export interface ObjectSchema<F extends Fields> extends Described {
  readonly type: 'object'
  /** The model's name in OpenAPI: `io.k8s.api.core.v1.Container`. */
  readonly name: string
  readonly fields: F
  /** Server-side apply owns it as one value (x-kubernetes-map-type: atomic). */
  readonly atomic?: true
}

export interface MapSchema<V extends Schema> extends Described {
  readonly type: 'map'
  readonly values: V
  readonly atomic?: true
}

export interface ListSchema<I extends Schema> extends Described {
  readonly type: 'list'
  readonly items: I
  /** How server-side apply merges it (x-kubernetes-list-type): one value, a set of scalars, or items by key. */
  readonly listType: 'atomic' | 'set' | 'map'
  /** x-kubernetes-list-map-keys. */
  readonly mapKeys?: readonly string[]
  /** How strategic merge patch merges it (x-kubernetes-patch-strategy); undefined: it is replaced. */
  readonly patchMerge?: true
  /** x-kubernetes-patch-merge-key. */
  readonly patchMergeKey?: string
  /** The items are unions of which a patch names the member to keep (volumes). */
  readonly retainKeys?: true
}

/** A field of an object: the schema of its value, and whether it must be given. */
export interface Field<S extends Schema = Schema, R extends boolean = boolean> {
  readonly schema: S
  readonly required: R
  /**
   * The client may leave it out, and yet every stored object has it. Decoding fills objects with {} (and then the
   * defaults inside them), as Go does with a struct that is not a pointer: spec, status, resources, state.
   */
  readonly present?: true
  /** What the field is for; where it refers to a type that others use too, the type's own sentence would not say it. */
  readonly doc?: string
  /** A strategic merge patch replaces the whole value (x-kubernetes-patch-strategy: replace). */
  readonly patchReplace?: true
  /** It is a union of which a patch names the members to keep (x-kubernetes-patch-strategy: retainKeys). */
  readonly patchRetainKeys?: true
  /** `f:<name>`, as managedFields names it: kept, because every write names most of its fields. */
  readonly step?: string
}
export type Fields = { readonly [name: string]: Field }

// ── what a stored object looks like: decoded, pruned and defaulted ──────────────────────────────

export type Infer<S extends Schema> =
  S extends StringSchema<infer V>
    ? S['format'] extends 'int-or-string'
      ? string | number
      : S extends { readonly nullable: true }
        ? V | null
        : V
    : S extends IntegerSchema | NumberSchema
      ? number
      : S extends BooleanSchema
        ? boolean
        : S extends ObjectSchema<infer F>
          ? InferFields<F>
          : S extends MapSchema<infer V>
            ? { [key: string]: Infer<V> }
            : S extends ListSchema<infer I>
              ? Infer<I>[]
              : any

type InferFields<F extends Fields> = { -readonly [K in keyof F as IsPresent<F[K]> extends true ? K : never]: Infer<F[K]['schema']> } & {
  -readonly [K in keyof F as IsPresent<F[K]> extends true ? never : K]?: Infer<F[K]['schema']>
}

/** Required fields, those with a constant default and those declared `present` are there in every stored object. */
type IsPresent<F extends Field> = F['required'] extends true
  ? true
  : F extends { readonly present: true }
    ? true
    : F['schema'] extends { readonly default: string | number | boolean }
      ? true
      : false

// ── what a client may send: defaults may be left out ─────────────────────────────────────────────

export type Input<S extends Schema> =
  S extends StringSchema<infer V>
    ? S['format'] extends 'int-or-string'
      ? string | number
      : S['format'] extends 'quantity'
        ? string | number
        : V
    : S extends IntegerSchema | NumberSchema
      ? number
      : S extends BooleanSchema
        ? boolean
        : S extends ObjectSchema<infer F>
          ? InputFields<F>
          : S extends MapSchema<infer V>
            ? { readonly [key: string]: Input<V> }
            : S extends ListSchema<infer I>
              ? readonly Input<I>[]
              : any

type InputFields<F extends Fields> = { readonly [K in keyof F as F[K]['required'] extends true ? K : never]: Input<F[K]['schema']> } & {
  readonly [K in keyof F as F[K]['required'] extends true ? never : K]?: Input<F[K]['schema']>
}

// ── the words declarations are written in ────────────────────────────────────────────────────────

type Shape = { readonly [name: string]: Schema | Field }
type FieldsOf<S extends Shape> = { readonly [K in keyof S]: S[K] extends Field ? S[K] : S[K] extends Schema ? Field<S[K], false> : never }

/** Marks a field that must be given. */
export function required<const S extends Schema>(schema: S): Field<S, true> {
  return { schema, required: true }
}

/** Marks a field that is in every stored object although clients may leave it out; an object is filled with {}. */
export function present<const S extends Schema>(schema: S, options: Described = {}): Field<S, false> & { readonly present: true } {
  return { schema, required: false, present: true, ...options }
}

/** Marks an object that must be given; left out it is filled with {}, so that validation says what is missing in it: templates of Pods. */
export function requiredObject<const S extends Schema>(schema: S, doc: string): Field<S, true> & { readonly present: true } {
  return { schema, required: true, present: true, doc }
}

/** Says what a field of a shared type is for: `livenessProbe` and `readinessProbe` are both probes. */
export function described<const S extends Schema>(schema: S, doc: string): Field<S, false> {
  return { schema, required: false, doc }
}

/** Marks an object that a strategic merge patch does not merge, but puts in place of the old one. */
export function replacedByPatch<const S extends Schema>(schema: S, doc: string): Field<S, false> {
  return { schema, required: false, doc, patchReplace: true }
}

/** Marks a union that every stored object has: a patch says in $retainKeys which of its members stay. */
export function presentUnion<const S extends Schema>(schema: S, doc: string): Field<S, false> & { readonly present: true } {
  return { schema, required: false, present: true, doc, patchRetainKeys: true }
}

export function object<const S extends Shape>(name: string, shape: S, options: { doc?: string; atomic?: true } = {}): ObjectSchema<FieldsOf<S>> {
  const fields = Object.fromEntries(
    Object.entries(shape).map(([key, value]) => [key, { ...('schema' in value ? value : { schema: value, required: false }), step: `f:${key}` }]),
  )
  return { type: 'object', name, fields: fields as FieldsOf<S>, ...options }
}

/** Overloaded, because one signature with an optional default would infer it from where the schema is used. */
export function string<const V extends string, const D extends V>(options: {
  values?: readonly V[]
  default: D
  doc?: string
}): StringSchema<V> & { readonly default: D }
export function string<const V extends string = string>(options?: { values?: readonly V[]; default?: undefined; doc?: string }): StringSchema<V>
export function string(options = {}): StringSchema {
  return { type: 'string', ...options }
}

export function int32<const D extends number>(options: { default: D; zeroIsUnset?: true; doc?: string }): IntegerSchema & { readonly default: D }
export function int32(options?: { default?: undefined; doc?: string }): IntegerSchema
export function int32(options = {}): IntegerSchema {
  return { type: 'integer', format: 'int32', ...options }
}

export function int64<const D extends number>(options: { default: D; zeroIsUnset?: true; doc?: string }): IntegerSchema & { readonly default: D }
export function int64(options?: { default?: undefined; doc?: string }): IntegerSchema
export function int64(options = {}): IntegerSchema {
  return { type: 'integer', format: 'int64', ...options }
}

export function boolean<const D extends boolean>(options: { default: D; doc?: string }): BooleanSchema & { readonly default: D }
export function boolean(options?: { default?: undefined; doc?: string }): BooleanSchema
export function boolean(options = {}): BooleanSchema {
  return { type: 'boolean', ...options }
}

export const number = (options: Described = {}): NumberSchema => ({ type: 'number', ...options })
export const any = (options: Described = {}): AnySchema => ({ type: 'any', ...options })

type Formatted<F extends StringSchema['format']> = StringSchema & { readonly format: F }

export const time = (options: Described = {}): Formatted<'date-time'> => ({ type: 'string', format: 'date-time', ...options })
/** A time that is written as null where it is not set: in Go it is no pointer. */
export const nullableTime = (options: Described = {}): Formatted<'date-time'> & { readonly nullable: true } => ({
  type: 'string',
  format: 'date-time',
  nullable: true,
  ...options,
})
export const microTime = (options: Described = {}): Formatted<'micro-time'> => ({ type: 'string', format: 'micro-time', ...options })
export const bytes = (options: Described = {}): Formatted<'byte'> => ({ type: 'string', format: 'byte', ...options })
export const quantity = (options: Described = {}): Formatted<'quantity'> => ({ type: 'string', format: 'quantity', ...options })
export const intOrString = (options: Described = {}): Formatted<'int-or-string'> => ({ type: 'string', format: 'int-or-string', ...options })

export const map = <const V extends Schema>(values: V, options: { atomic?: true; doc?: string } = {}): MapSchema<V> => ({ type: 'map', values, ...options })

export const atomicList = <const I extends Schema>(items: I, options: ListOptions = {}): ListSchema<I> => ({
  type: 'list',
  items,
  listType: 'atomic',
  ...options,
})
export const setOf = <const I extends Schema>(items: I, options: ListOptions = {}): ListSchema<I> => ({ type: 'list', items, listType: 'set', ...options })
export const mapList = <const I extends Schema>(items: I, mapKeys: readonly string[], options: ListOptions = {}): ListSchema<I> => ({
  type: 'list',
  items,
  listType: 'map',
  mapKeys,
  ...options,
})

interface ListOptions extends Described {
  readonly patchMerge?: true
  readonly patchMergeKey?: string
  readonly retainKeys?: true
}
