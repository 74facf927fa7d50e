import { deepEqual } from './deep.ts'
import type { ListSchema, Schema } from './schema.ts'
import { badRequest } from './status.ts'
import { dropDirectives, isJsonObject, type JsonObject, mergeKeyOf, printGo, unknownDirective, unreadable } from './strategic_merge_directives.ts'

type MergeObject = (schema: Schema, original: JsonObject, patch: JsonObject) => JsonObject

/** Items of the same key are merged in place, new ones come last; a list of scalars becomes the union. */
export function mergeList(schema: ListSchema<Schema>, original: readonly unknown[], patch: readonly unknown[], mergeObject: MergeObject): unknown[] {
  if (!schema.patchMergeKey) return [...original, ...patch.filter((item, index) => !original.includes(item) && patch.indexOf(item) === index)]

  const { deletions, replaces, items } = readListDirectives(schema, patch)
  if (replaces) return items.map(dropDirectives)
  const result = deletions.length ? original.filter(item => !deletions.some(key => deepEqual(key, mergeKeyOf(schema, item)))) : [...original]
  for (const item of items) {
    const key = mergeKeyOf(schema, item)
    const at = result.findIndex(other => deepEqual(mergeKeyOf(schema, other), key))
    if (at < 0) result.push(mergeObject(schema.items, {}, item as JsonObject))
    else result[at] = mergeObject(schema.items, result[at] as JsonObject, item as JsonObject)
  }
  return result
}

/**
 * Puts a merged list into the order the client wants. Items it does not name (added by others) keep their place
 * relative to those that were there before.
 */
export function orderList(
  schema: ListSchema<Schema>,
  listKey: string,
  merged: readonly unknown[],
  original: readonly unknown[],
  patch: readonly unknown[],
  order: readonly unknown[],
): unknown[] {
  const keys = order.map(item => mergeKeyOf(schema, item))
  const rank = (item: unknown): number => keys.findIndex(key => deepEqual(key, mergeKeyOf(schema, item)))
  checkPatchOrder(
    listKey,
    patch.filter(item => !(isJsonObject(item) && Object.hasOwn(item, '$patch'))),
    order,
    rank,
  )

  const named = merged.filter(item => rank(item) >= 0).sort((a, b) => rank(a) - rank(b))
  const others = merged.filter(item => rank(item) < 0)
  const place = (item: unknown): number => original.findIndex(other => deepEqual(mergeKeyOf(schema, other), mergeKeyOf(schema, item)))
  const result: unknown[] = []
  for (const other of others) {
    while (named.length && place(named[0]) < place(other)) result.push(named.shift())
    result.push(other)
  }
  return [...result, ...named]
}

export const deleteFromPrimitiveList = (list: readonly unknown[], deleted: readonly unknown[]): unknown[] => list.filter(item => !deleted.includes(item))

interface ListDirectives {
  /** Keys of the items to remove. */
  readonly deletions: readonly unknown[]
  readonly replaces: boolean
  readonly items: readonly unknown[]
}

function readListDirectives(schema: ListSchema<Schema>, patch: readonly unknown[]): ListDirectives {
  const deletions: unknown[] = []
  const items: unknown[] = []
  let replaces = false
  for (const item of patch) {
    if (!isJsonObject(item)) throw badRequest(`invalid patch format: ${printGo(item)} in a list of objects`)
    switch (Object.hasOwn(item, '$patch') ? item['$patch'] : undefined) {
      case undefined:
        items.push(item)
        break
      case 'delete':
        deletions.push(mergeKeyOf(schema, item))
        break
      case 'replace':
        replaces = true
        break
      case 'merge':
        throw unreadable('merging lists cannot yet be specified in the patch')
      default:
        throw unknownDirective(item)
    }
  }
  return { deletions, replaces, items }
}

function checkPatchOrder(listKey: string, patch: readonly unknown[], order: readonly unknown[], rank: (item: unknown) => number): void {
  let last = -1
  for (const item of patch) {
    const at = rank(item)
    if (at < last || at < 0)
      throw unreadable(`The order in patch list:\n${printGo(patch)}\n doesn't match $setElementOrder/${listKey} list:\n${printGo(order)}\n`)
    last = at
  }
}
