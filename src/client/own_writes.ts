/** What a controller has written for one key, and whether its caches show it yet. */
import type { Kind } from '../api/kind.ts'
import type { KubernetesObject, ObjectKey } from '../api/meta.ts'
import type { Cache } from './cache.ts'

export interface OwnWrites {
  /** Kinds with a write that was never answered: nobody knows whether it took effect. */
  readonly unknown: Set<Kind<never>>
  wrote(kind: Kind<never>, resourceVersion: string | undefined): void
  /** An object that went at once, so that no version of it tells that it was asked to. */
  removed(kind: Kind<never>, key: ObjectKey, uid: string): void
  seenIn(sources: readonly { readonly kind: Kind<never>; readonly cache: Cache<KubernetesObject> }[]): boolean
}

export function createOwnWrites(): OwnWrites {
  const revisions = new Map<Kind<never>, number>()
  const removals: { readonly kind: Kind<never>; readonly key: ObjectKey; readonly uid: string }[] = []
  return {
    unknown: new Set(),
    wrote: (kind, resourceVersion) => void revisions.set(kind, Math.max(revisions.get(kind) ?? 0, Number(resourceVersion ?? 0))),
    removed: (kind, key, uid) => void removals.push({ kind, key, uid }),
    seenIn: sources =>
      sources.every(
        ({ kind, cache }) =>
          cache.revision >= (revisions.get(kind) ?? 0) &&
          removals.every(removal => removal.kind !== kind || cache.get(removal.key)?.metadata.uid !== removal.uid),
      ),
  }
}
