/** Who owns which fields (metadata.managedFields). */
import type { Kind } from '../../api/kind.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import type { Parts } from '../parts.ts'
import type { WriteOptions } from './write_options.ts'

/** Puts the fields this write has set under the name of its manager. Changes the draft. */
export function trackManagedFields(_parts: Parts, _kind: Kind, _draft: KubernetesObject, _old: KubernetesObject | undefined, _options: WriteOptions, _subresource: string): void {
}
