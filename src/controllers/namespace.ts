/**
 * A namespace that is being deleted: everything in it goes first (Pods before the rest, so that nothing they need is
 * taken from under them), then the namespace itself.
 *
 *   watch Namespace ─▶ terminating? ─▶ delete contents ─▶ anything left? look again
 *                                                      └─▶ nothing left: finalize, and the object goes
 *
 * The conditions that tell what it still waits for (behaviour 11.9.5) are not written.
 */
import { apiVersionOf, type Kind } from '../api/kind.ts'
import { Namespace } from '../api/kinds/namespace.ts'
import { isReason } from '../api/status.ts'
import type { Host } from '../base/host.ts'
import { collectionPath, pathOf } from '../client/api_client.ts'
import type { Cache } from '../client/cache.ts'
import type { Client } from '../client/client.ts'
import { settled, startController, watches, type Outcome } from '../client/controller.ts'

const FINALIZER = 'kubernetes'
/** Pods leave in their own time; nobody tells this controller when the last one has gone. */
const LOOK_AGAIN_MS = 200

export function startNamespaceController(host: Host, client: Client, { namespaces, kinds }: { namespaces: Cache<Namespace>; kinds: readonly Kind[] }) {
  const contents = contentKinds(kinds)

  /** True once nothing is left. A kind is looked at only when those before it are gone. */
  async function empty(namespace: string): Promise<boolean> {
    for (const kind of contents) {
      const { items } = await client.list(kind, { namespace })
      if (items.length === 0) continue
      // What is on its way out already is not told again: a second delete could shorten its grace.
      const isAllLeaving = items.every(({ metadata }) => metadata.deletionTimestamp !== undefined)
      if (!isAllLeaving) await client.request({ method: 'DELETE', path: collectionPath(kind, namespace) })
      if (isAllLeaving || (await client.list(kind, { namespace, limit: 1 })).items.length > 0) return false
    }
    return true
  }

  return startController(host, client, {
    name: 'namespace',
    sources: [watches(Namespace, namespaces)],
    async reconcile({ name }): Promise<Outcome> {
      const namespace = namespaces.get({ namespace: '', name })
      if (!namespace?.metadata.deletionTimestamp || !namespace.spec?.finalizers?.includes(FINALIZER)) return settled
      if (!(await empty(name))) return { again: LOOK_AGAIN_MS }
      const finalizers = namespace.spec.finalizers.filter(finalizer => finalizer !== FINALIZER)
      await client
        .request({
          method: 'PUT',
          path: `${pathOf(Namespace, { namespace: '', name })}/finalize`,
          headers: { 'content-type': 'application/json' },
          body: { is: 'object', object: { ...namespace, apiVersion: apiVersionOf(Namespace), kind: 'Namespace', spec: { ...namespace.spec, finalizers } } },
        })
        .catch((error: unknown) => {
          if (!isReason(error, 'NotFound')) throw error
        })
      return settled
    },
  })
}

/** Each resource once, though it may be served in two versions; Pods first. */
function contentKinds(kinds: readonly Kind[]): Kind[] {
  const deletable = kinds.filter(kind => kind.namespaced && kind.verbs.includes('deletecollection'))
  const byStorage = new Map(deletable.toReversed().map(kind => [kind.storage.prefix, kind]))
  return [...byStorage.values()].sort((a, b) => Number(b.kind === 'Pod') - Number(a.kind === 'Pod') || (a.storage.prefix < b.storage.prefix ? -1 : 1))
}
