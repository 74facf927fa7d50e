/**
 * What has become of the owners of an object.
 *
 *   in the cache? ─▶ there, or waiting for its dependents
 *   seen to go before? ─▶ absent
 *   otherwise the API itself is asked: a cache that has not heard of an owner yet must not cost its dependents their life
 *
 * An owner is one object: the uid counts, and it must be where the reference says (behaviour 11.9.3).
 */
import type { Kind } from '../../api/kind.ts'
import { keyText, type KubernetesObject, type ObjectKey, type OwnerReference } from '../../api/meta.ts'
import { awaitsDependents } from '../../api/ownership.ts'
import { isReason } from '../../api/status.ts'
import type { CacheOf } from '../../client/caches.ts'
import type { Client } from '../../client/client.ts'
import { boundedMap } from '../../client/event_writer.ts'
import { itemOf } from './item.ts'

export type OwnerState =
  | 'there'
  /** It waits until its dependents are gone. */
  | 'waiting'
  /** The API has it, and our cache does not yet: nobody would tell us of its end, so it has to be looked at again. */
  | 'unseen'
  | 'absent'
  /** Absent: there is such an object, but in another namespace, where it cannot own this one. */
  | 'elsewhere'
  /** No kind of ours, or a reference that can never be right. Nothing may be concluded from it. */
  | 'unknowable'

export interface Owner {
  readonly reference: OwnerReference
  readonly state: OwnerState
}

export interface Owners {
  /** What the cache says. */
  cached(reference: OwnerReference, dependent: KubernetesObject): KubernetesObject | undefined
  itemOf(reference: OwnerReference, dependent: KubernetesObject): ObjectKey | undefined
  isNamespaced(reference: OwnerReference): boolean
  /** Asks the API where the cache does not know. Throws what the API says but NotFound. */
  stateOf(client: Client, reference: OwnerReference, dependent: KubernetesObject): Promise<OwnerState>
  /** It was seen to go, and its uid never comes again. */
  noteGone(kind: Kind, object: KubernetesObject): void
}

/** Beyond this the API is asked again, once for each dependent. */
const ABSENT_MAX = 500

export function createOwners(kinds: readonly Kind[], followed: readonly Kind[], cacheOf: CacheOf): Owners {
  const byName = new Map(kinds.map(kind => [`${kind.group ? `${kind.group}/` : ''}${kind.version}/${kind.kind}`, kind]))
  const followedBy = new Map(followed.map(kind => [kind.storage.prefix, kind]))
  const absent = boundedMap<'absent' | 'elsewhere'>(ABSENT_MAX)

  /** Where the owner would be. A namespaced owner is in the namespace of its dependent; one of the cluster has none. */
  const place = (reference: OwnerReference, dependent: KubernetesObject): { kind: Kind; key: ObjectKey } | undefined => {
    const kind = byName.get(`${reference.apiVersion}/${reference.kind}`)
    if (!kind || (kind.namespaced && !dependent.metadata.namespace)) return undefined
    return { kind, key: { namespace: kind.namespaced ? dependent.metadata.namespace! : '', name: reference.name } }
  }
  const cacheFor = (kind: Kind) => {
    const version = followedBy.get(kind.storage.prefix)
    return version && cacheOf(version)
  }
  const ifSame = (object: KubernetesObject | undefined, { uid }: OwnerReference) => (object?.metadata.uid === uid ? object : undefined)
  const absentKey = (kind: Kind, key: ObjectKey, uid: string): string => `${kind.storage.prefix}${keyText(key)} ${uid}`

  return {
    cached(reference, dependent) {
      const at = place(reference, dependent)
      return at && ifSame(cacheFor(at.kind)?.get(at.key), reference)
    },
    itemOf(reference, dependent) {
      const at = place(reference, dependent)
      const version = at && followedBy.get(at.kind.storage.prefix)
      return version && itemOf(version, at.key)
    },
    isNamespaced: ({ apiVersion, kind }) => byName.get(`${apiVersion}/${kind}`)?.namespaced ?? false,
    async stateOf(client, reference, dependent) {
      const at = place(reference, dependent)
      if (!at) return 'unknowable'
      const known = ifSame(cacheFor(at.kind)?.get(at.key), reference)
      if (known) return awaitsDependents(known) ? 'waiting' : 'there'
      const key = absentKey(at.kind, at.key, reference.uid)
      const remembered = absent.get(key)
      if (remembered) return remembered
      const found = ifSame(await getIfThere(client, at.kind, at.key), reference)
      // Of a kind that nobody follows, such as an Event, nobody ever would; as on Kubernetes it counts as there.
      if (found) return cacheFor(at.kind) ? 'unseen' : 'there'
      const isElsewhere =
        at.kind.namespaced &&
        cacheFor(at.kind)
          ?.list()
          .some(({ metadata }) => metadata.uid === reference.uid)
      absent.set(key, isElsewhere ? 'elsewhere' : 'absent')
      return isElsewhere ? 'elsewhere' : 'absent'
    },
    noteGone: (kind, { metadata }) => absent.set(absentKey(kind, { namespace: metadata.namespace ?? '', name: metadata.name! }, metadata.uid!), 'absent'),
  }
}

export async function getIfThere(client: Client, kind: Kind, key: ObjectKey): Promise<KubernetesObject | undefined> {
  try {
    return await client.get(kind, key)
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined
    throw error
  }
}
