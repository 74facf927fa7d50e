/**
 * Every namespace has a ConfigMap `kube-root-ca.crt` with the certificate of the cluster's authority: Pods check the API
 * server with it. Whoever changes it finds it put back.
 *
 *   watch Namespace, ConfigMap ─▶ reconcile(namespace) ─▶ create or update
 */
import { deepEqual } from '../api/deep.ts'
import { ConfigMap } from '../api/kinds/config_map.ts'
import { Namespace } from '../api/kinds/namespace.ts'
import type { Host } from '../base/host.ts'
import type { Cache } from '../client/cache.ts'
import type { Client } from '../client/client.ts'
import { settled, startController, watches } from '../client/controller.ts'
import { unlessSettled } from './namespace_contents.ts'

const ROOT_CA_CONFIG_MAP = 'kube-root-ca.crt'

export function startRootCaController(
  host: Host,
  client: Client,
  { namespaces, configMaps, caCertificate }: { namespaces: Cache<Namespace>; configMaps: Cache<ConfigMap>; caCertificate: string },
) {
  return startController(host, client, {
    name: 'root-ca-certificate-publisher',
    sources: [
      watches(Namespace, namespaces),
      watches(ConfigMap, configMaps, ({ key }) => (key.name === ROOT_CA_CONFIG_MAP ? [{ namespace: '', name: key.namespace }] : [])),
    ],
    async reconcile({ name: namespace }, api) {
      const owner = namespaces.get({ namespace: '', name: namespace })
      if (!owner || owner.metadata.deletionTimestamp) return settled
      const published = configMaps.get({ namespace, name: ROOT_CA_CONFIG_MAP })
      const data = { 'ca.crt': caCertificate }
      if (!published) await api.create(ConfigMap, { metadata: { namespace, name: ROOT_CA_CONFIG_MAP }, data }).catch(unlessSettled)
      else if (!deepEqual(published.data, data)) await api.update(ConfigMap, { ...published, data }).catch(unlessSettled)
      return settled
    },
  })
}
