/** What the garbage collector writes into objects: who owns them no more, and that they may go. */
import type { Kind } from '../../api/kind.ts'
import { keyOf, type KubernetesObject, type ObjectMeta } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import { forEachAtOnce } from '../../base/at_once.ts'
import type { Client } from '../../client/client.ts'
import { getIfThere } from './owners.ts'

/** Throws Conflict when somebody has written the object since, as all of these do. */
export const loseOwners = (client: Client, kind: Kind, object: KubernetesObject, uids: readonly string[]): Promise<unknown> =>
  patchMetadata(client, kind, object, { ownerReferences: orNull(object.metadata.ownerReferences?.filter(({ uid }) => !uids.includes(uid))) })

/** These owners need not wait for it any more. */
export const stopBlocking = (client: Client, kind: Kind, object: KubernetesObject, uids: readonly string[]): Promise<unknown> =>
  patchMetadata(client, kind, object, {
    ownerReferences: object.metadata.ownerReferences?.map(owner => (uids.includes(owner.uid) ? { ...owner, blockOwnerDeletion: false } : owner)),
  })

export const removeFinalizer = (client: Client, kind: Kind, object: KubernetesObject, finalizer: string): Promise<unknown> =>
  patchMetadata(client, kind, object, { finalizers: orNull(object.metadata.finalizers?.filter(name => name !== finalizer)) })

const patchMetadata = (client: Client, kind: Kind, object: KubernetesObject, metadata: Nullable<ObjectMeta>): Promise<unknown> =>
  client.patch(kind, keyOf(object), {
    type: 'merge',
    body: { metadata: { uid: object.metadata.uid, resourceVersion: object.metadata.resourceVersion, ...metadata } },
  })

type Nullable<T> = { [K in keyof T]?: T[K] | null }

const orNull = <T>(list: readonly T[] | undefined): T[] | null => (list && list.length > 0 ? [...list] : null)

/** Under way at the same time. */
const PARALLEL_MAX = 16
/** Somebody may write each of the dependents at any time; beyond this the whole is tried again later. */
const CONFLICT_TRIES = 5

export interface Dependent {
  readonly kind: Kind
  readonly object: KubernetesObject
}

/** They go on without this owner. Throws when one of them could not be told. */
export const orphanDependents = (client: Client, ownerUid: string, dependents: readonly Dependent[]): Promise<void> =>
  forEachAtOnce(dependents, PARALLEL_MAX, dependent => orphanOne(client, ownerUid, dependent))

async function orphanOne(client: Client, ownerUid: string, { kind, object }: Dependent): Promise<void> {
  let current = object
  for (let attempt = 1; ; attempt++) {
    if (!current.metadata.ownerReferences?.some(({ uid }) => uid === ownerUid)) return
    try {
      return void (await loseOwners(client, kind, current, [ownerUid]))
    } catch (error) {
      if (isReason(error, 'NotFound')) return
      if (!isReason(error, 'Conflict') || attempt === CONFLICT_TRIES) throw error
    }
    const newest = await getIfThere(client, kind, keyOf(object))
    if (newest?.metadata.uid !== object.metadata.uid) return
    current = newest!
  }
}
