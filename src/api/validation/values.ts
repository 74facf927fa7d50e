/** Checks that follow from the declaration alone: documented values. One walk serves every kind. */
import { notSupported, type FieldError } from '../field_error.ts'
import type { Fields, ObjectSchema, Schema } from '../schema.ts'

/**
 * Errors for every text that is none of its field's documented values. An empty text is left to the field's own rule,
 * and so are the operators of selectors, which Kubernetes refuses in other words.
 */
export function validateValues(schema: ObjectSchema<Fields>, object: unknown, path: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [name, field] of Object.entries(schema.fields)) {
    if (name !== 'operator') check(field.schema, (object as Record<string, unknown> | undefined)?.[name], path ? `${path}.${name}` : name, errors)
  }
  return errors
}

function check(schema: Schema, value: unknown, path: string, errors: FieldError[]): void {
  if (value === undefined || value === null || !mayHoldValues(schema)) return
  switch (schema.type) {
    case 'string':
      if (schema.values && value !== '' && !schema.values.includes(value as string)) errors.push(notSupported(path, value, schema.values.filter(Boolean)))
      return
    case 'object':
      errors.push(...validateValues(schema, value, path))
      return
    case 'list':
      ;(value as unknown[]).forEach((item, index) => check(schema.items, item, `${path}[${index}]`, errors))
      return
    case 'map':
      for (const [key, item] of Object.entries(value as object)) check(schema.values, item, `${path}[${key}]`, errors)
  }
}

/** Most of an object is plain text and numbers. */
function mayHoldValues(schema: Schema): boolean {
  if (schema.type === 'list') return mayHoldValues(schema.items)
  if (schema.type === 'map') return mayHoldValues(schema.values)
  return schema.type === 'object' || (schema.type === 'string' && schema.values !== undefined)
}
