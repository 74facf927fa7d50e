/**
 * A namespace that is being deleted: everything in it goes first, then the namespace itself.
 *
 *   watch Namespace, last object of a kind gone ─▶ terminating? ─▶ delete contents ─▶ conditions say what is left
 *                                                                    ├─ something: look again
 *                                                                    └─ nothing, twice: finalize, and the object goes
 *
 * Twice, with the write of the conditions in between: an object whose creation was let in just before the namespace was
 * marked is stored by then, because writes are stored in turn.
 */
import { apiVersionOf, type Kind } from '../../api/kind.ts'
import { Namespace } from '../../api/kinds/namespace.ts'
import { timestamp, type ObjectKey } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import type { Host } from '../../base/host.ts'
import { pathOf } from '../../client/api_client.ts'
import type { Cache, CacheChange } from '../../client/cache.ts'
import type { CacheOf } from '../../client/caches.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches, type Outcome } from '../../client/controller.ts'
import { updatedConditions } from './conditions.ts'
import { contentKinds, deleteContents, watchedKinds } from './contents.ts'

const FINALIZER = 'kubernetes'
/** Somebody wrote the namespace between our look and our change. */
const CONFLICT_AGAIN_MS = 20

export interface NamespaceSources {
  readonly namespaces: Cache<Namespace>
  readonly kinds: readonly Kind[]
  readonly cacheOf: CacheOf
}

export function startNamespaceController(host: Host, client: Client, { namespaces, kinds, cacheOf }: NamespaceSources) {
  const contents = contentKinds(kinds)

  return startController(host, client, {
    name: 'namespace',
    sources: [watches(Namespace, namespaces), ...watchedKinds(contents).map(kind => watches(kind, cacheOf(kind), emptiedNamespaces()))],
    // Not through the client that counts writes: each of ours names the version it is for, read at that moment.
    async reconcile(key): Promise<Outcome> {
      if (!isToBeEmptied(namespaces.get(key))) return settled
      try {
        const namespace = await client.get(Namespace, key)
        return isToBeEmptied(namespace) ? await empty(namespace) : settled
      } catch (error) {
        if (isReason(error, 'NotFound')) return settled
        if (isReason(error, 'Conflict')) return { again: CONFLICT_AGAIN_MS }
        throw error
      }
    },
  })

  async function empty(namespace: Namespace): Promise<Outcome> {
    const wallMs = host.clock.wall()
    const { remains, failures, againMs } = await deleteContents(
      client,
      contents,
      namespace.metadata.name!,
      wallMs - Date.parse(namespace.metadata.deletionTimestamp!),
    )
    const conditions = updatedConditions(namespace.status?.conditions ?? [], { remains, failures }, timestamp(wallMs))
    if (conditions) await client.updateStatus(Namespace, { ...namespace, status: { ...namespace.status, conditions } })
    if (remains.length > 0 || failures.length > 0) return { again: againMs }
    if (conditions) return { again: 0 }
    await finalize(namespace)
    return settled
  }

  function finalize(namespace: Namespace): Promise<unknown> {
    const finalizers = namespace.spec.finalizers?.filter(finalizer => finalizer !== FINALIZER)
    return client.request({
      method: 'PUT',
      path: `${pathOf(Namespace, { namespace: '', name: namespace.metadata.name! })}/finalize`,
      headers: { 'content-type': 'application/json' },
      body: { is: 'object', object: { ...namespace, apiVersion: apiVersionOf(Namespace), kind: 'Namespace', spec: { ...namespace.spec, finalizers } } },
    })
  }
}

const isToBeEmptied = (namespace: Namespace | undefined): boolean =>
  namespace?.metadata.deletionTimestamp !== undefined && (namespace.spec.finalizers?.includes(FINALIZER) ?? false)

/** For one kind: the namespace that has just lost its last object. The ones before are not worth a look. */
function emptiedNamespaces(): (change: CacheChange<object>) => readonly ObjectKey[] {
  const counts = new Map<string, number>()
  return ({ key: { namespace }, object, previous }) => {
    const change = Number(object !== undefined) - Number(previous !== undefined)
    if (change === 0) return []
    const count = (counts.get(namespace) ?? 0) + change
    if (count > 0) counts.set(namespace, count)
    else counts.delete(namespace)
    return count > 0 ? [] : [{ namespace: '', name: namespace }]
  }
}
