import type { Kind } from '../../api/kind.ts'
import { keyText, parseKey, type ObjectKey } from '../../api/meta.ts'

/** `pods`, `deployments.apps`. */
export const resourceOf = ({ group, plural }: Pick<Kind, 'group' | 'plural'>): string => (group ? `${plural}.${group}` : plural)

/** Any object of any kind as one key, for queues and logs: `pods/shop/web`, `nodes/a`. */
export const itemOf = (kind: Pick<Kind, 'group' | 'plural'>, key: ObjectKey): ObjectKey => ({ namespace: resourceOf(kind), name: keyText(key) })

export const partsOf = ({ namespace: resource, name }: ObjectKey): { resource: string; key: ObjectKey } => ({ resource, key: parseKey(name) })
