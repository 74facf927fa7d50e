/** Who owns which fields (metadata.managedFields). */
import { trackUpdate } from '../../api/apply/apply.ts'
import { apiVersionOf, type Kind } from '../../api/kind.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import type { Parts } from '../parts.ts'
import type { WriteOptions } from './write_options.ts'

/** Puts the fields this write has set under the name of its manager. Changes the draft. */
export function trackManagedFields(
  { clock, fieldSets }: Parts,
  kind: Kind,
  draft: KubernetesObject,
  old: KubernetesObject | undefined,
  { fieldManager }: WriteOptions,
  subresource: string,
): void {
  const entries = trackUpdate({
    schema: kind.schema,
    old,
    new: draft,
    manager: fieldManager,
    apiVersion: apiVersionOf(kind),
    subresource,
    nowMs: clock.wall(),
  })
  if (entries && entries.length > 0) draft.metadata.managedFields = fieldSets.share(entries)
  else delete draft.metadata.managedFields
}
