/** Which fields an object has, and how two objects differ, by the schema: atomic values count as one field. */
import { deepEqual } from '../deep.ts'
import type { ListSchema, Schema } from '../schema.ts'
import { badRequest } from '../status.ts'
import { type FieldSet, isEmpty, LEAF } from './field_set.ts'

/** The fields an applied configuration names. Throws a 400 ApiError when an item lacks a key or two have the same. */
export function fieldsOf(schema: Schema, value: unknown, path = ''): FieldSet {
  return fieldsBelow(schema, value, 'applied', path)
}

export interface Changes {
  /** Fields that are new or have another value. */
  readonly changed: FieldSet
  readonly removed: FieldSet
}

/** From one state of an object to the next; undefined where it did not exist. */
export function compareObjects(schema: Schema, old: unknown, fresh: unknown): Changes {
  const changes = { changed: {}, removed: {} }
  compareMembers(schema, old ?? {}, fresh, changes)
  return changes
}

/** True when apply looks inside: an atomic value has one owner. */
export function isGranular(schema: Schema): boolean {
  switch (schema.type) {
    case 'object': case 'map': return schema.atomic !== true
    case 'list': return schema.listType !== 'atomic'
    default: return false
  }
}

/** The step of an item: its keys in alphabetical order, or its value. Keys left out have their defaults. */
export function stepOfItem(schema: ListSchema<Schema>, item: any): string {
  if (schema.listType === 'set') return `v:${JSON.stringify(item)}`
  const keys = schema.mapKeys ?? []
  if (keys.length === 1) return `k:{${JSON.stringify(keys[0])}:${JSON.stringify(keyValue(schema, item, keys[0]!)) ?? 'null'}}`
  return `k:{${[...keys].sort().map(key => `${JSON.stringify(key)}:${JSON.stringify(keyValue(schema, item, key)) ?? 'null'}`).join(',')}}`
}

export function memberSchema(schema: Schema, name: string): Schema | undefined {
  if (schema.type === 'map') return schema.values
  return schema.type === 'object' && Object.hasOwn(schema.fields, name) ? schema.fields[name]!.schema : undefined
}

type Mode = 'applied' | 'added' | 'removed'

function fieldsBelow(schema: Schema, value: any, mode: Mode, path: string): FieldSet {
  if (!isGranular(schema)) return LEAF
  const node: Record<string, FieldSet> = {}
  if (schema.type === 'list') {
    if (mode === 'applied') checkKeys(schema, value, path)
    for (const item of value) node[stepOfItem(schema, item)] = itemFields(schema.items, item, mode, path)
  } else {
    for (const name of Object.keys(value)) {
      const member = memberSchema(schema, name)
      if (member !== undefined && value[name] !== undefined) node[`f:${name}`] = memberFields(schema, name, member, value[name], mode, `${path}.${name}`)
    }
  }
  return node
}

/** An item is a field itself, beside its own fields: who applies it owns its being there. */
function itemFields(schema: Schema, item: any, mode: Mode, path: string): FieldSet {
  const node = fieldsBelow(schema, item, mode, path)
  return isEmpty(node) ? LEAF : { '.': LEAF, ...node }
}

/** A write that brings a whole struct, map or list into being owns it; Kubernetes does not count those that are always there. */
function memberFields(owner: Schema, name: string, schema: Schema, value: any, mode: Mode, path: string): FieldSet {
  const node = fieldsBelow(schema, value, mode, path)
  if (mode === 'applied' || isEmpty(node)) return node
  const field = owner.type === 'object' ? owner.fields[name] : undefined
  return mode === 'added' && (field?.required || field?.present) ? node : { '.': LEAF, ...node }
}

interface Collected {
  readonly changed: Record<string, FieldSet>
  readonly removed: Record<string, FieldSet>
}

function compareMembers(schema: Schema, old: any, fresh: any, into: Collected): void {
  if (schema.type === 'list') return compareItems(schema, old, fresh, into)
  for (const name of Object.keys(fresh)) {
    const member = memberSchema(schema, name)
    if (member === undefined || fresh[name] === undefined) continue
    const before = Object.hasOwn(old, name) ? old[name] : undefined
    if (before === undefined) into.changed[`f:${name}`] = memberFields(schema, name, member, fresh[name], 'added', '')
    else compareValues(member, `f:${name}`, before, fresh[name], into)
  }
  for (const name of Object.keys(old)) {
    const member = memberSchema(schema, name)
    if (member !== undefined && old[name] !== undefined && (!Object.hasOwn(fresh, name) || fresh[name] === undefined)) into.removed[`f:${name}`] = memberFields(schema, name, member, old[name], 'removed', '')
  }
}

function compareItems(schema: ListSchema<Schema>, old: any[], fresh: any[], into: Collected): void {
  const before = new Map(old.map(item => [stepOfItem(schema, item), item]))
  for (const item of fresh) {
    const step = stepOfItem(schema, item)
    const other = before.get(step)
    if (other === undefined) into.changed[step] = itemFields(schema.items, item, 'added', '')
    else compareValues(schema.items, step, other, item, into)
    before.delete(step)
  }
  for (const [step, item] of before) into.removed[step] = itemFields(schema.items, item, 'removed', '')
}

function compareValues(schema: Schema, step: string, old: any, fresh: any, into: Collected): void {
  if (old === fresh) return
  if (!isGranular(schema)) {
    if (!deepEqual(old, fresh)) into.changed[step] = LEAF
    return
  }
  const below = { changed: {}, removed: {} }
  compareMembers(schema, old, fresh, below)
  if (!isEmpty(below.changed)) into.changed[step] = below.changed
  if (!isEmpty(below.removed)) into.removed[step] = below.removed
}

function keyValue(schema: ListSchema<Schema>, item: any, key: string): unknown {
  const value = item?.[key]
  if (value !== undefined) return value
  const keySchema = schema.items.type === 'object' ? schema.items.fields[key]?.schema : undefined
  return keySchema && 'default' in keySchema ? keySchema.default : undefined
}

function checkKeys(schema: ListSchema<Schema>, items: any[], path: string): void {
  const seen = new Set<string>()
  items.forEach((item, index) => {
    const missing = schema.listType === 'map' ? schema.mapKeys?.find(key => keyValue(schema, item, key) === undefined) : undefined
    if (missing !== undefined) throw badRequest(`failed to create typed patch object: ${path}: element ${index}: associative list with keys has an element that omits key field ${JSON.stringify(missing)} (and doesn't have default value)`)
    const step = stepOfItem(schema, item)
    if (seen.has(step)) throw badRequest(`failed to create typed patch object: ${path}: duplicate entries for key ${step.slice(2)}`)
    seen.add(step)
  })
}
