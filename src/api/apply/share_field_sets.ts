import type { FieldSet } from './field_set.ts'
import type { ManagedFieldsEntry } from './managed_fields.ts'

/**
 * Objects made from one template, or written by one controller, have the same fields set, down to the last: the same
 * tree then stands in all of them. For a Pod it is a quarter of the memory.
 */
export interface FieldSetSharing {
  /** The entries with trees that others may hold, too: nobody changes a field set once it is made. */
  share(entries: readonly ManagedFieldsEntry[]): ManagedFieldsEntry[]
}

/** Templates in use at a time; what is shared already stays so when it is forgotten here. */
const KNOWN_MAX = 256

/** Applied ConfigMaps with thousands of keys have few like them. */
const TEXT_LENGTH_MAX = 8_192

export function createFieldSetSharing(): FieldSetSharing {
  const known = new Map<string, FieldSet>()
  /** Trees that were found or made known before: most entries of an update come from the version before it. */
  const shared = new WeakSet<FieldSet>()

  const sharedOf = (fields: FieldSet): FieldSet => {
    if (shared.has(fields)) return fields
    const text = JSON.stringify(fields)
    if (text.length > TEXT_LENGTH_MAX) return fields
    const same = known.get(text)
    if (same) return same
    if (known.size >= KNOWN_MAX) known.delete(known.keys().next().value!)
    known.set(text, fields)
    shared.add(fields)
    return fields
  }

  return {
    share: entries =>
      entries.map(entry => {
        const fields = entry.fieldsV1 as FieldSet | undefined
        const same = fields && sharedOf(fields)
        return same === fields ? entry : { ...entry, fieldsV1: same }
      }),
  }
}
