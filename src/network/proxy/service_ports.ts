/**
 * Where the requests to each port of a Service go, seen from one node.
 *
 *   Service, EndpointSlices, node ─▶ servicePorts ─▶ one ServicePort a port
 *
 * Rules: ready endpoints first; if there is none, those that still serve while they terminate; if there is none either,
 * the request is refused. A policy `Local` looks at this node's endpoints only, and drops where only others have some.
 */
import type { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import type { Service } from '../../api/kinds/service.ts'
import type { Endpoint } from '../../api/types/endpoint_slice.ts'
import { isIPv4 } from '../../api/validation/addresses.ts'

export type Protocol = 'tcp' | 'udp' | 'sctp'

export interface Target {
  readonly address: string
  readonly port: number
}

/** `refuse`: nobody serves this port. `drop`: somebody does, on other nodes, and the policy says to stay on this one. */
export type Destination = { readonly is: 'targets'; readonly targets: readonly Target[] } | { readonly is: 'refuse' } | { readonly is: 'drop' }

export interface ServicePort {
  /** `default/web:http/tcp`: the same as long as the port is there. */
  readonly name: string
  readonly protocol: Protocol
  readonly clusterIP: string
  readonly port: number
  readonly internal: Destination
  /** Addresses from outside: external IPs and those of load balancers. */
  readonly externalAddresses: readonly string[]
  readonly nodePort: number | undefined
  /** What comes in from outside, by an external address or a node port. */
  readonly external: Destination
  /** Requests from outside keep their source address: their targets are on this node. */
  readonly keepsSource: boolean
  /** One client stays with one target for so long after its last connection. */
  readonly affinitySeconds: number | undefined
}

export interface ProxyNode {
  /** Undefined: a machine that is no node, but sends requests to Services. Policies that keep to one node do not concern it. */
  readonly name: string | undefined
  readonly zone: string | undefined
}

/** Empty for a Service that needs no proxy: headless, ExternalName, or without an address. */
export function servicePorts(service: Service, slices: readonly EndpointSlice[], node: ProxyNode): ServicePort[] {
  const { spec, metadata, status } = service
  const { clusterIP } = spec
  if (spec.type === 'ExternalName' || !clusterIP || clusterIP === 'None' || !isIPv4(clusterIP)) return []
  const isExternal = spec.type === 'NodePort' || spec.type === 'LoadBalancer'
  const balancers = status.loadBalancer.ingress?.flatMap(({ ip, ipMode }) => (ip && ipMode !== 'Proxy' ? [ip] : [])) ?? []
  const externalAddresses = [...new Set([...(spec.externalIPs ?? []), ...balancers])].filter(isIPv4)
  const affinitySeconds = spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS) : undefined
  const keepsSource = spec.externalTrafficPolicy === 'Local'
  return (spec.ports ?? []).map(({ name = '', port, protocol, nodePort }) => {
    const endpoints = endpointsOf(slices, name, protocol)
    const nearby = preferNear(endpoints, node)
    return {
      name: `${metadata.namespace}/${metadata.name}${name && `:${name}`}/${protocol!.toLowerCase()}`,
      protocol: protocol!.toLowerCase() as Protocol,
      clusterIP,
      port,
      internal: spec.internalTrafficPolicy === 'Local' ? destinationOnNode(endpoints, node) : destinationOf(nearby),
      externalAddresses,
      nodePort: isExternal ? nodePort : undefined,
      external: keepsSource ? destinationOnNode(endpoints, node) : destinationOf(nearby),
      keepsSource,
      affinitySeconds,
    }
  })
}

/** Kubernetes' default: three hours. */
const AFFINITY_SECONDS = 10_800

interface PortEndpoint extends Target {
  readonly endpoint: Endpoint
}

function endpointsOf(slices: readonly EndpointSlice[], name: string, protocol: string | undefined): PortEndpoint[] {
  return slices
    .filter(({ addressType }) => addressType === 'IPv4')
    .flatMap(({ endpoints, ports }) => {
      const port = ports?.find(candidate => (candidate.name ?? '') === name && (candidate.protocol ?? 'TCP') === (protocol ?? 'TCP'))?.port
      if (port === undefined) return []
      return endpoints.flatMap(endpoint => (endpoint.addresses[0] ? [{ address: endpoint.addresses[0], port, endpoint }] : []))
    })
}

/** Somebody who wrote a slice by hand and left `ready` out means that it is; `serving` is `ready` then. */
const isReady = ({ endpoint: { conditions } }: PortEndpoint): boolean => conditions?.ready ?? true
const servesOn = ({ endpoint: { conditions } }: PortEndpoint): boolean => conditions?.terminating === true && (conditions.serving ?? false)

function destinationOf(endpoints: readonly PortEndpoint[]): Destination {
  const ready = endpoints.filter(isReady)
  const chosen = ready.length > 0 ? ready : endpoints.filter(servesOn)
  return chosen.length > 0 ? { is: 'targets', targets: targetsOf(chosen) } : { is: 'refuse' }
}

function destinationOnNode(endpoints: readonly PortEndpoint[], node: ProxyNode): Destination {
  if (node.name === undefined) return destinationOf(endpoints)
  const here = destinationOf(endpoints.filter(({ endpoint }) => endpoint.nodeName === node.name))
  if (here.is === 'targets') return here
  return destinationOf(endpoints).is === 'targets' ? { is: 'drop' } : { is: 'refuse' }
}

/** Hints count only if every ready endpoint has them and they leave somebody: otherwise a part of the cluster would get it all. */
function preferNear(endpoints: readonly PortEndpoint[], { name, zone }: ProxyNode): readonly PortEndpoint[] {
  const ready = endpoints.filter(isReady)
  for (const isNear of [
    ready.every(({ endpoint }) => endpoint.hints?.forNodes?.length) &&
      (({ endpoint }: PortEndpoint) => endpoint.hints?.forNodes?.some(hint => hint.name === name)),
    ready.every(({ endpoint }) => endpoint.hints?.forZones?.length) &&
      (({ endpoint }: PortEndpoint) => endpoint.hints?.forZones?.some(hint => hint.name === zone)),
  ]) {
    const near = isNear ? ready.filter(isNear) : []
    if (near.length > 0) return near
  }
  return endpoints
}

/** In one order always, so that the same endpoints make the same rules. */
function targetsOf(endpoints: readonly PortEndpoint[]): Target[] {
  const unique = new Map(endpoints.map(({ address, port }) => [`${address}:${port}`, { address, port }]))
  return [...unique.keys()].sort().map(key => unique.get(key)!)
}
