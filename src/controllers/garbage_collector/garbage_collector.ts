/**
 * Removes what belongs to nobody any more (behaviour 11.9.2-3).
 *
 *   watch every kind ─▶ whom does it concern? ─▶ reconcile(object)
 *                                                  ├─ its owners are gone: delete it, or take their references off
 *                                                  ├─ it waits for its dependents: have they gone? let it go
 *                                                  └─ it orphans its dependents: take its reference off them, let it go
 *
 * Caches of different kinds are never equally old. So an owner is gone only if it was seen to go or the API says so; and
 * an object goes only in the version that was judged. Before an owner goes, whatever was there when it was marked
 * is looked at, seen by a cache or not.
 */
import { apiVersionOf, type Kind } from '../../api/kind.ts'
import { keyOf, type KubernetesObject } from '../../api/meta.ts'
import { awaitsDependents, FOREGROUND_FINALIZER, isCollected, oneVersionEach, ORPHAN_FINALIZER, orphansDependents } from '../../api/ownership.ts'
import { isReason } from '../../api/status.ts'
import type { Host } from '../../base/host.ts'
import type { CacheOf } from '../../client/caches.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches, type Outcome } from '../../client/controller.ts'
import type { EventRecorder } from '../../client/event_recorder.ts'
import { createDependents } from './dependents.ts'
import { partsOf, resourceOf } from './item.ts'
import { createOwners, getIfThere, type Owner } from './owners.ts'
import { ownersInCircle, planFate } from './plan.ts'
import { loseOwners, orphanDependents, removeFinalizer, stopBlocking, type Dependent } from './release.ts'

/** Somebody wrote the object between our look and our change: the cache will have the newer one at once. */
const CONFLICT_AGAIN_MS = 20
/** The cache lags behind the API and may have missed something for good. */
const UNSEEN_AGAIN_MS = 1_000
const WORKERS = 20

export interface GarbageCollectorParts {
  readonly kinds: readonly Kind[]
  readonly cacheOf: CacheOf
  readonly events: EventRecorder
}

export function startGarbageCollector(host: Host, client: Client, { kinds, cacheOf, events }: GarbageCollectorParts) {
  const followed = oneVersionEach(kinds.filter(isCollected))
  const byResource = new Map(followed.map(kind => [resourceOf(kind), kind]))
  const owners = createOwners(kinds, followed, cacheOf)
  const dependents = createDependents(owners.itemOf)

  return startController(host, client, {
    name: 'garbage-collector',
    workers: WORKERS,
    sources: followed.map(kind =>
      watches(kind, cacheOf(kind), change => {
        if (change.previous && !change.object) owners.noteGone(kind, change.previous)
        return dependents.observe(kind, change)
      }),
    ),
    // Not through the client that counts writes: each of ours names the version it is for, read at that moment, so that
    // no cache has to be waited for.
    async reconcile(item) {
      const { resource, key } = partsOf(item)
      const kind = byResource.get(resource)!
      const cached = cacheOf(kind).get(key)
      if (!cached || isAtRest(cached)) return settled
      try {
        const object = await getIfThere(client, kind, key)
        // Another one by now; the cache will hear of it.
        if (object?.metadata.uid !== cached.metadata.uid) return settled
        return await look(kind, object!, Number(cached.metadata.resourceVersion))
      } catch (error) {
        if (isReason(error, 'NotFound')) return settled
        if (isReason(error, 'Conflict')) return { again: CONFLICT_AGAIN_MS }
        throw error
      }
    },
  })

  function isAtRest(object: KubernetesObject): boolean {
    if (object.metadata.deletionTimestamp) return !awaitsDependents(object) && !orphansDependents(object)
    return (object.metadata.ownerReferences ?? []).every(reference => {
      const owner = owners.cached(reference, object)
      return owner !== undefined && !awaitsDependents(owner)
    })
  }

  async function look(kind: Kind, object: KubernetesObject, seenAt: number): Promise<Outcome> {
    if (orphansDependents(object)) return orphan(kind, object, seenAt)
    if (awaitsDependents(object)) return letGoWhenAlone(kind, object, seenAt)
    return object.metadata.deletionTimestamp ? settled : judge(kind, object)
  }

  /** An object that nobody deletes: do its owners keep it? */
  async function judge(kind: Kind, object: KubernetesObject): Promise<Outcome> {
    const known: Owner[] = []
    for (const reference of object.metadata.ownerReferences ?? []) known.push({ reference, state: await owners.stateOf(client, reference, object) })
    reportImpossible(kind, object, known)

    const fate = planFate(object, known, dependents.of(object.metadata.uid!).length > 0)
    const { uid, resourceVersion } = object.metadata
    if (fate.is === 'goes') await client.delete(kind, keyOf(object), { uid, resourceVersion, propagationPolicy: fate.how })
    else if (fate.is === 'loses owners') await loseOwners(client, kind, object, fate.uids)
    return known.some(({ state }) => state === 'unseen') ? { again: UNSEEN_AGAIN_MS } : settled
  }

  function reportImpossible(kind: Kind, object: KubernetesObject, known: readonly Owner[]): void {
    const { namespace = '' } = object.metadata
    for (const { reference, state } of known) {
      const isOutOfReach = state === 'unknowable' && namespace === '' && owners.isNamespaced(reference)
      if (state !== 'elsewhere' && !isOutOfReach) continue
      const owner = `[${reference.apiVersion}/${reference.kind}, namespace: ${namespace}, name: ${reference.name}, uid: ${reference.uid}]`
      events.warning(
        { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind },
        'OwnerRefInvalidNamespace',
        `ownerRef ${owner} does not exist in namespace "${namespace}"`,
      )
    }
  }

  async function orphan(kind: Kind, object: KubernetesObject, seenAt: number): Promise<Outcome> {
    await orphanDependents(client, object.metadata.uid!, await dependentsAt(object, seenAt))
    await removeFinalizer(client, kind, object, ORPHAN_FINALIZER)
    return settled
  }

  /** Its dependents have been told by then: they come here by themselves when it begins to wait. */
  async function letGoWhenAlone(kind: Kind, object: KubernetesObject, seenAt: number): Promise<Outcome> {
    const uid = object.metadata.uid!
    const circle = ownersInCircle(object, (reference, dependent) => {
      const owner = owners.cached(reference, dependent)
      return owner && awaitsDependents(owner) ? owner : undefined
    })
    if (circle.length > 0) await stopBlocking(client, kind, object, circle)
    // Tells of the last one to go.
    if (circle.length > 0 || dependents.blockerCount(uid) > 0) return settled
    const left = await dependentsAt(object, seenAt)
    if (left.some(dependent => blocks(dependent, uid))) return { again: UNSEEN_AGAIN_MS }
    await removeFinalizer(client, kind, object, FOREGROUND_FINALIZER)
    return settled
  }

  /** From the caches, and from the API for those kinds whose cache is older than that: none that was there at this revision is missed. */
  async function dependentsAt(owner: KubernetesObject, revision: number): Promise<Dependent[]> {
    const { uid, namespace } = owner.metadata
    const found: Dependent[] = dependents.of(uid!).flatMap(item => {
      const { resource, key } = partsOf(item)
      const kind = byResource.get(resource)!
      const object = cacheOf(kind).get(key)
      return object ? { kind, object } : []
    })
    const late = followed.filter(kind => cacheOf(kind).revision < revision && (!namespace || kind.namespaced))
    for (const kind of late) {
      const { items } = await client.list(kind, { namespace })
      found.push(...items.filter(object => object.metadata.ownerReferences?.some(reference => reference.uid === uid)).map(object => ({ kind, object })))
    }
    return found
  }
}

const blocks = ({ object }: Dependent, ownerUid: string): boolean =>
  object.metadata.ownerReferences?.some(({ uid, blockOwnerDeletion }) => uid === ownerUid && blockOwnerDeletion) ?? false
