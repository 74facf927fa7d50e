/** Whether an object goes, from what has become of its owners (behaviour 11.9.3). Pure. */
import type { KubernetesObject, OwnerReference } from '../../api/meta.ts'
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from '../../api/ownership.ts'
import type { DeleteOptions } from '../../client/client.ts'
import type { Owner, OwnerState } from './owners.ts'

export type Fate =
  | { readonly is: 'stays' }
  /** It has another owner, and loses its references to these. */
  | { readonly is: 'loses owners'; readonly uids: readonly string[] }
  | { readonly is: 'goes'; readonly how: NonNullable<DeleteOptions['propagationPolicy']> }

const IS_THERE: readonly OwnerState[] = ['there', 'unseen']

/** @param hasDependents whether anything depends on the object itself: then an owner in the foreground waits for those, too */
export function planFate({ metadata }: KubernetesObject, owners: readonly Owner[], hasDependents: boolean): Fate {
  if (owners.length === 0 || owners.some(({ state }) => state === 'unknowable')) return { is: 'stays' }
  const lost = owners.filter(({ state }) => !IS_THERE.includes(state))
  if (lost.length === 0) return { is: 'stays' }
  if (lost.length < owners.length) return { is: 'loses owners', uids: lost.map(({ reference }) => reference.uid) }
  if (hasDependents && lost.some(({ state }) => state === 'waiting')) return { is: 'goes', how: 'Foreground' }
  // Whoever put one of these finalizers on it has said how it shall go when its time comes.
  if (metadata.finalizers?.includes(ORPHAN_FINALIZER)) return { is: 'goes', how: 'Orphan' }
  return { is: 'goes', how: metadata.finalizers?.includes(FOREGROUND_FINALIZER) ? 'Foreground' : 'Background' }
}

export type OwnerLookup = (reference: OwnerReference, dependent: KubernetesObject) => KubernetesObject | undefined

/**
 * The owners that wait for this object while it waits, however far round, for them: nobody in such a circle would ever
 * go. The object waits already; `awaiting` finds an owner that waits, too.
 */
export function ownersInCircle(object: KubernetesObject, awaiting: OwnerLookup): readonly string[] {
  const itself = object.metadata.uid!
  const blockedBy = (one: KubernetesObject) => (one.metadata.ownerReferences ?? []).filter(({ blockOwnerDeletion }) => blockOwnerDeletion)
  const leadsBack = (start: KubernetesObject): boolean => {
    const seen = new Set<string>()
    const ahead = [start]
    for (let one = ahead.pop(); one; one = ahead.pop()) {
      if (one.metadata.uid === itself) return true
      if (seen.has(one.metadata.uid!)) continue
      seen.add(one.metadata.uid!)
      for (const reference of blockedBy(one)) {
        const owner = awaiting(reference, one)
        if (owner) ahead.push(owner)
      }
    }
    return false
  }
  return blockedBy(object)
    .filter(reference => {
      const owner = awaiting(reference, object)
      return owner !== undefined && leadsBack(owner)
    })
    .map(({ uid }) => uid)
}
