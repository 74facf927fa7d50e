/** Which Pods stand behind a Service, at which ports, and whether each may get requests. */
import type { Pod } from '../../api/kinds/pod.ts'
import type { Service } from '../../api/kinds/service.ts'
import { isDeleting, isReady, isSidecar, isTerminal } from '../../api/pod.ts'
import type { EndpointPort } from '../../api/types/endpoint_slice.ts'
import type { ServicePort } from '../../api/types/service.ts'
import { isIPv4 } from '../../api/validation/addresses.ts'

/** One Pod as the controllers of endpoints see it. */
export interface Backend {
  readonly pod: Pod
  readonly address: string
  /** Only Pods of one `subdomain` with the Service's name have names of their own. */
  readonly hostname: string | undefined
  /** `serving`: the Pod's condition Ready. `ready`: serving, and not on its way out; or published whatever it is. */
  readonly conditions: { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean }
  /** As they are in this Pod: a named targetPort may be another number in each. Empty for a headless Service without ports. */
  readonly ports: readonly EndpointPort[]
}

export const HEADLESS_LABEL = 'service.kubernetes.io/headless'
export const TRIGGER_TIME_ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time'

export const isHeadless = ({ spec }: Service): boolean => spec.clusterIP === 'None'

/** Whether its endpoints are found by us: without a selector they are somebody's own affair. */
export const hasSelector = ({ spec }: Service): boolean => spec.type !== 'ExternalName' && Object.keys(spec.selector ?? {}).length > 0

export function selects({ metadata, spec }: Service, pod: Pod): boolean {
  const { labels = {}, namespace } = pod.metadata
  return namespace === metadata.namespace && Object.entries(spec.selector ?? {}).every(([key, value]) => labels[key] === value)
}

/** Undefined for a Pod that has no address yet, or has ended: a terminating one stays until then. */
export function backendOf(service: Service, pod: Pod): Backend | undefined {
  const address = addressOf(pod)
  if (address === undefined || isTerminal(pod)) return undefined
  const serving = isReady(pod)
  const terminating = isDeleting(pod)
  const { hostname, subdomain } = pod.spec
  return {
    pod,
    address,
    hostname: hostname && subdomain === service.metadata.name ? hostname : undefined,
    conditions: { ready: service.spec.publishNotReadyAddresses === true || (serving && !terminating), serving, terminating },
    ports: portsOf(service, pod),
  }
}

/** Whether a change of a Pod can change the endpoints of a Service. Statuses are written often, and mostly it cannot. */
export function mattersToServices(pod: Pod, previous: Pod): boolean {
  return (
    pod.metadata.labels !== previous.metadata.labels ||
    addressOf(pod) !== addressOf(previous) ||
    isReady(pod) !== isReady(previous) ||
    isDeleting(pod) !== isDeleting(previous) ||
    isTerminal(pod) !== isTerminal(previous)
  )
}

function addressOf({ status }: Pod): string | undefined {
  const addresses = status.podIPs?.map(({ ip }) => ip) ?? []
  return [status.podIP, ...addresses].find(address => address !== undefined && isIPv4(address))
}

function portsOf(service: Service, pod: Pod): EndpointPort[] {
  return (service.spec.ports ?? []).flatMap(port => {
    const number = targetPortIn(pod, port)
    if (number === undefined) return []
    return [{ name: port.name ?? '', port: number, protocol: port.protocol, ...(port.appProtocol && { appProtocol: port.appProtocol }) }]
  })
}

/** Undefined when it is a name that no container of the Pod has for a port of this protocol. */
function targetPortIn({ spec }: Pod, { targetPort, protocol }: ServicePort): number | undefined {
  if (typeof targetPort === 'number') return targetPort
  const containers = [...spec.containers, ...(spec.initContainers ?? []).filter(isSidecar)]
  return containers.flatMap(({ ports }) => ports ?? []).find(port => port.name === targetPort && port.protocol === protocol)?.containerPort
}
