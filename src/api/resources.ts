/**
 * What a Pod asks for and may use at most, as one sum. The scheduler, the kubelet's admission and quotas all use
 * this value (behaviour 2.12 and 2.13), and the QoS class follows from the same fields.
 */
import { compareQuantities, quantityMilli, quantityValue } from './quantity.ts'
import type { Container } from './types/container.ts'
import type { PodSpec } from './types/pod_spec.ts'
import type { PodStatus } from './types/pod_status.ts'

/** CPU in milli-cores, everything else in whole units rounded up: bytes, devices. */
export type ResourceAmounts = ReadonlyMap<string, number>

export type Quantities = { readonly [resource: string]: string }

type PodLike = { readonly spec: PodSpec }

export const podRequests = ({ spec }: PodLike): ResourceAmounts => effective(spec, ({ resources }) => resources?.requests, spec.resources?.requests)

/** A container without a limit adds nothing: the sum says what is surely the most, only where every container has one. */
export const podLimits = ({ spec }: PodLike): ResourceAmounts => effective(spec, ({ resources }) => resources?.limits, spec.resources?.limits)

/**
 * What a Pod takes of its node while it is resized: the most of what it asks for, what it was given, and what it still has. A
 * wish that the node can never fulfil does not count.
 */
export function podRequestsInUse({ spec, status }: PodLike & { readonly status: PodStatus }): ResourceAmounts {
  const statuses = new Map([...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map(one => [one.name, one]))
  const plain = new Set((spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy !== 'Always').map(({ name }) => name))
  const wishCounts = !isResizeInfeasible(status)
  const inUse = ({ name, resources }: Container): Quantities | undefined => {
    const one = plain.has(name) ? undefined : statuses.get(name)
    const known = [one?.allocatedResources, one?.resources?.requests].filter(quantities => quantities !== undefined)
    return known.length === 0 ? resources?.requests : [...(wishCounts ? [resources?.requests ?? {}] : []), ...known].reduce(mostOf)
  }
  return effective(spec, inUse, spec.resources?.requests)
}

const isResizeInfeasible = ({ conditions }: PodStatus): boolean =>
  conditions?.some(({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible') ?? false

/** What podRequestsInUse reads of a status. */
export const inUseOf = (status: PodStatus): unknown => [
  isResizeInfeasible(status),
  ...[...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map(one => [one.name, one.allocatedResources, one.resources?.requests]),
]

function mostOf(a: Quantities, b: Quantities): Quantities {
  const most: Record<string, string> = { ...a }
  for (const [resource, quantity] of Object.entries(b))
    if (most[resource] === undefined || compareQuantities(quantity, most[resource]) > 0) most[resource] = quantity
  return most
}

export const resourceAmount = (resource: string, quantity: string): number => (resource === 'cpu' ? quantityMilli(quantity) : quantityValue(quantity))

export const resourceAmounts = (quantities: Quantities | undefined): Map<string, number> =>
  new Map(Object.entries(quantities ?? {}).map(([resource, quantity]) => [resource, resourceAmount(resource, quantity)]))

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

/** Only CPU and memory decide, zero counts as nothing, and ephemeral containers do not count (behaviour 6.1). */
export function qosClass({ spec }: PodLike): QosClass {
  const all = spec.resources ? [spec.resources] : [...(spec.initContainers ?? []), ...spec.containers].map(({ resources }) => resources)
  const named = all.flatMap(resources => QOS_RESOURCES.flatMap(name => [resources?.requests?.[name], resources?.limits?.[name]]))
  if (!named.some(isPositive)) return 'BestEffort'

  const isGuaranteed = all.every(resources =>
    QOS_RESOURCES.every(name => {
      const limit = resources?.limits?.[name]
      const request = resources?.requests?.[name] ?? limit
      return isPositive(limit) && compareQuantities(request!, limit!) === 0
    }),
  )
  return isGuaranteed ? 'Guaranteed' : 'Burstable'
}

const QOS_RESOURCES = ['cpu', 'memory']

/** With pod-level resources only these are taken from the Pod; the others are still summed up. */
const isPodLevelResource = (resource: string): boolean => resource === 'cpu' || resource === 'memory' || resource.startsWith('hugepages-')

const isPositive = (quantity: string | undefined): boolean => quantity !== undefined && compareQuantities(quantity, '0') > 0

/**
 * While the Pod starts, one plain init container runs beside the sidecars before it; afterwards all containers run
 * beside all sidecars. The Pod needs the larger of the two, resource by resource.
 */
function effective(spec: PodSpec, read: (container: Container) => Quantities | undefined, podLevel: Quantities | undefined): ResourceAmounts {
  const running = new Map<string, number>()
  const starting = new Map<string, number>()
  const sidecars = new Map<string, number>()
  for (const container of spec.containers) add(running, resourceAmounts(read(container)))
  for (const container of spec.initContainers ?? []) {
    const own = resourceAmounts(read(container))
    if (container.restartPolicy === 'Always') {
      add(running, own)
      add(sidecars, own)
      raise(starting, sidecars)
    } else {
      add(own, sidecars)
      raise(starting, own)
    }
  }
  raise(running, starting)
  for (const [resource, amount] of resourceAmounts(podLevel)) if (isPodLevelResource(resource)) running.set(resource, amount)
  add(running, resourceAmounts(spec.overhead))
  return running
}

function add(into: Map<string, number>, amounts: ResourceAmounts): void {
  for (const [resource, amount] of amounts) into.set(resource, (into.get(resource) ?? 0) + amount)
}

function raise(into: Map<string, number>, amounts: ResourceAmounts): void {
  for (const [resource, amount] of amounts) into.set(resource, Math.max(into.get(resource) ?? 0, amount))
}
