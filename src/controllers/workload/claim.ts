/**
 * Whose Pods are whose. A workload adopts what its selector selects and nobody controls, and lets go of what its
 * selector no longer selects (behaviour 8.2.5).
 *
 *   candidates ─▶ planClaim ─▶ adopt: add ownerReference │ release: remove it │ mine
 */
import { apiVersionOf, type Kind } from '../../api/kind.ts'
import { controllerOf, keyOf, type KubernetesObject, type OwnerReference } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import type { Client } from '../../client/client.ts'

export interface Claim<T> {
  readonly mine: readonly T[]
  readonly adopt: readonly T[]
  readonly release: readonly T[]
}

/**
 * Decides and touches nothing.
 * @param candidates what the owner controls, and what nobody does
 * @param matches whether the owner's selector selects it
 */
export function planClaim<T extends KubernetesObject>(owner: KubernetesObject, candidates: readonly T[], matches: (object: T) => boolean): Claim<T> {
  const mine: T[] = []
  const adopt: T[] = []
  const release: T[] = []
  const isOwnerLeaving = owner.metadata.deletionTimestamp !== undefined
  for (const object of candidates) {
    const controller = controllerOf(object)
    if (controller) {
      if (controller.uid !== owner.metadata.uid) continue
      if (matches(object)) mine.push(object)
      // Whoever is leaving lets the garbage collector decide.
      else if (!isOwnerLeaving) release.push(object)
    } else if (!isOwnerLeaving && !object.metadata.deletionTimestamp && matches(object)) adopt.push(object)
  }
  return { mine, adopt, release }
}

export interface Claimant<O extends KubernetesObject, T extends KubernetesObject> {
  readonly ownerKind: Kind<O>
  readonly owner: O
  readonly kind: Kind<T>
  /** What the owner's objects carry, so that none goes before the owner has seen its end. */
  readonly finalizer?: string
}

/**
 * Carries the plan out. Answers with what the owner has then; what somebody else was faster with is not among it.
 * Throws ApiError for anything but that.
 */
export async function claimObjects<O extends KubernetesObject, T extends KubernetesObject>(
  client: Client,
  { ownerKind, owner, kind, finalizer }: Claimant<O, T>,
  plan: Claim<T>,
): Promise<T[]> {
  if (plan.adopt.length > 0 && !(await mayAdopt(client, ownerKind, owner))) return [...plan.mine]
  const adopted = await Promise.all(plan.adopt.map(object => settle(adoptObject(client, kind, object, controllerReference(ownerKind, owner), finalizer))))
  await Promise.all(plan.release.map(object => settle(releaseObject(client, kind, object, owner, finalizer))))
  return [...plan.mine, ...adopted.filter(object => object !== undefined)]
}

/** What an object made by the owner carries. */
export const controllerReference = <O extends KubernetesObject>(kind: Kind<O>, { metadata }: O): OwnerReference => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
  name: metadata.name!,
  uid: metadata.uid!,
  controller: true,
  blockOwnerDeletion: true,
})

/** Asked of the API itself: the cache may not know yet that the owner is leaving, and then what it adopts would leave with it. */
async function mayAdopt<O extends KubernetesObject>(client: Client, kind: Kind<O>, owner: O): Promise<boolean> {
  try {
    const { metadata } = await client.get(kind, keyOf(owner))
    return metadata.uid === owner.metadata.uid && !metadata.deletionTimestamp
  } catch (error) {
    if (isReason(error, 'NotFound')) return false
    throw error
  }
}

function adoptObject<T extends KubernetesObject>(client: Client, kind: Kind<T>, object: T, reference: OwnerReference, finalizer?: string): Promise<T> {
  const metadata = { uid: object.metadata.uid, ownerReferences: [reference], ...(finalizer && { finalizers: [finalizer] }) }
  return client.patch(kind, keyOf(object), { type: 'strategic', body: { metadata } })
}

function releaseObject<T extends KubernetesObject>(client: Client, kind: Kind<T>, object: T, owner: KubernetesObject, finalizer?: string): Promise<T> {
  const metadata = {
    uid: object.metadata.uid,
    ownerReferences: [{ $patch: 'delete', uid: owner.metadata.uid }],
    ...(finalizer && { '$deleteFromPrimitiveList/finalizers': [finalizer] }),
  }
  return client.patch(kind, keyOf(object), { type: 'strategic', body: { metadata } })
}

/** Undefined: it is gone, or another object of that name has come, or somebody else has adopted it. */
async function settle<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write
  } catch (error) {
    if (isReason(error, 'NotFound') || isReason(error, 'Invalid') || isReason(error, 'Conflict')) return undefined
    throw error
  }
}
