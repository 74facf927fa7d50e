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
  /** Every slice that has an endpoint with this address. */
  endpointSlicesOf(address: string): readonly EndpointSlice[]
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

/** The addresses of one complete name, as a resolver in a container would get them. */
export function addressesOf(view: DnsView, clusterDomain: string, name: string): string[] {
  const answer = answerDns(view, clusterDomain, name, 'A')
  return answer.is === 'found' ? answer.records.flatMap(record => (record.type === 'A' ? [record.data] : [])) : []
}

function answerService(view: DnsView, clusterDomain: string, name: string, namespace: string, labels: string[], type: string): DnsAnswer {
  const serviceName = labels.pop()!
  const service = view.service(namespace, serviceName)
  if (!service) return { is: 'nameError' }
  const base = `${serviceName}.${namespace}.svc.${clusterDomain}`
  if (service.spec.type === 'ExternalName')
    return labels.length === 0 ? answerAlias(view, clusterDomain, name, service.spec.externalName ?? '', type) : { is: 'nameError' }

  const headless = service.spec.clusterIP === 'None'
  if (labels.length === 0) {
    const addresses = headless ? readyEndpoints(view, service).map(endpoint => endpoint.address) : [service.spec.clusterIP ?? '']
    if (headless && addresses.length === 0) return { is: 'nameError' }
    if (type === 'SRV') return servicePorts(view, base, name, service, undefined, undefined)
    // A Service whose address has not been given yet exists, but has nothing to tell.
    return found(
      type === 'A'
        ? unique(addresses)
            .filter(isIPv4)
            .map(data => ({ name, type, data }))
        : [],
    )
  }
  if (labels.length === 2 && labels[0]!.startsWith('_') && labels[1]!.startsWith('_')) {
    return servicePorts(view, base, name, service, labels[0]!.slice(1), labels[1]!.slice(1), type)
  }
  if (labels.length === 1 && headless) {
    const named = unique(
      readyEndpoints(view, service)
        .filter(endpoint => ownLabel(endpoint) === labels[0])
        .map(({ address }) => address),
    )
    if (named.length > 0) return found(type === 'A' ? named.map(data => ({ name, type, data })) : [])
  }
  return { is: 'nameError' }
}

function servicePorts(
  view: DnsView,
  base: string,
  name: string,
  service: Service,
  portName: string | undefined,
  protocol: string | undefined,
  type = 'SRV',
): DnsAnswer {
  const ports = (service.spec.ports ?? []).filter(port => portName === undefined || (port.name === portName && port.protocol.toLowerCase() === protocol))
  if (ports.length === 0) return { is: 'nameError' }
  if (type !== 'SRV') return found([])
  if (service.spec.clusterIP !== 'None') {
    const records = ports.map(port => ({ name, type: 'SRV' as const, data: { priority: 0, weight: 100, port: port.port, target: base } }))
    return found(records, [{ name: base, type: 'A', data: service.spec.clusterIP ?? '' }])
  }
  const targets = readyEndpoints(view, service).map(endpoint => ({ ...endpoint, target: `${ownLabel(endpoint)}.${base}` }))
  return found(
    // An endpoint is in one slice for each set of port numbers, and has only the ports of that slice.
    targets.flatMap(({ target, ports: own }) =>
      ports
        .filter(port => own.has(port.name ?? ''))
        .map(port => ({
          name,
          type: 'SRV' as const,
          data: { priority: 0, weight: 100, port: own.get(port.name ?? '')!, target },
        })),
    ),
    [...new Map(targets.map(({ target, address }) => [target, { name: target, type: 'A' as const, data: address }])).values()],
  )
}

/** How many aliases are followed; two Services may name each other. */
const ALIASES_MAX = 8

/** A stub resolver does not follow an alias by itself: what it stands for is told with it, where it is ours. */
function answerAlias(view: DnsView, clusterDomain: string, name: string, target: string, type: string): DnsAnswer {
  const records: DnsRecord[] = []
  for (let from = name, to = target; records.length < ALIASES_MAX && to !== '';) {
    records.push({ name: from, type: 'CNAME', data: to })
    if (type === 'CNAME') break
    const next = /\.svc\./.test(to) ? serviceNamed(view, clusterDomain, to) : undefined
    if (next?.spec.type === 'ExternalName') {
      from = to
      to = next.spec.externalName ?? ''
      continue
    }
    const answer = answerDns(view, clusterDomain, to, type)
    return answer.is === 'found' ? found([...records, ...answer.records], answer.additionals) : found(records)
  }
  return found(records)
}

function serviceNamed(view: DnsView, clusterDomain: string, name: string): Service | undefined {
  const [service = '', namespace = '', ...rest] = name.toLowerCase().replace(/\.$/, '').split('.')
  return rest.join('.') === `svc.${clusterDomain}` ? view.service(namespace, service) : undefined
}

/** `10-1-2-3.namespace.pod`: the address itself, spelled with dashes. */
function answerPod(name: string, labels: string[], type: string): DnsAnswer {
  const address = labels.length === 1 ? labels[0]!.replaceAll('-', '.') : ''
  if (!isIPv4(address)) return { is: 'nameError' }
  return found(type === 'A' ? [{ name, type, data: address }] : [])
}

/** Cluster IPs, and endpoints of headless Services that have a name of their own. */
function answerReverse(view: DnsView, clusterDomain: string, name: string, type: string, address: string): DnsAnswer {
  const nameOf = ({ metadata }: Pick<Service, 'metadata'>) => `${metadata.name}.${metadata.namespace}.svc.${clusterDomain}`
  const service = view.serviceByClusterIP(address)
  const targets = service
    ? [nameOf(service)]
    : view.endpointSlicesOf(address).flatMap(slice => {
        const owner = view.service(slice.metadata.namespace ?? '', serviceNameOf(slice))
        if (owner?.spec.clusterIP !== 'None') return []
        return (slice.endpoints ?? [])
          .filter(({ addresses, hostname }) => hostname && addresses.includes(address))
          .map(({ hostname }) => `${hostname}.${nameOf(owner)}`)
      })
  if (targets.length === 0) return { is: 'elsewhere' }
  return found(type === 'PTR' ? unique(targets).map(data => ({ name, type, data })) : [])
}

export const serviceNameOf = ({ metadata }: Pick<EndpointSlice, 'metadata'>): string => metadata.labels?.['kubernetes.io/service-name'] ?? ''

interface ReadyEndpoint {
  address: string
  hostname: string | undefined
  ports: Map<string, number>
}

/** What stands before the Service's name for one endpoint. */
const ownLabel = ({ hostname, address }: ReadyEndpoint): string => hostname || address.replaceAll('.', '-')

/** Endpoints that may be told: ready ones, or all of them when the Service publishes those that are not. */
function readyEndpoints(view: DnsView, service: Service): ReadyEndpoint[] {
  const slices = view.endpointSlices(service.metadata.namespace ?? '', service.metadata.name ?? '')
  return slices
    .filter(({ addressType }) => addressType === 'IPv4')
    .flatMap(slice =>
      (slice.endpoints ?? [])
        .filter(endpoint => service.spec.publishNotReadyAddresses || endpoint.conditions?.ready !== false)
        .flatMap(endpoint =>
          endpoint.addresses.map(address => ({
            address,
            hostname: endpoint.hostname,
            ports: new Map((slice.ports ?? []).map(port => [port.name ?? '', port.port ?? 0])),
          })),
        ),
    )
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)]

const isIPv4 = (text: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split('.').every(part => Number(part) <= 255)

const found = (records: readonly DnsRecord[], additionals: readonly DnsRecord[] = []): DnsAnswer => ({ is: 'found', records, additionals })
