/**
 * Every namespace has a ServiceAccount `default`: Pods that name none run as it.
 *
 *   watch Namespace, ServiceAccount ─▶ reconcile(namespace) ─▶ create what is missing
 */
import { Namespace } from '../api/kinds/namespace.ts'
import { ServiceAccount } from '../api/kinds/service_account.ts'
import type { Host } from '../base/host.ts'
import type { Cache } from '../client/cache.ts'
import type { Client } from '../client/client.ts'
import { settled, startController, watches } from '../client/controller.ts'
import { unlessSettled } from './namespace_contents.ts'

export function startServiceAccountController(
  host: Host,
  client: Client,
  { namespaces, serviceAccounts }: { namespaces: Cache<Namespace>; serviceAccounts: Cache<ServiceAccount> },
) {
  return startController(host, client, {
    name: 'serviceaccount',
    sources: [
      watches(Namespace, namespaces),
      watches(ServiceAccount, serviceAccounts, ({ key, object }) => (object ? [] : [{ namespace: '', name: key.namespace }])),
    ],
    async reconcile({ name: namespace }, api) {
      const owner = namespaces.get({ namespace: '', name: namespace })
      if (!owner || owner.metadata.deletionTimestamp || serviceAccounts.get({ namespace, name: 'default' })) return settled
      await api.create(ServiceAccount, { metadata: { namespace, name: 'default' } }).catch(unlessSettled)
      return settled
    },
  })
}
