/** Checks that follow from the declaration alone: documented values. One walk serves every kind. */
import { notSupported, type FieldError } from '../field_error.ts'
import type { Fields, ObjectSchema, Schema } from '../schema.ts'

/**
 * Errors for every text that is none of its field's documented values. An empty text is left to the field's own rule,
 * and so are the operators of selectors, which Kubernetes refuses in other words.
 */
export type ValuesRule = (object: unknown, path: string) => FieldError[]

/** Compile once per schema: few fields have documented values, and the walk visits only what leads to them. */
export function compileValues(schema: ObjectSchema<Fields>): ValuesRule {
  let members: readonly Member[] | undefined
  return (object, path) => {
    // At the first use, so that starting does not wait for kinds that nobody writes.
    members ??= compileMembers(schema, new Map()).members
    const errors: FieldError[] = []
    checkMembers(members, object, path, errors)
    return errors
  }
}

type Node =
  | { readonly is: 'text'; readonly values: ReadonlySet<unknown> }
  | { readonly is: 'object'; members: readonly Member[] }
  | { readonly is: 'list' | 'map'; readonly inside: Node }

interface Member {
  readonly name: string
  readonly node: Node
}

function checkMembers(members: readonly Member[], object: unknown, path: string, errors: FieldError[]): void {
  for (const { name, node } of members) {
    const value = (object as Record<string, unknown> | undefined)?.[name]
    if (value === undefined || value === null) continue
    // Texts are the most, and their path is of use only when they are wrong.
    if (node.is !== 'text') check(node, value, path ? `${path}.${name}` : name, errors)
    else if (!node.values.has(value)) check(node, value, path ? `${path}.${name}` : name, errors)
  }
}

function check(node: Node, value: unknown, path: string, errors: FieldError[]): void {
  if (value === undefined || value === null) return
  switch (node.is) {
    case 'text':
      if (!node.values.has(value)) errors.push(notSupported(path, value, [...node.values].filter(Boolean) as string[]))
      return
    case 'object':
      return checkMembers(node.members, value, path, errors)
    case 'list':
      return (value as unknown[]).forEach((item, index) => check(node.inside, item, `${path}[${index}]`, errors))
    case 'map':
      for (const [key, item] of Object.entries(value as object)) check(node.inside, item, `${path}[${key}]`, errors)
  }
}

type Compiled = Map<Schema, Extract<Node, { is: 'object' }>>

function compileMembers(schema: ObjectSchema<Fields>, compiled: Compiled): Extract<Node, { is: 'object' }> {
  const known = compiled.get(schema)
  if (known) return known
  // Known before its members are, because a schema may hold itself.
  const node: Extract<Node, { is: 'object' }> = { is: 'object', members: [] }
  compiled.set(schema, node)
  node.members = Object.entries(schema.fields).flatMap(([name, field]) => {
    const inside = name === 'operator' ? undefined : compile(field.schema, compiled)
    return inside ? [{ name, node: inside }] : []
  })
  return node
}

/** Undefined: nothing in there has documented values. */
function compile(schema: Schema, compiled: Compiled): Node | undefined {
  switch (schema.type) {
    case 'string':
      return schema.values && { is: 'text', values: new Set<unknown>(['', ...schema.values]) }
    case 'object': {
      const isNew = !compiled.has(schema)
      const node = compileMembers(schema, compiled)
      return isNew && node.members.length === 0 ? undefined : node
    }
    case 'list':
    case 'map': {
      const inside = compile(schema.type === 'list' ? schema.items : schema.values, compiled)
      return inside && { is: schema.type, inside }
    }
    default:
      return undefined
  }
}
