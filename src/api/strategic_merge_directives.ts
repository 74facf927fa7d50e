import { setOwn } from './deep.ts'
import type { ListSchema, Schema } from './schema.ts'
import { failure, type ApiError } from './status.ts'

export type JsonObject = Record<string, unknown>

export const isJsonObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

export const isDirectiveKey = (key: string): boolean =>
  key === '$patch' || key === '$retainKeys' || key.startsWith('$setElementOrder/') || key.startsWith('$deleteFromPrimitiveList/')

/** The patch's content where there is nothing to merge it with: without directives, deletions and nulls. */
export function dropDirectives(patch: unknown): unknown {
  if (Array.isArray(patch)) return patch.filter(item => !(isJsonObject(item) && Object.hasOwn(item, '$patch'))).map(dropDirectives)
  if (!isJsonObject(patch)) return patch
  const content: JsonObject = {}
  for (const key of Object.keys(patch)) if (!isDirectiveKey(key) && patch[key] !== null) setOwn(content, key, dropDirectives(patch[key]))
  return content
}

/** The value an item of a merged list is known by: that of the merge key, or the scalar itself. */
export function mergeKeyOf({ patchMergeKey }: ListSchema<Schema>, item: unknown): unknown {
  if (!patchMergeKey) return item
  if (!isJsonObject(item) || !Object.hasOwn(item, patchMergeKey))
    throw unreadable(`map: ${printGo(item)} does not contain declared merge key: ${patchMergeKey}`)
  return item[patchMergeKey]
}

export const unknownDirective = (patch: JsonObject): ApiError => unreadable(`unknown patch type: ${printGo(patch['$patch'])} in map: ${printGo(patch)}`)

/** Kubernetes answers these without a reason and with code 500; kubectl prints `Error from server: <message>`. */
export const unreadable = (message: string): ApiError => failure(500, '', message)

/** As Go prints values into messages: `map[image:nginx name:a]`. */
export function printGo(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printGo).join(' ')}]`
  if (isJsonObject(value))
    return `map[${Object.keys(value)
      .sort()
      .map(key => `${key}:${printGo(value[key])}`)
      .join(' ')}]`
  return value === null || value === undefined ? '<nil>' : String(value)
}
