/** Owners and what depends on them, as metadata says it (behaviour 11.9.2-3). */
import type { Kind } from './kind.ts'
import type { KubernetesObject } from './meta.ts'

/** It stays, marked, until everything that blocks its deletion is gone. */
export const FOREGROUND_FINALIZER = 'foregroundDeletion'
/** It stays, marked, until nothing depends on it any more: what did goes on without an owner. */
export const ORPHAN_FINALIZER = 'orphan'

/**
 * Whether the garbage collector looks at objects of this kind. Events are left out, as on Kubernetes: there are many,
 * nothing belongs to them, and they end by themselves.
 */
export const isCollected = ({ kind, verbs }: Pick<Kind, 'kind' | 'verbs'>): boolean =>
  kind !== 'Event' && (['delete', 'list', 'watch'] as const).every(verb => verbs.includes(verb))

/** Each resource once, though it may be served in several versions: the first that is listed. */
export function oneVersionEach(kinds: readonly Kind[]): Kind[] {
  const seen = new Set<string>()
  return kinds.filter(({ storage }) => !seen.has(storage.prefix) && seen.add(storage.prefix))
}

const isLeavingWith = ({ metadata }: KubernetesObject, finalizer: string): boolean =>
  metadata.deletionTimestamp !== undefined && (metadata.finalizers?.includes(finalizer) ?? false)

/** Deleted in the foreground, and not yet rid of its dependents. */
export const awaitsDependents = (object: KubernetesObject): boolean => isLeavingWith(object, FOREGROUND_FINALIZER)

/** Deleted so that its dependents stay, and they still name it. */
export const orphansDependents = (object: KubernetesObject): boolean => isLeavingWith(object, ORPHAN_FINALIZER)
