/** How a load comes in to a Service of a simulated cluster, in virtual time and in real time. */
import { addressesOf, type DnsView } from '../network/dns/records.ts'
import type { Target } from '../network/proxy/service_ports.ts'
import type { SimulatedRuntime } from '../sim/runtime.ts'
import type { Entrance, SignalHabits } from './observation.ts'
import type { LoadTarget } from './site.ts'

export interface SimulatedNode {
  readonly name: string
  readonly runtime: Pick<SimulatedRuntime, 'fabric' | 'nodeAddress' | 'serviceRoutes' | 'firstProcesses'>
}

/** The client has an address of its own, which no Pod and no node has. */
export const CLIENT_ADDRESS = '10.0.255.200'

/** Rejects with a sentence where there is no way in. */
export function simulatedEntrance({ service, namespace, port, type, nodePort, clusterIP }: LoadTarget, node: SimulatedNode, clusterDomain: string): Entrance {
  const entrance = (through: Entrance['through'], address: string, at: number) => ({ service, through, url: `http://${address}:${at}`, node: node.name })
  if (type === 'headless') return { ...entrance('headless', `${service}.${namespace}.svc.${clusterDomain}`, port), node: undefined }
  // A load balancer sends what it gets to the node ports: there is none here, and its part is taken by the client.
  if ((type === 'NodePort' || type === 'LoadBalancer') && nodePort !== undefined) return entrance('NodePort', node.runtime.nodeAddress, nodePort)
  if (clusterIP) return entrance('ClusterIP', clusterIP, port)
  throw new Error(`the Service ${service} has neither a cluster IP nor a node port: give it one, or name another Service with --service`)
}

/** What a client of the cluster's DNS learns of the Service: its Pods' own addresses if it is headless, its cluster IP otherwise. */
export function resolveService(dns: DnsView, clusterDomain: string, { namespace, service, port, type }: LoadTarget): Target[] {
  const addresses = addressesOf(dns, clusterDomain, `${service}.${namespace}.svc.${clusterDomain}`)
  if (type !== 'headless') return addresses.map(address => ({ address, port }))
  const name = dns.service(namespace, service)?.spec.ports?.find(candidate => candidate.port === port)?.name ?? ''
  const ports = dns.endpointSlices(namespace, service).flatMap(slice => slice.ports ?? [])
  const own = ports.find(candidate => (candidate.name ?? '') === name)?.port ?? port
  return addresses.map(address => ({ address, port: own }))
}

/** Where connections to `http://address:port` go. */
export function targetOf(url: string): Target {
  const { hostname, port } = new URL(url)
  return { address: hostname, port: Number(port || 80) }
}

export const habitsOf = (nodes: readonly SimulatedNode[], podUids: ReadonlySet<string>): SignalHabits[] =>
  nodes.flatMap(({ runtime }) => runtime.firstProcesses().filter(({ podUid }) => podUids.has(podUid)))
