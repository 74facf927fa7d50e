/**
 * Who depends on whom, by the uid of the owner; and whom a change concerns.
 *
 * Only objects that name owners are kept, and each only by its name: owners are looked up in the caches. A change costs
 * no more than it touches, so that deleting an owner of n objects is n looks and not n².
 */
import type { Kind } from '../../api/kind.ts'
import { keyText, parseKey, type KubernetesObject, type ObjectKey, type OwnerReference } from '../../api/meta.ts'
import { awaitsDependents, orphansDependents } from '../../api/ownership.ts'
import type { CacheChange } from '../../client/cache.ts'
import { itemOf } from './item.ts'

export interface Dependents {
  /** Takes the change in. Answers with whose turn it is because of it. */
  observe(kind: Kind, change: CacheChange<KubernetesObject>): readonly ObjectKey[]
  of(ownerUid: string): readonly ObjectKey[]
  /** How many the owner has to wait for before it may go. */
  blockerCount(ownerUid: string): number
}

/** Finds the item of an owner, wherever it would be. Undefined: of a kind nobody knows. */
export type ItemOfOwner = (reference: OwnerReference, dependent: KubernetesObject) => ObjectKey | undefined

export function createDependents(itemOfOwner: ItemOfOwner): Dependents {
  /** By the uid of the owner, then by item: whether it blocks the owner's deletion. */
  const owners = new Map<string, { readonly items: Map<string, boolean>; blockers: number }>()

  function link(item: string, { uid, blockOwnerDeletion = false }: OwnerReference): void {
    const known = owners.get(uid) ?? { items: new Map<string, boolean>(), blockers: 0 }
    owners.set(uid, known)
    known.blockers += Number(blockOwnerDeletion) - Number(known.items.get(item) ?? false)
    known.items.set(item, blockOwnerDeletion)
  }
  function unlink(item: string, uid: string): void {
    const known = owners.get(uid)
    if (!known) return
    known.blockers -= Number(known.items.get(item) ?? false)
    known.items.delete(item)
    if (known.items.size === 0) owners.delete(uid)
  }
  const of = (uid: string): ObjectKey[] => [...(owners.get(uid)?.items.keys() ?? [])].map(parseKey)
  const blockerCount = (uid: string): number => owners.get(uid)?.blockers ?? 0

  return {
    of,
    blockerCount,
    observe(kind, { key, object, previous }) {
      const item = itemOf(kind, key)
      const text = keyText(item)
      const before = previous?.metadata.ownerReferences ?? NONE
      const now = object?.metadata.ownerReferences ?? NONE
      const isReferring = !sameReferences(before, now)
      if (isReferring) {
        for (const { uid } of before) if (!now.some(reference => reference.uid === uid)) unlink(text, uid)
        for (const reference of now) link(text, reference)
      }
      const concerned: ObjectKey[] = []
      // Its owners may be gone already, or be waiting; with new owners it may stand in another circle, too.
      if (object && isReferring && now.length > 0) concerned.push(item)
      if (!object) {
        if (previous) concerned.push(...of(previous.metadata.uid!))
      } else {
        if (orphansDependents(object) && !(previous && orphansDependents(previous))) concerned.push(item)
        if (awaitsDependents(object) && !(previous && awaitsDependents(previous))) concerned.push(item, ...of(object.metadata.uid!))
      }
      if (previous && isReferring)
        for (const reference of before)
          if (reference.blockOwnerDeletion && blockerCount(reference.uid) === 0) concerned.push(...present(itemOfOwner(reference, previous)))
      return concerned
    },
  }
}

const NONE: readonly OwnerReference[] = []

const sameReferences = (before: readonly OwnerReference[], now: readonly OwnerReference[]): boolean =>
  before === now ||
  (before.length === now.length &&
    before.every(({ uid, blockOwnerDeletion = false, apiVersion, kind, name }, index) => {
      const other = now[index]!
      return (
        uid === other.uid &&
        blockOwnerDeletion === (other.blockOwnerDeletion ?? false) &&
        name === other.name &&
        kind === other.kind &&
        apiVersion === other.apiVersion
      )
    }))

const present = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value])
