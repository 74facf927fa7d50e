/** metadata.managedFields: who set which field, with which operation, when. */
import type { ObjectMeta } from '../meta.ts'
import { difference, isEmpty, isFieldSet, union, type FieldSet } from './field_set.ts'

export type ManagedFieldsEntry = NonNullable<ObjectMeta['managedFields']>[number]

/** Who writes: an entry is known by these. For applies the version does not count. */
export interface Manager {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  /** '' for the resource itself. */
  readonly subresource: string
}

export const fieldsOfEntry = (entry: ManagedFieldsEntry | undefined): FieldSet => (entry?.fieldsV1 as FieldSet | undefined) ?? {}

export const isSameManager = (entry: ManagedFieldsEntry, { manager, operation, apiVersion, subresource }: Manager): boolean =>
  entry.manager === manager &&
  entry.operation === operation &&
  (entry.subresource ?? '') === subresource &&
  (operation === 'Apply' || entry.apiVersion === apiVersion)

/** True when a client sent entries that can be worked with. */
export const areValid = (entries: readonly ManagedFieldsEntry[]): boolean =>
  entries.every(
    ({ operation, fieldsType, fieldsV1 }) => (operation === 'Apply' || operation === 'Update') && fieldsType === 'FieldsV1' && isFieldSet(fieldsV1 ?? {}),
  )

/** Takes fields away from every entry but that of the manager; entries left without fields vanish. */
export function takeFromOthers(entries: readonly ManagedFieldsEntry[], manager: Manager, taken: FieldSet): ManagedFieldsEntry[] {
  return entries.flatMap(entry => {
    if (isSameManager(entry, manager)) return [entry]
    const rest = difference(fieldsOfEntry(entry), taken)
    if (rest === entry.fieldsV1) return [entry]
    return isEmpty(rest) ? [] : [{ ...entry, fieldsV1: rest }]
  })
}

/** Puts the manager's own entry in place of the one it had; without fields it has none. */
export function withEntry(entries: readonly ManagedFieldsEntry[], manager: Manager, fields: FieldSet, time: string): ManagedFieldsEntry[] {
  const others = entries.filter(entry => !isSameManager(entry, manager))
  if (isEmpty(fields)) return sorted(others)
  const { subresource } = manager
  const own: ManagedFieldsEntry = {
    manager: manager.manager,
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    time,
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
    ...(subresource && { subresource }),
  }
  return capped(sorted([...others, own]))
}

/** Beyond this the oldest updaters become one, so that the list cannot grow with the number of clients. */
const UPDATERS_MAX = 10
const ANCIENT = 'ancient-changes'

function capped(entries: ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  const updaters = entries.filter(entry => entry.operation === 'Update')
  if (updaters.length <= UPDATERS_MAX) return entries
  const [first, second] = updaters
  const merged: ManagedFieldsEntry = { ...second!, manager: ANCIENT, fieldsV1: union(fieldsOfEntry(first), fieldsOfEntry(second)) }
  delete merged.subresource
  return capped(sorted([...entries.filter(entry => entry !== first && entry !== second), merged]))
}

/** Appliers first, then by time: Kubernetes' order. */
function sorted(entries: ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  const rank = (entry: ManagedFieldsEntry): string =>
    `${entry.operation === 'Apply' ? 0 : 1} ${entry.time ?? ''} ${entry.manager ?? ''} ${entry.subresource ?? ''}`
  return entries.length < 2 ? entries : entries.sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
}
