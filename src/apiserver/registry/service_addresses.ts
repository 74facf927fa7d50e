/**
 * Cluster IPs and node ports of Services: given out once, and free again when the Service goes.
 *
 * What is taken is read from the stored Services themselves, so nothing can leak; writes that take an address
 * are made one after the other, so that two of them never see the same one free.
 */
import { invalidValue, type FieldError } from '../../api/field_error.ts'
import type { Kind } from '../../api/kind.ts'
import type { Service } from '../../api/kinds/service.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import { internalError, invalid } from '../../api/status.ts'
import type { ServicePort } from '../../api/types/service.ts'
import { assert } from '../../base/assert.ts'
import type { Random } from '../../base/random.ts'
import type { Store } from '../../store/store.ts'
import { addressRange, contains, NODE_PORTS, parseAddress, pickFree, printAddress, type Range } from './ip_range.ts'

export interface ServiceAddresses {
  /**
   * Fills in what a valid draft needs and runs `store`, with no other allocation in between.
   * For kinds without addresses it just runs `store`. Throws 422 for addresses that cannot be had.
   */
  allocating<T>(kind: Kind, draft: KubernetesObject, old: KubernetesObject | undefined, store: () => Promise<T>): Promise<T>
}

export interface ServiceAddressOptions {
  readonly store: Store
  readonly cidr: string
  readonly random: Random
}

const SERVICES = '/services/'

export function createServiceAddresses({ store, cidr, random }: ServiceAddressOptions): ServiceAddresses {
  const range = addressRange(cidr)
  let last: Promise<unknown> = Promise.resolve()
  return {
    async allocating(kind, draft, old, write) {
      if (kind.storage.prefix !== SERVICES || !(draft as Service).spec) return write()
      const turn = last.then(async () => {
        const { items } = await store.list(SERVICES)
        const others = items
          .map(({ value }) => value as Service)
          .filter(({ metadata }) => metadata.name !== draft.metadata.name || metadata.namespace !== draft.metadata.namespace)
        allocate(kind, draft as Service, old as Service | undefined, takenBy(others), { range, cidr, random })
        return write()
      })
      last = turn.catch(() => undefined)
      return turn
    },
  }
}

/** Of the service range: where the Service default/kubernetes is. */
export const firstAddress = (cidr: string): string => printAddress(addressRange(cidr).first)

interface Taken {
  readonly addresses: ReadonlySet<number>
  /** A number is one Service's, whatever the protocol; it may use it for several. */
  readonly ports: ReadonlySet<number>
}

type Ranges = { readonly range: Range; readonly cidr: string; readonly random: Random }

function takenBy(services: readonly Service[]): Taken {
  const addresses = new Set<number>()
  const ports = new Set<number>()
  for (const { spec } of services) {
    for (const address of spec.clusterIPs ?? []) {
      const value = parseAddress(address)
      if (value !== undefined) addresses.add(value)
    }
    for (const { nodePort } of spec.ports ?? []) if (nodePort) ports.add(nodePort)
    if (spec.healthCheckNodePort) ports.add(spec.healthCheckNodePort)
  }
  return { addresses, ports }
}

function allocate(kind: Kind, service: Service, old: Service | undefined, taken: Taken, ranges: Ranges): void {
  // One conflict is told, as Kubernetes does: who mends it may find that the next one has gone, too.
  const error = takeAddress(service, old, taken, ranges) ?? takePorts(service, taken, ranges)
  if (error) throw invalid(kind, service.metadata.name ?? '', [error])
}

function takeAddress({ metadata, spec }: Service, old: Service | undefined, taken: Taken, { range, cidr, random }: Ranges): FieldError | undefined {
  if (spec.type === 'ExternalName') return undefined
  spec.ipFamilies ??= ['IPv4']
  spec.ipFamilyPolicy ??= 'SingleStack'
  if (spec.clusterIP === 'None' || (old && spec.clusterIP && spec.clusterIP === old.spec.clusterIP)) return undefined
  if (!spec.clusterIP) {
    const isServer = metadata.namespace === 'default' && metadata.name === 'kubernetes'
    const free = pickFree(range, value => taken.addresses.has(value) || (value === range.first && !isServer), random)
    if (free === undefined) throw internalError('failed to allocate a serviceIP: range is full')
    spec.clusterIP = printAddress(free)
    spec.clusterIPs = [spec.clusterIP]
    return undefined
  }
  const value = parseAddress(spec.clusterIP)
  assert(value !== undefined, `validation let ${spec.clusterIP} pass as an IPv4 address`)
  const refuse = (why: string): FieldError => invalidValue('spec.clusterIPs', spec.clusterIPs, `failed to allocate IP ${spec.clusterIP}: ${why}`)
  if (!contains(range, value)) return refuse(`the provided IP (${spec.clusterIP}) is not in the valid range. The range of valid IPs is ${cidr}`)
  return taken.addresses.has(value) ? refuse('provided IP is already allocated') : undefined
}

/** Ports asked for first, so that none of them is given to another port of the same Service. */
function takePorts({ spec }: Service, taken: Taken, { random }: Ranges): FieldError | undefined {
  if (!hasNodePorts(spec)) return undefined
  const isFree = (port: number): boolean => !taken.ports.has(port)
  const own = new Set<number>()
  for (const [index, { nodePort }] of (spec.ports ?? []).entries()) {
    if (!nodePort) continue
    const why = reasonToRefuse(nodePort, isFree)
    if (why) return invalidValue(`spec.ports[${index}].nodePort`, nodePort, why)
    own.add(nodePort)
  }
  const { healthCheckNodePort } = spec
  if (healthCheckNodePort) {
    const why = reasonToRefuse(healthCheckNodePort, port => isFree(port) && !own.has(port))
    // Kubernetes has no name for this field's conflict.
    if (why) throw internalError(`failed to allocate requested HealthCheck NodePort ${healthCheckNodePort}: ${why}`)
    own.add(healthCheckNodePort)
  }
  const take = (): number => {
    const free = pickFree(NODE_PORTS, port => !isFree(port) || own.has(port), random)
    if (free === undefined) throw internalError('failed to allocate a nodePort: range is full')
    own.add(free)
    return free
  }
  const needsPorts = spec.type === 'NodePort' || spec.allocateLoadBalancerNodePorts !== false
  for (const port of needsPorts ? (spec.ports ?? []) : []) port.nodePort ||= sharedNodePort(port, spec) ?? take()
  if (spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local') spec.healthCheckNodePort ||= take()
  return undefined
}

/** The same port over another protocol, such as DNS over UDP and TCP, is the same port on every node, too. */
function sharedNodePort({ port, protocol }: ServicePort, { ports = [] }: Service['spec']): number | undefined {
  const shared = ports.find(other => other.port === port && other.nodePort)?.nodePort
  return shared && !ports.some(other => other.nodePort === shared && other.protocol === protocol) ? shared : undefined
}

function reasonToRefuse(port: number, isFree: (port: number) => boolean): string | undefined {
  if (!contains(NODE_PORTS, port)) return `provided port is not in the valid range. The range of valid ports is ${NODE_PORTS.first}-${NODE_PORTS.last}`
  return isFree(port) ? undefined : 'provided port is already allocated'
}

const hasNodePorts = ({ type }: Service['spec']): boolean => type === 'NodePort' || type === 'LoadBalancer'
