import type { Fields, ObjectSchema, Schema } from './schema.ts'

/** Changes the draft. */
export type Defaulter = (draft: any) => void

/**
 * Makes the function that sets the constant defaults of the schema: only inside objects that are there or that the
 * schema says are always `present`; no other object is made for the sake of its defaults. What depends on other
 * fields is the kind's own `setDefaults`. Compile once per kind: the function is ten times as fast as a walk.
 */
export function compileDefaults(schema: ObjectSchema<Fields>): Defaulter {
  return compileObject(schema, new Map()) ?? (() => {})
}

/** For the occasional object; servers keep what `compileDefaults` makes. */
export const applyDefaults = (schema: ObjectSchema<Fields>, draft: any): void => compileDefaults(schema)(draft)

/** Undefined: nothing to do there. */
type Compiled = Defaulter | undefined

function compileObject(schema: ObjectSchema<Fields>, compiled: Map<Schema, Compiled>): Compiled {
  if (compiled.has(schema)) return compiled.get(schema)
  const constants: { name: string; value: unknown; zeroIsUnset: boolean }[] = []
  const members: { name: string; isPresent: boolean; inside: Compiled }[] = []
  for (const name of Object.keys(schema.fields)) {
    const { schema: field, present } = schema.fields[name]!
    if ('nullable' in field && field.nullable) {
      constants.push({ name, value: null, zeroIsUnset: false })
      continue
    }
    if ('default' in field && field.default !== undefined) {
      constants.push({ name, value: field.default, zeroIsUnset: 'zeroIsUnset' in field && field.zeroIsUnset === true })
      continue
    }
    const inside = compileInside(field, compiled)
    const isPresent = present === true && field.type === 'object'
    if (inside || isPresent) members.push({ name, isPresent, inside })
  }
  const defaulter =
    constants.length + members.length === 0
      ? undefined
      : (draft: any): void => {
          for (const { name, value, zeroIsUnset } of constants) if (isUnset(draft[name], zeroIsUnset)) draft[name] = value
          for (const { name, isPresent, inside } of members) {
            if (draft[name] === undefined && isPresent) draft[name] = {}
            if (draft[name] !== undefined) inside?.(draft[name])
          }
        }
  compiled.set(schema, defaulter)
  return defaulter
}

function compileInside(schema: Schema, compiled: Map<Schema, Compiled>): Compiled {
  switch (schema.type) {
    case 'object':
      return compileObject(schema, compiled)
    case 'list': {
      const item = compileInside(schema.items, compiled)
      return item && (list => list.forEach(item))
    }
    case 'map': {
      const value = compileInside(schema.values, compiled)
      return value && (map => Object.values(map).forEach(value))
    }
    default:
      return undefined
  }
}

/** Go cannot tell an empty string of a defaulted field from none; for numbers the schema says where that holds. */
const isUnset = (value: unknown, zeroIsUnset: boolean): boolean => value === undefined || value === '' || (zeroIsUnset && value === 0)
