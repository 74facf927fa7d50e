/**
 * The Services every cluster has, whose servers are not Pods: the API server and the name server. They come back when
 * somebody removes them, as on Kubernetes.
 *
 *   watch Service, Endpoints, EndpointSlice ─▶ reconcile(Service) ─▶ create or update
 */
import { deepEqual } from '../api/deep.ts'
import { EndpointSlice } from '../api/kinds/endpoint_slice.ts'
import { Endpoints } from '../api/kinds/endpoints.ts'
import { Service } from '../api/kinds/service.ts'
import { keyOf, keyText, type ObjectKey } from '../api/meta.ts'
import type { Host } from '../base/host.ts'
import type { Cache } from '../client/cache.ts'
import type { Client } from '../client/client.ts'
import { settled, startController, watches } from '../client/controller.ts'

export interface BuiltInService {
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly clusterIP: string
  readonly ports: readonly { readonly name: string; readonly protocol: 'TCP' | 'UDP'; readonly port: number; readonly targetPort: number }[]
  /** Where its server listens. */
  readonly address: string
}

export interface BuiltInServiceSources {
  readonly services: Cache<Service>
  readonly endpoints: Cache<Endpoints>
  readonly endpointSlices: Cache<EndpointSlice>
  readonly builtIn: readonly BuiltInService[]
}

export function startBuiltInServicesController(host: Host, client: Client, { services, endpoints, endpointSlices, builtIn }: BuiltInServiceSources) {
  const byKey = new Map(builtIn.map(service => [keyText(service), service]))
  const own = ({ key }: { key: ObjectKey }): readonly ObjectKey[] => (byKey.has(keyText(key)) ? [key] : [])
  return startController(host, client, {
    name: 'built-in-services',
    first: builtIn.map(({ namespace, name }) => ({ namespace, name })),
    sources: [watches(Service, services, own), watches(Endpoints, endpoints, own), watches(EndpointSlice, endpointSlices, own)],
    async reconcile(key, api) {
      const wanted = byKey.get(keyText(key))!
      if (!services.get(key)) await api.create(Service, serviceOf(wanted))
      await Promise.all([keep(api, EndpointSlice, endpointSlices, sliceOf(wanted)), keep(api, Endpoints, endpoints, endpointsOf(wanted))])
      return settled
    },
  })
}

/** Written again only if something that we say in it is different. */
async function keep<T extends EndpointSlice | Endpoints>(api: Client, kind: Parameters<Client['create']>[0], cache: Cache<T>, wanted: T): Promise<void> {
  const current = cache.get(keyOf(wanted))
  if (!current) await api.create(kind as never, wanted)
  else if (!holds(current, wanted)) await api.update(kind as never, { ...current, ...wanted, metadata: { ...current.metadata, ...wanted.metadata } })
}

const holds = (current: object, wanted: object): boolean =>
  Object.entries(wanted).every(([field, value]) => {
    const found = (current as Record<string, unknown>)[field]
    return field === 'metadata' ? deepEqual((found as { labels?: unknown }).labels, (value as { labels?: unknown }).labels) : deepEqual(found, value)
  })

const serviceOf = ({ namespace, name, labels, clusterIP, ports }: BuiltInService) => ({
  metadata: { namespace, name, labels: { ...labels } },
  spec: { type: 'ClusterIP' as const, clusterIP, clusterIPs: [clusterIP], sessionAffinity: 'None' as const, ports: [...ports] },
})

const sliceOf = ({ namespace, name, address, ports }: BuiltInService): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { namespace, name, labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  ports: ports.map(port => ({ name: port.name, port: port.targetPort, protocol: port.protocol })),
  endpoints: [{ addresses: [address], conditions: { ready: true } }],
})

/** Its slice is written here, so nobody needs to mirror it. */
const endpointsOf = ({ namespace, name, address, ports }: BuiltInService): Endpoints => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { namespace, name, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
  subsets: [{ addresses: [{ ip: address }], ports: ports.map(port => ({ name: port.name, port: port.targetPort, protocol: port.protocol })) }],
})
