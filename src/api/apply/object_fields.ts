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
    case 'object':
    case 'map':
      return schema.atomic !== true
    case 'list':
      return schema.listType !== 'atomic'
    default:
      return false
  }
}

/** The step of an item: its keys in alphabetical order, or its value. Keys left out have their defaults. */
export function stepOfItem(schema: ListSchema<Schema>, item: any): string {
  if (schema.listType === 'set') return `v:${JSON.stringify(item)}`
  const keys = schema.mapKeys ?? []
  if (keys.length === 1) return `k:{${JSON.stringify(keys[0])}:${JSON.stringify(keyValue(schema, item, keys[0]!)) ?? 'null'}}`
  return `k:{${[...keys]
    .sort()
    .map(key => `${JSON.stringify(key)}:${JSON.stringify(keyValue(schema, item, key)) ?? 'null'}`)
    .join(',')}}`
}

export function memberSchema(schema: Schema, name: string): Schema | undefined {
  if (schema.type === 'map') return schema.values
  return schema.type === 'object' && Object.hasOwn(schema.fields, name) ? schema.fields[name]!.schema : undefined
}

type Mode = 'applied' | 'added' | 'removed'

/** `isField`: the value is a field of the set itself, beside what is below it. The path is kept for refusals of applies only. */
function fieldsBelow(schema: Schema, value: any, mode: Mode, path: string, isField = false): FieldSet {
  if (!isGranular(schema)) return LEAF
  const node: Record<string, FieldSet> = isField ? { '.': LEAF } : {}
  let isLeaf = true
  if (schema.type === 'list') {
    if (mode === 'applied') checkKeys(schema, value, path)
    for (const item of value) {
      // Who applies an item owns its being there.
      node[stepOfItem(schema, item)] = fieldsBelow(schema.items, item, mode, path, true)
      isLeaf = false
    }
  } else {
    const fields = schema.type === 'object' ? schema.fields : undefined
    for (const name of Object.keys(value)) {
      const member = fields ? fields[name]?.schema : memberSchema(schema, name)
      if (member === undefined || value[name] === undefined) continue
      const step = fields?.[name]!.step ?? `f:${name}`
      node[step] = isGranular(member)
        ? fieldsBelow(member, value[name], mode, mode === 'applied' ? `${path}.${name}` : '', isFieldItself(schema, name, mode))
        : LEAF
      isLeaf = false
    }
  }
  return isLeaf ? LEAF : node
}

/** A write that brings a whole struct, map or list into being owns it; Kubernetes does not count those that are always there. */
function isFieldItself(owner: Schema, name: string, mode: Mode): boolean {
  if (mode !== 'added') return mode === 'removed'
  const field = owner.type === 'object' ? owner.fields[name] : undefined
  return !field?.required && !field?.present
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
    if (before === undefined) into.changed[`f:${name}`] = fieldsBelow(member, fresh[name], 'added', '', isFieldItself(schema, name, 'added'))
    else compareValues(member, `f:${name}`, before, fresh[name], into)
  }
  for (const name of Object.keys(old)) {
    const member = memberSchema(schema, name)
    if (member !== undefined && old[name] !== undefined && (!Object.hasOwn(fresh, name) || fresh[name] === undefined))
      into.removed[`f:${name}`] = fieldsBelow(member, old[name], 'removed', '', true)
  }
}

function compareItems(schema: ListSchema<Schema>, old: any[], fresh: any[], into: Collected): void {
  const before = new Map(old.map(item => [stepOfItem(schema, item), item]))
  for (const item of fresh) {
    const step = stepOfItem(schema, item)
    const other = before.get(step)
    if (other === undefined) into.changed[step] = fieldsBelow(schema.items, item, 'added', '', true)
    else compareValues(schema.items, step, other, item, into)
    before.delete(step)
  }
  for (const [step, item] of before) into.removed[step] = fieldsBelow(schema.items, item, 'removed', '', true)
}

function compareValues(schema: Schema, step: string, old: any, fresh: any, into: Collected): void {
  // Most of two versions is the same, and finding that out needs no names of steps.
  if (deepEqual(old, fresh)) return
  if (!isGranular(schema)) {
    into.changed[step] = LEAF
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
    if (missing !== undefined)
      throw badRequest(
        `failed to create typed patch object: ${path}: element ${index}: associative list with keys has an element that omits key field ${JSON.stringify(missing)} (and doesn't have default value)`,
      )
    const step = stepOfItem(schema, item)
    if (seen.has(step)) throw badRequest(`failed to create typed patch object: ${path}: duplicate entries for key ${step.slice(2)}`)
    seen.add(step)
  })
}
