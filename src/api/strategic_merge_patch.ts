/**
 * Strategic merge patch: a merge patch that knows from the schema which lists are merged, and by which key, and that
 * carries directives ($patch, $retainKeys, $setElementOrder, $deleteFromPrimitiveList). This is what `kubectl apply` sends.
 */
import { setOwn } from './deep.ts'
import type { Fields, ObjectSchema, Schema } from './schema.ts'
import { badRequest } from './status.ts'
import { dropDirectives, isDirectiveKey, isJsonObject, type JsonObject, unknownDirective } from './strategic_merge_directives.ts'
import { deleteFromPrimitiveList, mergeList, orderList } from './strategic_merge_list.ts'

/**
 * Changes neither argument; what the patch does not touch is shared with the original. Fields unknown to the schema
 * are merged as in a merge patch, for decoding to report. Throws an ApiError for a malformed patch.
 */
export function applyStrategicMergePatch(schema: ObjectSchema<Fields>, original: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) throw badRequest('unable to unmarshal patch: it must be an object')
  return mergeObject(schema, isJsonObject(original) ? original : {}, patch)
}

function mergeObject(schema: Schema | undefined, original: JsonObject, patch: JsonObject): JsonObject {
  if (Object.hasOwn(patch, '$patch')) {
    const directive = patch['$patch']
    if (directive === 'replace') return dropDirectives(patch) as JsonObject
    if (directive === 'delete') return {}
    if (directive !== 'merge') throw unknownDirective(patch)
  }
  const result: JsonObject = { ...original }
  retainKeys(result, patch)
  for (const key of Object.keys(patch)) {
    if (isDirectiveKey(key)) applyListDirective(schema, result, patch, key)
    else mergeMember(schema, result, key, patch[key], elementOrder(patch, key))
  }
  return result
}

function mergeMember(schema: Schema | undefined, result: JsonObject, key: string, patched: unknown, order: readonly unknown[] | undefined): void {
  if (patched === null) {
    delete result[key]
    return
  }
  const memberSchema = memberOf(schema, key)
  const current = Object.hasOwn(result, key) ? result[key] : undefined
  if (isJsonObject(patched)) {
    const merges = isJsonObject(current) && !isReplaced(schema, key)
    setOwn(result, key, mergeObject(memberSchema, merges ? current : {}, patched))
  } else if (Array.isArray(patched) && memberSchema?.type === 'list' && memberSchema.patchMerge) {
    const merged = mergeList(memberSchema, Array.isArray(current) ? current : [], patched, mergeObject)
    setOwn(result, key, order ? orderList(memberSchema, key, merged, Array.isArray(current) ? current : [], patched, order) : merged)
  } else {
    setOwn(result, key, Array.isArray(patched) ? dropDirectives(patched) : patched)
  }
}

/** Directives about a list stand beside it: `$setElementOrder/containers` beside `containers`. */
function applyListDirective(schema: Schema | undefined, result: JsonObject, patch: JsonObject, key: string): void {
  const [directive, ...rest] = key.split('/')
  const listKey = rest.join('/')
  if (directive === '$patch' || directive === '$retainKeys') return
  const current = Object.hasOwn(result, listKey) ? result[listKey] : undefined
  if (directive === '$deleteFromPrimitiveList') {
    if (!Array.isArray(patch[key])) throw badRequest('invalid patch format of primitive list')
    if (Array.isArray(current)) setOwn(result, listKey, deleteFromPrimitiveList(current, patch[key]))
    return
  }
  const order = elementOrder(patch, listKey)!
  const listSchema = memberOf(schema, listKey)
  // With a list beside it, the order is applied when that list is merged.
  if (!Object.hasOwn(patch, listKey) && Array.isArray(current) && listSchema?.type === 'list' && listSchema.patchMerge)
    setOwn(result, listKey, orderList(listSchema, listKey, current, current, [], order))
}

function elementOrder(patch: JsonObject, listKey: string): readonly unknown[] | undefined {
  const key = `$setElementOrder/${listKey}`
  if (!Object.hasOwn(patch, key)) return undefined
  const order = patch[key]
  if (!Array.isArray(order)) throw badRequest('invalid patch format of setElementOrder list')
  return order
}

/** `$retainKeys` names every key that may remain: a volume keeps one source, a strategy one set of parameters. */
function retainKeys(result: JsonObject, patch: JsonObject): void {
  if (!Object.hasOwn(patch, '$retainKeys')) return
  const retained = patch['$retainKeys']
  if (!Array.isArray(retained)) throw badRequest('invalid patch format of retainKeys')
  const stray = Object.keys(patch).find(key => !isDirectiveKey(key) && patch[key] !== null && !retained.includes(key))
  if (stray !== undefined) throw badRequest(`patch content doesn't match retainKeys list: ${stray}`)
  for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key]
}

const isReplaced = (schema: Schema | undefined, key: string): boolean =>
  schema?.type === 'object' && Object.hasOwn(schema.fields, key) && schema.fields[key]!.patchReplace === true

function memberOf(schema: Schema | undefined, key: string): Schema | undefined {
  if (schema?.type === 'map') return schema.values
  return schema?.type === 'object' && Object.hasOwn(schema.fields, key) ? schema.fields[key]!.schema : undefined
}
