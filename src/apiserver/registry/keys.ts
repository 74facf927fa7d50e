/** Where objects lie in the store: `/pods/default/web`, `/nodes/a`. */
import type { Kind } from '../../api/kind.ts'

/** All objects of a kind, or those of one namespace. */
export const prefixOf = (kind: Kind, namespace: string): string => (kind.namespaced && namespace ? `${kind.storage.prefix}${namespace}/` : kind.storage.prefix)

export const keyIn = (kind: Kind, namespace: string, name: string): string => prefixOf(kind, namespace) + name

export const namespaceKey = (name: string): string => `/namespaces/${name}`
