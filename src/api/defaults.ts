import type { Fields, ObjectSchema, Schema } from './schema.ts'

/**
 * Sets the constant defaults of the schema in the draft. Only inside objects that are there or that the schema says
 * are always `present`: no other object is made for the sake of its defaults. What depends on other fields is the
 * kind's own `setDefaults`.
 */
export function applyDefaults(schema: ObjectSchema<Fields>, draft: any): void {
  for (const name in schema.fields) {
    const { schema: field, present } = schema.fields[name]!
    if (present && draft[name] === undefined && field.type === 'object') draft[name] = {}
    const value = draft[name]
    if ('default' in field && field.default !== undefined) {
      if (value === undefined || isUnset(field, value)) draft[name] = field.default
    } else if (value !== undefined) {
      applyInside(field, value)
    }
  }
}

/** Go cannot tell an empty string of a defaulted field from none; for numbers the schema says where that holds. */
const isUnset = (schema: Schema, value: unknown): boolean => value === '' || (value === 0 && 'zeroIsUnset' in schema && schema.zeroIsUnset === true)

function applyInside(schema: Schema, value: any): void {
  switch (schema.type) {
    case 'object': return applyDefaults(schema, value)
    case 'list':
      if (holdsObjects(schema.items)) for (const item of value) applyInside(schema.items, item)
      return
    case 'map':
      if (holdsObjects(schema.values)) for (const key of Object.keys(value)) applyInside(schema.values, value[key])
  }
}

const holdsObjects = (schema: Schema): boolean => schema.type === 'object' || schema.type === 'list' || schema.type === 'map'
