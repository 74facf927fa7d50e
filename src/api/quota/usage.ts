/** How much of what one object uses. Controller and API server count alike, or the one would undo the other's work. */
import type { Kind } from '../kind.ts'
import type { PersistentVolumeClaim } from '../kinds/persistent_volume_claim.ts'
import type { Pod } from '../kinds/pod.ts'
import type { Service } from '../kinds/service.ts'
import type { KubernetesObject } from '../meta.ts'
import { isTerminal } from '../pod.ts'
import { compareQuantities, parseQuantity, type Quantity } from '../quantity.ts'
import { podLimits, podRequestsInUse, type Quantities, type ResourceAmounts } from '../resources.ts'
import { classOfClaim } from '../storage.ts'
import { amountsOf, whole, type Amounts } from './amounts.ts'
import { countName, isCountedFor, STORAGE_CLASS_INFIX } from './resource_names.ts'

/** @param wallMs Pods that should have been gone for long no longer count */
export function usageOf(kind: Kind, object: KubernetesObject, wallMs: number): Amounts {
  const usage = new Map<string, Quantity>([[countName(kind), whole(1)]])
  switch (kind.storage.prefix) {
    case '/pods/':
      if (isCharged(object as Pod, wallMs)) addPod(usage, object as Pod)
      break
    case '/services/':
      addService(usage, object as Service)
      break
    case '/persistentvolumeclaims/':
      addClaim(usage, object as PersistentVolumeClaim)
      break
    default:
      if (isCountedFor(kind, kind.plural)) usage.set(kind.plural, whole(1))
  }
  return usage
}

/** When a Pod that is being deleted stops to count although it is still there: its node is lost, and others need the room. */
export function releasedAtMs({ metadata }: Pod): number | undefined {
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return undefined
  return Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000
}

/** What one container names, by the names a quota counts it by: `cpu` and `requests.cpu`, `limits.cpu`. */
export function computeNames({ requests = {}, limits = {} }: { requests?: Quantities; limits?: Quantities }): ReadonlySet<string> {
  return new Set([...Object.keys(requests).flatMap(requestNames), ...Object.keys(limits).flatMap(limitNames)])
}

const isCharged = (pod: Pod, wallMs: number): boolean => !isTerminal(pod) && wallMs <= (releasedAtMs(pod) ?? Infinity)

function addPod(usage: Map<string, Quantity>, pod: Pod): void {
  usage.set('pods', whole(1))
  add(usage, pod, podRequestsInUse(pod), 'requests', requestNames)
  add(usage, pod, podLimits(pod), 'limits', limitNames)
}

function add(usage: Map<string, Quantity>, pod: Pod, amounts: ResourceAmounts, of: 'requests' | 'limits', namesOf: (resource: string) => string[]): void {
  for (const [resource, amount] of amounts) {
    const nano = BigInt(amount) * (resource === 'cpu' ? 1_000_000n : 1_000_000_000n)
    for (const name of namesOf(resource)) usage.set(name, { nano, format: formatOf(pod, resource, of) })
  }
}

const COMPUTE = ['cpu', 'memory', 'ephemeral-storage']

function requestNames(resource: string): string[] {
  if (COMPUTE.includes(resource) || resource.startsWith('hugepages-')) return [resource, `requests.${resource}`]
  return resource.includes('/') ? [`requests.${resource}`] : []
}

const limitNames = (resource: string): string[] => (COMPUTE.includes(resource) ? [`limits.${resource}`] : [])

/** As the first container that names it writes it. */
function formatOf({ spec }: Pod, resource: string, of: 'requests' | 'limits'): Quantity['format'] {
  const texts = [...spec.containers, ...(spec.initContainers ?? []), spec].map(({ resources }) => resources?.[of]?.[resource])
  const text = texts.find(one => one !== undefined && compareQuantities(one, '0') !== 0)
  return (text !== undefined && parseQuantity(text)?.format) || 'decimal'
}

function addService(usage: Map<string, Quantity>, { spec }: Service): void {
  const { type, ports = [], allocateLoadBalancerNodePorts } = spec
  const isBalanced = type === 'LoadBalancer'
  const nodePorts = isBalanced && allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort }) => nodePort).length : ports.length
  usage.set('services', whole(1))
  usage.set('services.nodeports', whole(isBalanced || type === 'NodePort' ? nodePorts : 0))
  usage.set('services.loadbalancers', whole(isBalanced ? 1 : 0))
}

function addClaim(usage: Map<string, Quantity>, claim: PersistentVolumeClaim): void {
  const { spec, status } = claim
  const asked = amountsOf(spec.resources?.requests).get('storage')
  const allocated = amountsOf(status?.allocatedResources).get('storage')
  // While a volume grows, and also when growing failed, what was set aside counts.
  const storage = allocated && asked && allocated.nano > asked.nano ? allocated : asked
  const className = classOfClaim(claim)
  for (const prefix of ['', ...(className ? [`${className}${STORAGE_CLASS_INFIX}`] : [])]) {
    usage.set(`${prefix}persistentvolumeclaims`, whole(1))
    if (storage) usage.set(`${prefix}requests.storage`, storage)
  }
}
