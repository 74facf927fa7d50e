/** What an apply does to the object itself: the configuration goes in, what it no longer names goes out. */
import { cloneJson, setOwn } from '../deep.ts'
import type { ListSchema, Schema } from '../schema.ts'
import type { FieldSet } from './field_set.ts'
import { isGranular, memberSchema, stepOfItem } from './object_fields.ts'

/** The live value with the applied one merged in. Changes neither; shares what stays. */
export function mergeApplied(schema: Schema, live: any, applied: any): any {
  if (live === undefined || !isGranular(schema)) return cloneJson(applied)
  if (schema.type === 'list') return mergeItems(schema, live, applied)
  const result = { ...live }
  for (const name of Object.keys(applied)) {
    const member = memberSchema(schema, name)
    if (member) setOwn(result, name, mergeApplied(member, Object.hasOwn(live, name) ? live[name] : undefined, applied[name]))
  }
  return result
}

/**
 * Removes what the manager applied before and neither it nor anybody else owns now. With a field goes all below it:
 * defaults that were filled in beside it are nobody's.
 */
export function removeAbandoned(schema: Schema, object: any, before: FieldSet, owned: FieldSet, depth = 0): any {
  if (schema.type === 'list') return removeItems(schema, object, before, owned, depth)
  let result: any
  for (const step in before) {
    const name = step.slice(2)
    const member = step.startsWith('f:') ? memberSchema(schema, name) : undefined
    if (member === undefined || !Object.hasOwn(object, name)) continue
    // The first level (spec, metadata) is the object itself rather than something applied to it.
    const isAbandoned = owned[step] === undefined && (depth > 0 || !isGranular(member))
    const rest = isAbandoned
      ? undefined
      : isGranular(member)
        ? removeAbandoned(member, object[name], before[step]!, owned[step] ?? {}, depth + 1)
        : object[name]
    if (rest === object[name]) continue
    result ??= { ...object }
    if (rest === undefined) delete result[name]
    else setOwn(result, name, rest)
  }
  return result ?? object
}

function removeItems(schema: ListSchema<Schema>, items: any[], before: FieldSet, owned: FieldSet, depth: number): any[] {
  const kept = items.flatMap(item => {
    const step = stepOfItem(schema, item)
    if (before[step] === undefined) return [item]
    if (owned[step] === undefined) return []
    return [isGranular(schema.items) ? removeAbandoned(schema.items, item, before[step]!, owned[step]!, depth + 1) : item]
  })
  return kept.length === items.length && kept.every((item, index) => item === items[index]) ? items : kept
}

/** Applied items are in the order they were applied; the others keep their place relative to those. */
function mergeItems(schema: ListSchema<Schema>, live: any[], applied: any[]): any[] {
  const place = new Map<string, number>()
  live.forEach((item, index) => {
    const step = stepOfItem(schema, item)
    if (!place.has(step)) place.set(step, index)
  })
  const merged = applied.map(item => {
    const step = stepOfItem(schema, item)
    const at = place.get(step)
    return { step, at: at ?? -1, value: at === undefined ? cloneJson(item) : mergeApplied(schema.items, live[at], item) }
  })
  const appliedSteps = new Set(merged.map(({ step }) => step))
  const result: any[] = []
  let next = 0
  live.forEach((item, index) => {
    if (appliedSteps.has(stepOfItem(schema, item))) return
    while (next < merged.length && merged[next]!.at < index) result.push(merged[next++]!.value)
    result.push(item)
  })
  return [...result, ...merged.slice(next).map(({ value }) => value)]
}
