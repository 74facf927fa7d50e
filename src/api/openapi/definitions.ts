/** Models of the published documents, from the schemas of kinds. Both dialects: 2 (Swagger) and 3. */
import type { Kind } from '../kind.ts'
import { object, required, string, int64, atomicList, type Fields, type ListSchema, type ObjectSchema, type Schema, type StringSchema } from '../schema.ts'

export type Dialect = 2 | 3
export type Json = { [key: string]: unknown }

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

export const referenceTo = (name: string, dialect: Dialect): Json => ({ $ref: `${dialect === 2 ? '#/definitions/' : '#/components/schemas/'}${name}` })

/** The model of a list of the kind: `…v1.PodList`. */
export const listModelOf = (kind: Kind): string => `${kind.schema.name}List`

/** Definitions of the kinds, their lists, and every model inside, by name in alphabetical order. */
export function defineModels(kinds: readonly Kind[], extra: readonly ObjectSchema<Fields>[], dialect: Dialect): Json {
  const models = new Map<string, Json>()
  for (const schema of extra) defineObject(schema, dialect, models)
  for (const kind of kinds) {
    defineObject(kind.schema, dialect, models)
    mark(models.get(kind.schema.name)!, kind, kind.kind)
    if (!kind.verbs.includes('list')) continue
    const list = listSchemaOf(kind)
    defineObject(list, dialect, models)
    mark(models.get(list.name)!, kind, `${kind.kind}List`)
  }
  return Object.fromEntries([...models].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const listMeta = object('io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta', {
  continue: string(),
  remainingItemCount: int64(),
  resourceVersion: string(),
  selfLink: string(),
})

const listSchemaOf = (kind: Kind): ObjectSchema<Fields> =>
  object(
    listModelOf(kind),
    { apiVersion: string(), items: required(atomicList(kind.schema)), kind: string(), metadata: listMeta },
    { doc: `A list of ${kind.kind} objects.` },
  )

function mark(model: Json, { group, version }: Kind, kind: string): void {
  const marks = (model['x-kubernetes-group-version-kind'] ??= []) as GroupVersionKind[]
  marks.push({ group, kind, version })
}

function defineObject(schema: ObjectSchema<Fields>, dialect: Dialect, models: Map<string, Json>): void {
  if (models.has(schema.name)) return
  const model: Json = { type: 'object' }
  models.set(schema.name, model)
  if (schema.doc) model['description'] = schema.doc
  const properties: Json = {}
  for (const [name, field] of Object.entries(schema.fields)) {
    const property = describe(field.schema, dialect, models, field.doc)
    const strategy = field.patchReplace ? 'replace' : field.patchRetainKeys && 'retainKeys'
    properties[name] = strategy ? { ...property, 'x-kubernetes-patch-strategy': strategy } : property
  }
  if (Object.keys(properties).length) model['properties'] = properties
  const requiredFields = Object.keys(schema.fields).filter(name => schema.fields[name]!.required)
  if (requiredFields.length) model['required'] = requiredFields
  if (schema.atomic) model['x-kubernetes-map-type'] = 'atomic'
}

function describe(schema: Schema, dialect: Dialect, models: Map<string, Json>, doc = schema.doc): Json {
  const description = doc ? { description: doc } : {}
  switch (schema.type) {
    case 'object':
      defineObject(schema, dialect, models)
      return refer(schema.name, dialect, description)
    case 'string':
      return describeString(schema, dialect, models, description)
    case 'integer':
      return { ...description, type: 'integer', format: schema.format, ...defaultOf(schema) }
    case 'number':
      return { ...description, type: 'number', format: 'double' }
    case 'boolean':
      return { ...description, type: 'boolean', ...defaultOf(schema) }
    case 'any':
      return { ...description, type: 'object' }
    case 'map':
      return {
        ...description,
        type: 'object',
        additionalProperties: describe(schema.values, dialect, models),
        ...(schema.atomic && { 'x-kubernetes-map-type': 'atomic' }),
      }
    case 'list':
      return { ...description, type: 'array', items: describe(schema.items, dialect, models), ...listExtensions(schema) }
  }
}

/** Beside a reference nothing else may stand in version 3, so it is wrapped as Kubernetes wraps it. */
function refer(name: string, dialect: Dialect, description: Json): Json {
  const reference = referenceTo(name, dialect)
  if (dialect === 2) return { ...description, ...reference }
  return Object.keys(description).length ? { ...description, allOf: [reference] } : { allOf: [reference] }
}

function describeString(schema: StringSchema, dialect: Dialect, models: Map<string, Json>, description: Json): Json {
  const named = NAMED_STRINGS[schema.format ?? '']
  if (named) {
    models.set(named.name, named.model(dialect))
    return refer(named.name, dialect, description)
  }
  return {
    ...description,
    type: 'string',
    ...(schema.format && { format: schema.format }),
    ...(schema.values && { enum: [...schema.values].sort() }),
    ...defaultOf(schema),
  }
}

/** Formats that are models of their own, which `kubectl explain` shows as `<Quantity>` and the like. */
const NAMED_STRINGS: Readonly<Record<string, { name: string; model(dialect: Dialect): Json }>> = {
  'date-time': {
    name: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
    model: () => ({ description: 'A point in time as RFC 3339 text, in whole seconds.', type: 'string', format: 'date-time' }),
  },
  'micro-time': {
    name: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
    model: () => ({ description: 'A point in time as RFC 3339 text, in microseconds.', type: 'string', format: 'date-time' }),
  },
  quantity: {
    name: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
    model: dialect => ({
      description: 'An amount of a resource: a number with a suffix, such as 100m, 2 or 1Gi.',
      ...(dialect === 2 ? { type: 'string' } : { oneOf: [{ type: 'string' }, { type: 'number' }] }),
    }),
  },
  'int-or-string': {
    name: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
    model: dialect => ({
      description: 'A whole number or a text, such as a port by number or by name.',
      format: 'int-or-string',
      ...(dialect === 2 ? { type: 'string' } : { oneOf: [{ type: 'integer' }, { type: 'string' }] }),
    }),
  },
}

const defaultOf = (schema: { default?: unknown }): Json => (schema.default === undefined ? {} : { default: schema.default })

function listExtensions(schema: ListSchema<Schema>): Json {
  const strategy = [...(schema.patchMerge ? ['merge'] : []), ...(schema.retainKeys ? ['retainKeys'] : [])]
  return {
    'x-kubernetes-list-type': schema.listType,
    ...(schema.mapKeys && { 'x-kubernetes-list-map-keys': schema.mapKeys }),
    ...(schema.patchMergeKey && { 'x-kubernetes-patch-merge-key': schema.patchMergeKey }),
    ...(strategy.length && { 'x-kubernetes-patch-strategy': strategy.join(',') }),
  }
}
