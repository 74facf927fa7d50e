import { applyDefaults } from '../../api/defaults.ts'
import { decodeObject } from '../../api/decode.ts'
import type { Kind } from '../../api/kind.ts'
import type { KubernetesObject } from '../../api/meta.ts'

/** What the API server would make of it: unknown fields are gone, and defaults set. What cannot be decoded is left out. */
export function asStored(kind: Kind, json: unknown): KubernetesObject {
  const { object } = decodeObject(kind.schema, json)
  applyDefaults(kind.schema, object)
  kind.setDefaults?.(object)
  return object as KubernetesObject
}
