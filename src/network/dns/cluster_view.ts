import type { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import type { Namespace } from '../../api/kinds/namespace.ts'
import type { Service } from '../../api/kinds/service.ts'
import type { Cache } from '../../client/cache.ts'
import { indexBy } from '../../client/cache_index.ts'
import { serviceNameOf, type DnsView } from './records.ts'

/** The name server's view of the cluster: the caches, indexed by what is asked for. */
export function createDnsView({
  services,
  endpointSlices,
  namespaces,
}: {
  services: Cache<Service>
  endpointSlices: Cache<EndpointSlice>
  namespaces: Cache<Namespace>
}): DnsView {
  const byClusterIP = indexBy(services, clusterIPsOf)
  const byService = indexBy(endpointSlices, slice => [`${slice.metadata.namespace}/${serviceNameOf(slice)}`])
  const byAddress = indexBy(endpointSlices, ({ endpoints }) => endpoints?.flatMap(({ addresses }) => addresses) ?? [])
  return {
    service: (namespace, name) => services.get({ namespace, name }),
    serviceByClusterIP: address => byClusterIP.find(address)[0],
    namespaceExists: namespace => namespaces.get({ namespace: '', name: namespace }) !== undefined,
    endpointSlices: (namespace, service) => byService.find(`${namespace}/${service}`),
    endpointSlicesOf: address => byAddress.find(address),
  }
}

const clusterIPsOf = ({ spec }: Service): string[] => (spec.clusterIP && spec.clusterIP !== 'None' ? [spec.clusterIP] : [])
