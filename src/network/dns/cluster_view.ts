import type { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import type { Namespace } from '../../api/kinds/namespace.ts'
import type { Service } from '../../api/kinds/service.ts'
import { keyText } from '../../api/meta.ts'
import type { Cache } from '../../client/cache.ts'
import type { DnsView } from './records.ts'

/** The name server's view of the cluster: the caches, indexed by what is asked for. */
export function createDnsView({ services, endpointSlices, namespaces }: { services: Cache<Service>; endpointSlices: Cache<EndpointSlice>; namespaces: Cache<Namespace> }): DnsView {
  const byClusterIP = new Map<string, Service>()
  services.onChange(({ object, previous }) => {
    if (previous?.spec.clusterIP) byClusterIP.delete(previous.spec.clusterIP)
    if (object?.spec.clusterIP && object.spec.clusterIP !== 'None') byClusterIP.set(object.spec.clusterIP, object)
  })

  const slicesOf = new Map<string, Map<string, EndpointSlice>>()
  const serviceOf = (slice: EndpointSlice) => `${slice.metadata.namespace}/${slice.metadata.labels?.['kubernetes.io/service-name'] ?? ''}`
  endpointSlices.onChange(({ key, object, previous }) => {
    if (previous) slicesOf.get(serviceOf(previous))?.delete(keyText(key))
    if (!object) return
    const slices = slicesOf.get(serviceOf(object)) ?? new Map<string, EndpointSlice>()
    slicesOf.set(serviceOf(object), slices.set(keyText(key), object))
  })

  return {
    service: (namespace, name) => services.get({ namespace, name }),
    serviceByClusterIP: address => byClusterIP.get(address),
    namespaceExists: namespace => namespaces.get({ namespace: '', name: namespace }) !== undefined,
    endpointSlices: (namespace, service) => [...(slicesOf.get(`${namespace}/${service}`)?.values() ?? [])],
  }
}
