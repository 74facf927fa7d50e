/**
 * Defaults of a Pod that depend on its other fields (behaviour 12.13 and 12.15). The constant ones are in the
 * schema and have been set before. Workload kinds use `setPodSpecDefaults` for their templates.
 */
import { addQuantities } from '../quantity.ts'
import type { AnyContainer } from '../pod.ts'
import type { PodSpec } from '../types/pod_spec.ts'
import type { ResourceRequirements } from '../types/resource_requirements.ts'
import type { Volume } from '../types/volume.ts'
import type { Pod } from './pod.ts'

export function setPodDefaults(pod: Pod): void {
  setPodSpecDefaults(pod.spec)
  for (const container of containersOf(pod.spec)) fillRequests(container.resources)
  setPodLevelRequests(pod.spec)
  setAddresses(pod)
}

export function setPodSpecDefaults(spec: PodSpec): void {
  // Left out, it is an empty list: validation then says that it is required.
  spec.containers ??= []
  setServiceAccountAlias(spec)
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume)
  for (const container of [...containersOf(spec), ...(spec.ephemeralContainers ?? [])]) setContainerDefaults(container)
  if (!spec.hostNetwork) return
  for (const port of containersOf(spec).flatMap(({ ports }) => ports ?? [])) port.hostPort ||= port.containerPort
}

/** `serviceAccount` is the name the field had at first; clients may still read and write it. */
function setServiceAccountAlias(spec: PodSpec): void {
  if (!spec.serviceAccountName && spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName
}

function setVolumeDefaults(volume: Volume): void {
  if (Object.keys(volume).every(key => key === 'name')) volume.emptyDir = {}
  const files = [...(volume.downwardAPI?.items ?? []), ...(volume.projected?.sources ?? []).flatMap(({ downwardAPI }) => downwardAPI?.items ?? [])]
  for (const { resourceFieldRef } of files) if (resourceFieldRef) resourceFieldRef.divisor ??= '0'
}

function setContainerDefaults(container: AnyContainer): void {
  container.imagePullPolicy ||= isLatest(container.image ?? '') ? 'Always' : 'IfNotPresent'
  for (const { valueFrom } of container.env ?? []) if (valueFrom?.resourceFieldRef) valueFrom.resourceFieldRef.divisor ??= '0'
}

/** A tag that may move must be looked up at every start; no tag means latest, but a digest never moves. */
function isLatest(image: string): boolean {
  const [name = '', digest] = image.split('@')
  const tag = /:([^:/]+)$/.exec(name)?.[1]
  return tag === 'latest' || (tag === undefined && digest === undefined)
}

/** Who only says how much he may use at most asks for that much. */
function fillRequests(resources: ResourceRequirements): void {
  for (const [resource, limit] of Object.entries(resources.limits ?? {})) {
    resources.requests ??= {}
    resources.requests[resource] ??= limit
  }
}

/** Resources of the whole Pod: its request is what its containers ask for together, else its limit. */
function setPodLevelRequests(spec: PodSpec): void {
  const { resources } = spec
  for (const [resource, limit] of Object.entries(resources?.limits ?? {})) {
    if (resources!.requests?.[resource] !== undefined) continue
    const asked = spec.containers.map(container => container.resources.requests?.[resource]).filter(request => request !== undefined)
    resources!.requests = { ...resources!.requests, [resource]: asked.length > 0 ? asked.reduce(addQuantities) : limit }
  }
}

/** podIP is the first of podIPs; whichever a client writes, both are there. */
function setAddresses({ status }: Pod): void {
  const first = status.podIPs?.[0]?.ip
  if (first) status.podIP = first
  else if (status.podIP) status.podIPs = [{ ip: status.podIP }]
}

const containersOf = ({ initContainers, containers }: PodSpec) => [...(initContainers ?? []), ...containers]
