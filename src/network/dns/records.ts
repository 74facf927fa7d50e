/**
 * What the cluster's name server answers: a function from Services and their endpoints to records
 * (Kubernetes DNS-Based Service Discovery, schema 1.1.0).
 */
import type { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import type { Service } from '../../api/kinds/service.ts'

/** What the answers are made from; lookups only, so that it can be a cache. */
export interface DnsView {
  service(namespace: string, name: string): Service | undefined
  serviceByClusterIP(address: string): Service | undefined
  namespaceExists(namespace: string): boolean
  endpointSlices(namespace: string, service: string): readonly EndpointSlice[]
}

export type DnsRecord =
  | { name: string; type: 'A' | 'AAAA' | 'CNAME' | 'PTR'; data: string }
  | { name: string; type: 'SRV'; data: { priority: number; weight: number; port: number; target: string } }
  | { name: string; type: 'TXT'; data: string }

export type DnsAnswer =
  /** The name exists; no records of this type is an answer too. */
  | { is: 'found'; records: readonly DnsRecord[]; additionals: readonly DnsRecord[] }
  | { is: 'nameError' }
  /** Not a name of this cluster. */
  | { is: 'elsewhere' }

export function answerDns(view: DnsView, clusterDomain: string, question: string, type: string): DnsAnswer {
  const name = question.toLowerCase().replace(/\.$/, '')
  const reverse = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(name)
  if (reverse) return answerReverse(view, clusterDomain, name, type, reverse.slice(1, 5).reverse().join('.'))
  if (name === clusterDomain) return found([])
  if (!name.endsWith(`.${clusterDomain}`)) return { is: 'elsewhere' }
  const labels = name.slice(0, -clusterDomain.length - 1).split('.')
  if (labels.length === 1 && labels[0] === 'dns-version') return found(type === 'TXT' ? [{ name, type, data: '1.1.0' }] : [])

  const zone = labels.pop()
  const namespace = labels.pop()
  if (zone !== 'svc' && zone !== 'pod') return { is: 'nameError' }
  if (namespace === undefined) return found([])
  if (!view.namespaceExists(namespace)) return { is: 'nameError' }
  if (labels.length === 0) return found([])
  return zone === 'pod' ? answerPod(name, labels, type) : answerService(view, clusterDomain, name, namespace, labels, type)
}

function answerService(view: DnsView, clusterDomain: string, name: string, namespace: string, labels: string[], type: string): DnsAnswer {
  const serviceName = labels.pop()!
  const service = view.service(namespace, serviceName)
  if (!service) return { is: 'nameError' }
  const base = `${serviceName}.${namespace}.svc.${clusterDomain}`
  if (service.spec.type === 'ExternalName') return labels.length === 0 ? found([{ name, type: 'CNAME', data: service.spec.externalName ?? '' }]) : { is: 'nameError' }

  const headless = service.spec.clusterIP === 'None'
  if (labels.length === 0) {
    const addresses = headless ? readyEndpoints(view, service).map(endpoint => endpoint.address) : [service.spec.clusterIP ?? '']
    if (headless && addresses.length === 0) return { is: 'nameError' }
    if (type === 'SRV') return servicePorts(view, base, name, service, undefined, undefined)
    return found(type === 'A' ? addresses.map(data => ({ name, type, data })) : [])
  }
  if (labels.length === 2 && labels[0]!.startsWith('_')) {
    return servicePorts(view, base, name, service, labels[0]!.slice(1), labels[1]!.slice(1), type)
  }
  if (labels.length === 1 && headless) {
    const named = readyEndpoints(view, service).filter(endpoint => endpoint.hostname === labels[0])
    if (named.length > 0) return found(type === 'A' ? named.map(endpoint => ({ name, type, data: endpoint.address })) : [])
  }
  return { is: 'nameError' }
}

function servicePorts(
  view: DnsView, base: string, name: string, service: Service, portName: string | undefined, protocol: string | undefined, type = 'SRV',
): DnsAnswer {
  const ports = (service.spec.ports ?? []).filter(port =>
    portName === undefined || (port.name === portName && port.protocol.toLowerCase() === protocol))
  if (ports.length === 0) return { is: 'nameError' }
  if (type !== 'SRV') return found([])
  if (service.spec.clusterIP !== 'None') {
    const records = ports.map(port => ({ name, type: 'SRV' as const, data: { priority: 0, weight: 100, port: port.port, target: base } }))
    return found(records, [{ name: base, type: 'A', data: service.spec.clusterIP ?? '' }])
  }
  const targets = readyEndpoints(view, service).map(endpoint => ({ ...endpoint, target: `${endpoint.hostname ?? endpoint.address.replaceAll('.', '-')}.${base}` }))
  return found(
    targets.flatMap(({ target, ports: own }) => ports.map(port => ({
      name, type: 'SRV' as const, data: { priority: 0, weight: 100, port: own.get(port.name ?? '') ?? port.port, target },
    }))),
    targets.map(({ target, address }) => ({ name: target, type: 'A' as const, data: address })),
  )
}

/** `10-1-2-3.namespace.pod`: the address itself, spelled with dashes. */
function answerPod(name: string, labels: string[], type: string): DnsAnswer {
  const address = labels.length === 1 ? labels[0]!.replaceAll('-', '.') : ''
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(address)) return { is: 'nameError' }
  return found(type === 'A' ? [{ name, type, data: address }] : [])
}

function answerReverse(view: DnsView, clusterDomain: string, name: string, type: string, address: string): DnsAnswer {
  const service = view.serviceByClusterIP(address)
  if (!service) return { is: 'elsewhere' }
  const target = `${service.metadata.name}.${service.metadata.namespace}.svc.${clusterDomain}`
  return found(type === 'PTR' ? [{ name, type, data: target }] : [])
}

interface ReadyEndpoint { address: string; hostname: string | undefined; ports: Map<string, number> }

/** Endpoints that may be told: ready ones, or all of them when the Service publishes those that are not. */
function readyEndpoints(view: DnsView, service: Service): ReadyEndpoint[] {
  const slices = view.endpointSlices(service.metadata.namespace ?? '', service.metadata.name ?? '')
  return slices.flatMap(slice => (slice.endpoints ?? [])
    .filter(endpoint => service.spec.publishNotReadyAddresses || endpoint.conditions?.ready !== false)
    .flatMap(endpoint => endpoint.addresses.map(address => ({
      address,
      hostname: endpoint.hostname,
      ports: new Map((slice.ports ?? []).map(port => [port.name ?? '', port.port ?? 0])),
    }))))
}

const found = (records: readonly DnsRecord[], additionals: readonly DnsRecord[] = []): DnsAnswer => ({ is: 'found', records, additionals })
