/** Server-side apply: fields have owners, an apply may not take a field from another owner unless it is forced. */
import { deepEqual } from '../deep.ts'
import { timestamp } from '../meta.ts'
import type { Fields, ObjectSchema } from '../schema.ts'
import { badRequest, failure, type ApiError } from '../status.ts'
import { commonPaths, difference, isEmpty, printPath, union, type FieldSet } from './field_set.ts'
import { areValid, fieldsOfEntry, isSameManager, takeFromOthers, withEntry, type ManagedFieldsEntry, type Manager } from './managed_fields.ts'
import { mergeApplied, removeAbandoned } from './merge.ts'
import { compareObjects, fieldsOf } from './object_fields.ts'

interface Write {
  readonly schema: ObjectSchema<Fields>
  readonly manager: string
  /** Of the request: `v1`, `apps/v1`. */
  readonly apiVersion: string
  /** '' for the resource itself. */
  readonly subresource: string
  readonly nowMs: number
}

export interface Apply extends Write {
  /** The stored object; undefined when the apply creates it. */
  readonly live: any
  /** The configuration as decoded, without defaults. */
  readonly applied: any
  readonly force: boolean
}

export interface Conflict {
  readonly manager: ManagedFieldsEntry
  /** `.spec.replicas` */
  readonly path: string
}

export type Applied = { readonly object: any } | { readonly conflicts: readonly Conflict[] }

/**
 * The object after the apply, its managedFields included; defaulting, validation and storing are the caller's.
 * When nothing changed it is the live object itself. Throws a 400 ApiError for a configuration that cannot be applied.
 */
export function applyPatch({ schema, live, applied, manager, force, apiVersion, subresource, nowMs }: Apply): Applied {
  if (applied.metadata?.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil')
  const self: Manager = { manager, operation: 'Apply', apiVersion, subresource }
  const entries: readonly ManagedFieldsEntry[] = live?.metadata?.managedFields ?? []
  const own = entries.find(entry => isSameManager(entry, self))

  const config = withoutReset(applied, subresource)
  const fields = withoutIdentity(fieldsOf(schema, config), subresource)
  const merged = mergeApplied(schema, live, config)
  const ownedNow = entries.filter(entry => entry !== own).reduce((all, entry) => union(all, fieldsOfEntry(entry)), fields)
  const object = removeAbandoned(schema, merged, fieldsOfEntry(own), ownedNow)

  const { changed, removed } = compareObjects(schema, live, object)
  const conflicts = entries
    .filter(entry => entry !== own)
    .flatMap(entry => commonPaths(fieldsOfEntry(entry), changed).map(path => ({ manager: entry, path: printPath(path) })))
  if (conflicts.length > 0 && !force) return { conflicts }

  const isSame = isEmpty(changed) && isEmpty(removed)
  if (live !== undefined && isSame && own !== undefined && deepEqual(own.fieldsV1, fields) && own.apiVersion === apiVersion) return { object: live }
  const others = takeFromOthers(takeFromOthers(entries, self, changed), self, removed)
  return { object: { ...object, metadata: { ...object.metadata, managedFields: withEntry(others, self, fields, timestamp(nowMs)) } } }
}

export interface Update extends Write {
  /** Undefined when the write creates the object. */
  readonly old: any
  /** As it will be stored: defaulted, with what this request may not change put back. */
  readonly new: any
}

/**
 * managedFields after an ordinary write: what it changed is the writer's, from whomever it was taken. A client may
 * also send other managedFields (moving from client-side to server-side apply does), or an empty list to clear them.
 */
export function trackUpdate({ schema, old, new: fresh, manager, apiVersion, subresource, nowMs }: Update): ManagedFieldsEntry[] | undefined {
  const before: ManagedFieldsEntry[] = old?.metadata?.managedFields ?? []
  const sent: ManagedFieldsEntry[] | undefined = fresh.metadata?.managedFields
  if (sent !== undefined && old !== undefined && isReset(sent)) return undefined
  // Most clients send back what they read; checking it would cost more than comparing.
  const isOther = sent !== undefined && sent.length > 0 && subresource === '' && !deepEqual(sent, before) && areValid(sent)
  const entries = isOther ? sent : before

  const self: Manager = { manager, operation: 'Update', apiVersion, subresource }
  const changes = compareObjects(schema, old, fresh)
  const changed = withoutIdentity(changes.changed, subresource)
  const removed = withoutIdentity(changes.removed, subresource)
  if (isEmpty(changed) && isEmpty(removed)) return entries
  const others = takeFromOthers(takeFromOthers(entries, self, changed), self, removed)
  const own = others.find(entry => isSameManager(entry, self))
  const kept = difference(fieldsOfEntry(own), removed)
  if (isEmpty(changed)) return own ? withEntry(others, self, kept, own.time ?? timestamp(nowMs)) : others
  return withEntry(others, self, union(kept, changed), timestamp(nowMs))
}

/** The 409 answer to an apply that met other owners. */
export function applyConflict(conflicts: readonly Conflict[]): ApiError {
  const causes = conflicts.map(({ manager, path }) => ({ reason: 'FieldManagerConflict', message: `conflict with ${printManager(manager)}`, field: path }))
  return failure(409, 'Conflict', `Apply failed with ${conflicts.length} conflict${conflicts.length === 1 ? '' : 's'}: ${describe(conflicts)}`, { causes })
}

function describe(conflicts: readonly Conflict[]): string {
  if (conflicts.length === 1) return `conflict with ${printManager(conflicts[0]!.manager)}: ${conflicts[0]!.path}`
  const byManager = new Map<string, string[]>()
  for (const { manager, path } of conflicts) {
    const name = printManager(manager)
    byManager.set(name, [...(byManager.get(name) ?? []), path])
  }
  return [...byManager]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, paths]) => `conflicts with ${name}:${paths.map(path => `\n- ${path}`).join('')}`)
    .join('\n')
}

function printManager({ manager, operation, apiVersion, subresource }: ManagedFieldsEntry): string {
  const name = `${JSON.stringify(manager ?? '')}${subresource ? ` with subresource ${JSON.stringify(subresource)}` : ''}`
  return operation === 'Update' ? `${name} using ${apiVersion}` : name
}

const isReset = (sent: readonly ManagedFieldsEntry[]): boolean => sent.length === 0 || (sent.length === 1 && Object.keys(sent[0]!).length === 0)

/** Names and what only the server sets have no owner. */
const UNOWNED_METADATA: ReadonlySet<string> = new Set([
  'f:name',
  'f:namespace',
  'f:creationTimestamp',
  'f:selfLink',
  'f:uid',
  'f:generation',
  'f:managedFields',
  'f:resourceVersion',
])

/** Status belongs to writers of /status, spec to the others (Kubernetes calls the rest reset fields). */
const resetMember = (subresource: string): string => (subresource === 'status' ? 'spec' : 'status')

function withoutIdentity(fields: FieldSet, subresource: string): FieldSet {
  const reset = `f:${resetMember(subresource)}`
  const owned: Record<string, FieldSet> = {}
  for (const step in fields) {
    if (step === 'f:apiVersion' || step === 'f:kind' || step === reset) continue
    const below = step === 'f:metadata' ? withoutUnowned(fields[step]!) : fields[step]!
    if (step !== 'f:metadata' || !isEmpty(below)) owned[step] = below
  }
  return owned
}

function withoutUnowned(metadata: FieldSet): FieldSet {
  const owned: Record<string, FieldSet> = {}
  for (const step in metadata) if (step !== '.' && !UNOWNED_METADATA.has(step)) owned[step] = metadata[step]!
  return owned
}

function withoutReset(applied: any, subresource: string): any {
  const { [resetMember(subresource)]: _reset, ...rest } = applied
  return rest
}
