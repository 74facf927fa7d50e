/** Defaults of a Service, and what an update keeps of the addresses it was given (behaviour 9.3). */
import { cloneJson } from '../deep.ts'
import { deepEqual } from '../deep.ts'
import type { ServicePort, ServiceSpec } from '../types/service.ts'
import type { Service } from './service.ts'

export function setServiceDefaults({ spec, status }: Service): void {
  const { type } = spec
  for (const port of spec.ports ?? []) if (!port.targetPort) port.targetPort = port.port
  if (spec.sessionAffinity === 'ClientIP')
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10800 } }
  if (isReachableFromOutside(spec)) spec.externalTrafficPolicy ||= 'Cluster'
  if (type !== 'ExternalName') {
    spec.internalTrafficPolicy ||= 'Cluster'
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP]
    spec.ipFamilyPolicy ||= 'SingleStack'
    if (!spec.ipFamilies?.length) spec.ipFamilies = ['IPv4']
  }
  if (type === 'LoadBalancer') {
    spec.allocateLoadBalancerNodePorts ??= true
    for (const ingress of status.loadBalancer.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP'
  }
}

export function prepareServiceForUpdate(draft: Service, old: Service, subresource: string): void {
  if (subresource === 'status') {
    draft.spec = cloneJson(old.spec)
    return
  }
  draft.status = cloneJson(old.status)
  followClusterIP(draft.spec, old.spec)
  keepAllocated(draft.spec, old.spec)
  dropWhatTypeForbids(draft.spec, old.spec)
}

/** Clients that know the older field alone change only that; the list follows. */
function followClusterIP(spec: ServiceSpec, old: ServiceSpec): void {
  if (spec.clusterIP === old.clusterIP || !deepEqual(spec.clusterIPs, old.clusterIPs)) return
  if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP]
  else delete spec.clusterIPs
}

/** A client that writes a manifest back without its addresses means to keep them. */
function keepAllocated(spec: ServiceSpec, old: ServiceSpec): void {
  if (spec.type !== 'ExternalName' && old.type !== 'ExternalName') {
    if (!spec.clusterIP) {
      spec.clusterIP = old.clusterIP
      spec.clusterIPs = old.clusterIPs && [...old.clusterIPs]
    }
  }
  if (hasNodePorts(spec) && hasNodePorts(old)) {
    const used = new Set((spec.ports ?? []).map(({ nodePort }) => nodePort).filter(Boolean))
    for (const port of spec.ports ?? []) {
      if (port.nodePort) continue
      const kept = old.ports?.find(samePort(port))?.nodePort
      if (!kept || used.has(kept)) continue
      port.nodePort = kept
      used.add(kept)
    }
  }
  if (spec.externalTrafficPolicy === 'Local' && spec.type === 'LoadBalancer') spec.healthCheckNodePort ||= old.healthCheckNodePort
}

/** Fields that go with the old type alone leave with it, unless the client has just changed them: then validation speaks. */
function dropWhatTypeForbids(spec: ServiceSpec, old: ServiceSpec): void {
  if (spec.type === 'ExternalName' && old.type !== 'ExternalName') {
    for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy'] as const) dropIfKept(spec, old, field)
  }
  if (!hasNodePorts(spec) && hasNodePorts(old)) {
    for (const port of spec.ports ?? []) if (port.nodePort && port.nodePort === old.ports?.find(samePort(port))?.nodePort) delete port.nodePort
  }
  if (spec.type !== 'LoadBalancer' && old.type === 'LoadBalancer') {
    for (const field of ['allocateLoadBalancerNodePorts', 'loadBalancerClass', 'healthCheckNodePort'] as const) dropIfKept(spec, old, field)
  }
  if (spec.externalTrafficPolicy !== 'Local' && old.externalTrafficPolicy === 'Local') dropIfKept(spec, old, 'healthCheckNodePort')
  if (!isReachableFromOutside(spec) && isReachableFromOutside(old)) dropIfKept(spec, old, 'externalTrafficPolicy')
  if (spec.sessionAffinity === 'None' && old.sessionAffinity === 'ClientIP') dropIfKept(spec, old, 'sessionAffinityConfig')
}

function dropIfKept(spec: ServiceSpec, old: ServiceSpec, field: keyof ServiceSpec): void {
  if (deepEqual(spec[field], old[field])) delete spec[field]
}

const samePort =
  ({ port, protocol }: ServicePort) =>
  (other: ServicePort) =>
    other.port === port && other.protocol === protocol

const hasNodePorts = ({ type }: ServiceSpec): boolean => type === 'NodePort' || type === 'LoadBalancer'

const isReachableFromOutside = (spec: ServiceSpec): boolean => hasNodePorts(spec) || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0)
