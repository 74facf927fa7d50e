/** Decides which Service and which of its ports get the load. */
import { Service } from '../api/kinds/service.ts'
import type { Labels } from '../api/label_selector.ts'
import { isSidecar } from '../api/pod.ts'
import type { ServicePort } from '../api/types/service.ts'
import { CheckProblem } from './problem.ts'
import type { LoadTarget } from './site.ts'
import { podLabelsOf, podSpecOf, workloadNameOf, workloadText, type WorkloadObject } from './workload.ts'

export interface PlannedEntrance {
  readonly service: string
  readonly port: number
  readonly type: LoadTarget['type']
  /** A Service to be made, because the files have none for this workload. */
  readonly make?: object
  readonly notes: readonly string[]
}

export interface ServiceChoice {
  readonly name: string
  /** By number or by name. */
  readonly port?: string
}

/** `web`, `web:8080` or `web:http`. */
export function parseServiceChoice(text: string): ServiceChoice | undefined {
  const [name = '', port, ...rest] = text.split(':')
  if (!name || port === '' || rest.length > 0) return undefined
  return { name, ...(port !== undefined && { port }) }
}

export interface EntranceWords {
  readonly choice?: ServiceChoice
  /** All of the files, if there can be no others in the namespace: a Service that selects the Pods of none leads nowhere. */
  readonly workloads?: readonly WorkloadObject[]
}

/** Throws a CheckProblem when no port can be found, or the Service leads nowhere. */
export function planEntrance(workload: WorkloadObject, services: readonly Service[], { choice, workloads }: EntranceWords = {}): PlannedEntrance {
  const serving = servicesOf(workload, services)
  const astray = workloads ? services.filter(service => leadsNowhere(service, workloads)) : []
  if (choice) return chosen(workload, services, choice, astray)
  const [first, ...others] = serving
  // One is made only where the files mean none: a slip in a selector would come out as CLEAN.
  if (!first && astray[0]) throw selectsNobody(astray[0], workload)
  if (!first) return made(workload)
  const port = portOf(first)
  if (!port) throw noTcpPort(first)
  refuseUnknownPortName(first, port, workload)
  const notes =
    others.length > 0
      ? [`The load goes in at Service ${nameOf(first)}, port ${port.port}; choose another one with --service NAME[:PORT] (${others.map(nameOf).join(', ')}).`]
      : []
  return { ...described(first, port), notes: [...notes, ...affinityNotes(first)] }
}

/** Those that lead to its Pods, the likeliest entrance first: what is open to the outside, then by the order of the files. Headless ones last. */
export function servicesOf(workload: WorkloadObject, services: readonly Service[]): Service[] {
  const labels = podLabelsOf(workload)
  return services.filter(({ spec }) => spec.type !== 'ExternalName' && selects(spec.selector, labels)).sort((a, b) => rank(a) - rank(b))
}

/** NodePort and LoadBalancer 0, ClusterIP 1, headless 2. */
export const rank = (service: Service): number => ({ NodePort: 0, LoadBalancer: 0, ClusterIP: 1, headless: 2 })[typeOf(service)]

const selects = (selector: Readonly<Record<string, string>> | undefined, labels: Labels): boolean =>
  selector !== undefined && Object.keys(selector).length > 0 && Object.entries(selector).every(([key, value]) => labels?.[key] === value)

function leadsNowhere({ spec }: Service, workloads: readonly WorkloadObject[]): boolean {
  const hasSelector = spec.type !== 'ExternalName' && Object.keys(spec.selector ?? {}).length > 0
  return hasSelector && !workloads.some(workload => selects(spec.selector, podLabelsOf(workload)))
}

const selectsNobody = (service: Service, workload: WorkloadObject) =>
  new CheckProblem(
    `Service ${nameOf(service)} selects no Pod of the files: it wants ${labelsText(service.spec.selector)}, and ${workloadText(workloadNameOf(workload))} has ${labelsText(podLabelsOf(workload))}`,
    'Mend its selector or the labels of the Pods, or take the Service out of the files.',
  )

const labelsText = (labels: Labels): string =>
  Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',') || 'no labels'

/** Of its Pods; the port of a container is found by its name and its protocol. */
function refuseUnknownPortName(service: Service, { targetPort }: ServicePort, workload: WorkloadObject): void {
  if (typeof targetPort !== 'string') return
  const { containers, initContainers = [] } = podSpecOf(workload)
  const ports = [...containers, ...initContainers.filter(isSidecar)]
    .flatMap(({ ports: own = [] }) => own)
    .filter(({ protocol }) => (protocol ?? 'TCP') === 'TCP')
  if (ports.some(({ name }) => name === targetPort)) return
  const there = ports.map(({ name, containerPort }) => (name ? `${name} (${containerPort})` : String(containerPort)))
  throw new CheckProblem(
    `Service ${nameOf(service)} leads to port ${targetPort}, and no container of ${workloadText(workloadNameOf(workload))} has a TCP port of that name`,
    `Mend targetPort of the Service, or name the port of the container; there is ${there.join(', ') || 'none'}.`,
  )
}

function chosen(workload: WorkloadObject, services: readonly Service[], { name, port: wanted }: ServiceChoice, astray: readonly Service[]): PlannedEntrance {
  const service = services.find(one => nameOf(one) === name)
  if (!service)
    throw new CheckProblem(
      `the files have no Service ${name}`,
      services.length > 0
        ? `There is ${services.map(nameOf).join(', ')}.`
        : 'Add it to the files, or leave --service out: then one is made for the container port.',
    )
  const port = wanted === undefined ? portOf(service) : tcpPorts(service).find(one => one.name === wanted || String(one.port) === wanted)
  if (!port && wanted === undefined) throw noTcpPort(service)
  if (!port) throw new CheckProblem(`Service ${name} has no TCP port ${wanted}`, `It has ${tcpPorts(service).map(portText).join(', ') || 'none'}.`)
  if (astray.includes(service)) throw selectsNobody(service, workload)
  const isOfWorkload = selects(service.spec.selector, podLabelsOf(workload))
  if (isOfWorkload) refuseUnknownPortName(service, port, workload)
  const notes = isOfWorkload
    ? []
    : [`Service ${name} does not select the Pods of ${workloadText(workloadNameOf(workload))}: what happens to them may not be felt there.`]
  return { ...described(service, port), notes: [...notes, ...affinityNotes(service)] }
}

const described = (service: Service, { port }: ServicePort) => ({ service: nameOf(service), port, type: typeOf(service) })

const affinityNotes = (service: Service): string[] =>
  service.spec.sessionAffinity === 'ClientIP'
    ? [`Service ${nameOf(service)} has sessionAffinity ClientIP: the load comes from one address, so that one Pod gets all of it.`]
    : []

/** As people and charts name it; else the first. */
function portOf(service: Service): ServicePort | undefined {
  const ports = tcpPorts(service)
  return ports.find(({ name, appProtocol }) => name === 'http' || name === 'web' || appProtocol === 'http') ?? ports.find(({ port }) => port === 80) ?? ports[0]
}

const tcpPorts = ({ spec }: Service): readonly ServicePort[] => (spec.ports ?? []).filter(({ protocol }) => (protocol ?? 'TCP') === 'TCP')

const noTcpPort = (service: Service) =>
  new CheckProblem(`Service ${nameOf(service)} has no TCP port`, 'The load is HTTP; give another Service with --service NAME[:PORT].')

const portText = ({ name, port }: ServicePort): string => (name ? `${port} (${name})` : String(port))

export function typeOf({ spec }: Service): LoadTarget['type'] {
  if (spec.clusterIP === 'None') return 'headless'
  return spec.type === 'NodePort' || spec.type === 'LoadBalancer' ? spec.type : 'ClusterIP'
}

const nameOf = (service: Service): string => service.metadata.name ?? ''

/** The files show no way in: a Service of the check's own leads to the container's port. */
function made(workload: WorkloadObject): PlannedEntrance {
  const what = workloadText(workloadNameOf(workload))
  const ports = podSpecOf(workload).containers.flatMap(({ ports: own = [] }) => own.filter(({ protocol }) => (protocol ?? 'TCP') === 'TCP'))
  const port = ports.find(({ name }) => name === 'http' || name === 'web')?.containerPort ?? ports[0]?.containerPort
  if (port === undefined)
    throw new CheckProblem(
      `no Service selects the Pods of ${what}, and its containers name no port`,
      'Add the Service to the files, or containerPort to the container.',
    )
  const labels = podLabelsOf(workload)
  if (!labels || Object.keys(labels).length === 0)
    throw new CheckProblem(
      `no Service selects the Pods of ${what}, and they have no labels to select them by`,
      'Add the Service to the files, or labels to the Pod.',
    )
  const service = `check-${workload.metadata.name}`.slice(0, 63).replace(/[.]/g, '-').replace(/-+$/, '')
  return {
    service,
    port,
    type: 'ClusterIP',
    make: { apiVersion: 'v1', kind: 'Service', metadata: { name: service }, spec: { selector: { ...labels }, ports: [{ port }] } },
    notes: [`No Service in the files selects the Pods of ${what}: the check makes Service ${service} for container port ${port}.`],
  }
}
