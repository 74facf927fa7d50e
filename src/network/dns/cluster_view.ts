import type { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import type { Namespace } from '../../api/kinds/namespace.ts'
import type { Service } from '../../api/kinds/service.ts'
import { keyText } from '../../api/meta.ts'
import type { Cache } from '../../client/cache.ts'
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
  const byClusterIP = createIndex<Service>()
  services.onChange(({ key, object, previous }) => {
    byClusterIP.change(keyText(key), clusterIPsOf(previous), clusterIPsOf(object), object)
  })
  const byService = createIndex<EndpointSlice>()
  const byAddress = createIndex<EndpointSlice>()
  endpointSlices.onChange(({ key, object, previous }) => {
    byService.change(keyText(key), serviceKeysOf(previous), serviceKeysOf(object), object)
    byAddress.change(keyText(key), addressesOf(previous), addressesOf(object), object)
  })
  return {
    service: (namespace, name) => services.get({ namespace, name }),
    serviceByClusterIP: address => byClusterIP.find(address)[0],
    namespaceExists: namespace => namespaces.get({ namespace: '', name: namespace }) !== undefined,
    endpointSlices: (namespace, service) => byService.find(`${namespace}/${service}`),
    endpointSlicesOf: address => byAddress.find(address),
  }
}

const clusterIPsOf = (service: Service | undefined): string[] => (service?.spec.clusterIP && service.spec.clusterIP !== 'None' ? [service.spec.clusterIP] : [])
const serviceKeysOf = (slice: EndpointSlice | undefined): string[] => (slice ? [`${slice.metadata.namespace}/${serviceNameOf(slice)}`] : [])
const addressesOf = (slice: EndpointSlice | undefined): string[] => slice?.endpoints?.flatMap(({ addresses }) => addresses) ?? []

/** Objects by something they hold. Two may hold the same for a moment: an address passes from one to the next. */
function createIndex<T>() {
  const holders = new Map<string, Map<string, T>>()
  return {
    change(name: string, before: readonly string[], after: readonly string[], object: T | undefined) {
      for (const value of before) {
        const named = holders.get(value)
        named?.delete(name)
        if (named?.size === 0) holders.delete(value)
      }
      if (!object) return
      for (const value of after) {
        const named = holders.get(value) ?? new Map<string, T>()
        holders.set(value, named.set(name, object))
      }
    },
    find: (value: string): T[] => [...(holders.get(value)?.values() ?? [])],
  }
}
