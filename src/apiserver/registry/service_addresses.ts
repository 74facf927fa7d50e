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
import type { Random } from '../../base/random.ts'
import type { Store } from '../../store/store.ts'
import { addressRange, contains, NODE_PORTS, parseAddress, pickFree, printAddress, type Range } from './ip_range.ts'

export interface ServiceAddresses {
  /**
   * Fills in what a draft needs and runs `store`, with no other allocation in between.
   * For kinds without addresses it just runs `store`. Throws 422 for addresses that cannot be had.
   */
  allocating<T>(kind: Kind, draft: KubernetesObject, old: KubernetesObject | undefined, dryRun: boolean, store: () => Promise<T>): Promise<T>
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
    async allocating(kind, draft, old, _dryRun, write) {
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
  /** `TCP 30080` */
  readonly ports: ReadonlySet<string>
}

type Ranges = { readonly range: Range; readonly cidr: string; readonly random: Random }

function takenBy(services: readonly Service[]): Taken {
  const addresses = new Set<number>()
  const ports = new Set<string>()
  for (const { spec } of services) {
    for (const address of spec.clusterIPs ?? []) {
      const value = parseAddress(address)
      if (value !== undefined) addresses.add(value)
    }
    for (const port of spec.ports ?? []) if (port.nodePort) ports.add(`${port.protocol} ${port.nodePort}`)
    if (spec.healthCheckNodePort) ports.add(`TCP ${spec.healthCheckNodePort}`)
  }
  return { addresses, ports }
}

function allocate(kind: Kind, service: Service, old: Service | undefined, taken: Taken, ranges: Ranges): void {
  if (old) keepWhatItHas(service, old)
  const errors = [...takeAddress(service, old, taken, ranges), ...takePorts(service, old, taken, ranges)]
  if (errors.length > 0) throw invalid(kind, service.metadata.name ?? '', errors)
}

/** A client that leaves out what the server has given keeps it. */
function keepWhatItHas({ spec }: Service, { spec: before }: Service): void {
  if (spec.type !== 'ExternalName' && before.type !== 'ExternalName' && !spec.clusterIP) {
    spec.clusterIP = before.clusterIP
    spec.clusterIPs = before.clusterIPs && [...before.clusterIPs]
  }
  if (!hasNodePorts(spec)) {
    if (!hasNodePorts(before)) return
    // Going back to ClusterIP: ports that nobody has set anew go back into the pool.
    for (const port of spec.ports ?? []) if (before.ports?.some(known => known.nodePort === port.nodePort)) delete port.nodePort
    return
  }
  for (const port of spec.ports ?? []) {
    if (!port.nodePort) port.nodePort = before.ports?.find(known => known.port === port.port && known.protocol === port.protocol)?.nodePort
    if (!port.nodePort) delete port.nodePort
  }
  spec.healthCheckNodePort ??= before.healthCheckNodePort
  if (!spec.healthCheckNodePort) delete spec.healthCheckNodePort
}

function takeAddress({ metadata, spec }: Service, old: Service | undefined, taken: Taken, { range, cidr, random }: Ranges): FieldError[] {
  if (spec.type === 'ExternalName') {
    if (old && spec.clusterIP === old.spec.clusterIP) {
      delete spec.clusterIP
      delete spec.clusterIPs
      delete spec.ipFamilies
      delete spec.ipFamilyPolicy
    }
    return []
  }
  spec.clusterIP ||= spec.clusterIPs?.[0]
  spec.ipFamilies ??= ['IPv4']
  spec.ipFamilyPolicy ??= 'SingleStack'
  if (spec.clusterIP === 'None' || (old && spec.clusterIP && spec.clusterIP === old.spec.clusterIP)) {
    spec.clusterIPs ??= [spec.clusterIP]
    return []
  }
  if (!spec.clusterIP) {
    const isServer = metadata.namespace === 'default' && metadata.name === 'kubernetes'
    const free = pickFree(range, value => taken.addresses.has(value) || (value === range.first && !isServer), random)
    if (free === undefined) throw internalError('failed to allocate a serviceIP: range is full')
    spec.clusterIP = printAddress(free)
    spec.clusterIPs = [spec.clusterIP]
    return []
  }
  spec.clusterIPs ??= [spec.clusterIP]
  const value = parseAddress(spec.clusterIP)
  // What is no address at all is the kind's own validation to name.
  if (value === undefined) return []
  const refuse = (why: string): FieldError[] => [invalidValue('spec.clusterIPs', spec.clusterIPs, `failed to allocate IP ${spec.clusterIP}: ${why}`)]
  if (!contains(range, value)) return refuse(`the provided IP (${spec.clusterIP}) is not in the valid range. The range of valid IPs is ${cidr}`)
  return taken.addresses.has(value) ? refuse('provided IP is already allocated') : []
}

function takePorts({ spec }: Service, old: Service | undefined, taken: Taken, { random }: Ranges): FieldError[] {
  if (!hasNodePorts(spec)) return []
  const ports = new Set(taken.ports)
  const errors: FieldError[] = []
  const own = new Set((old?.spec.ports ?? []).filter(port => port.nodePort).map(port => `${port.protocol} ${port.nodePort}`))
  spec.ports?.forEach((port, i) => {
    if (!port.nodePort) return
    const key = `${port.protocol} ${port.nodePort}`
    const field = `spec.ports[${i}].nodePort`
    if (!contains(NODE_PORTS, port.nodePort))
      errors.push(
        invalidValue(field, port.nodePort, `provided port is not in the valid range. The range of valid ports is ${NODE_PORTS.first}-${NODE_PORTS.last}`),
      )
    else if (ports.has(key) && !own.has(key)) errors.push(invalidValue(field, port.nodePort, 'provided port is already allocated'))
    ports.add(key)
  })
  if (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts === false) return errors
  const take = (protocol: string): number => {
    const free = pickFree(NODE_PORTS, value => ports.has(`${protocol} ${value}`), random)
    if (free === undefined) throw internalError('failed to allocate a nodePort: range is full')
    ports.add(`${protocol} ${free}`)
    return free
  }
  for (const port of spec.ports ?? []) port.nodePort ||= take(port.protocol ?? 'TCP')
  if (spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local') spec.healthCheckNodePort ||= take('TCP')
  return errors
}

const hasNodePorts = ({ type }: Service['spec']): boolean => type === 'NodePort' || type === 'LoadBalancer'
