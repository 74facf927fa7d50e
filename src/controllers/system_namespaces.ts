/**
 * The namespaces every cluster has are put back when somebody deletes one. Only kube-node-lease can be deleted, and without
 * it no node could say that it lives.
 *
 *   watch Namespace ─▶ one of ours missing? ─▶ create
 */
import { Namespace } from '../api/kinds/namespace.ts'
import type { Host } from '../base/host.ts'
import type { Cache } from '../client/cache.ts'
import type { Client } from '../client/client.ts'
import { settled, startController, watches } from '../client/controller.ts'
import { unlessSettled } from './namespace_contents.ts'

const SYSTEM_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

export function startSystemNamespacesController(host: Host, client: Client, { namespaces }: { namespaces: Cache<Namespace> }) {
  return startController(host, client, {
    name: 'system-namespaces',
    sources: [watches(Namespace, namespaces, ({ key }) => (SYSTEM_NAMESPACES.includes(key.name) ? [key] : []))],
    first: SYSTEM_NAMESPACES.map(name => ({ namespace: '', name })),
    async reconcile(key, api) {
      if (!namespaces.get(key)) await api.create(Namespace, { metadata: { name: key.name } }).catch(unlessSettled)
      return settled
    },
  })
}
