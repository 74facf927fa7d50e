/**
 * What a Pod has been given on its node, which is not always what its spec asks for: a resize may have to wait. Everything on the
 * node goes by the allocation; the spec is only the wish.
 */
import { compareQuantities } from '../../api/quantity.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { isSidecar } from '../../api/pod.ts'
import { podRequests, qosClass, type Quantities } from '../../api/resources.ts'
import type { Container } from '../../api/types/container.ts'
import type { ResourceRequirements } from '../../api/types/resource_requirements.ts'

/** By container name. Only what a resize can change is in it: regular containers and sidecars. */
export type Allocation = Readonly<Record<string, ResourceRequirements>>

export const allocationOf = ({ spec }: Pod): Allocation =>
  Object.fromEntries([...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers].map(({ name, resources }) => [name, resources ?? {}]))

/** The Pod itself where it has been given what it asks for. */
export function withAllocation(pod: Pod, allocation: Allocation): Pod {
  const given = (container: Container): Container => {
    const resources = Object.hasOwn(allocation, container.name) ? allocation[container.name]! : container.resources
    return sameResources(resources, container.resources) ? container : { ...container, resources }
  }
  const containers = pod.spec.containers.map(given)
  const initContainers = pod.spec.initContainers?.map(container => (isSidecar(container) ? given(container) : container))
  const isSame = isEach(containers, pod.spec.containers) && isEach(initContainers ?? [], pod.spec.initContainers ?? [])
  return isSame ? pod : { ...pod, spec: { ...pod.spec, containers, ...(initContainers && { initContainers }) } }
}

const isEach = (a: readonly unknown[], b: readonly unknown[]): boolean => a.every((one, index) => one === b[index])

/** As amounts: `1` and `1000m` are the same. */
const sameResources = (a: ResourceRequirements | undefined, b: ResourceRequirements | undefined): boolean =>
  sameQuantities(a?.requests, b?.requests) && sameQuantities(a?.limits, b?.limits)

function sameQuantities(a: Quantities = {}, b: Quantities = {}): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every(name => b[name] !== undefined && compareQuantities(a[name]!, b[name]) === 0)
}

/** Why a resize is not carried out now. Infeasible: it never will be, on this node. */
export interface PendingResize {
  readonly reason: 'Deferred' | 'Infeasible'
  readonly message: string
  /** Of the Pod, when it was asked for. */
  readonly generation: number | undefined
  /** Wall-clock, of the first time it was put off. */
  readonly since: number
}

type Verdict = { readonly fits: true } | { readonly fits: false; readonly reason: PendingResize['reason']; readonly message: string }

/** `admit` says why the Pod would not fit beside the others as they have been given. */
export function judgeResize(pod: Pod, allocatable: { cpuMilli: number; memoryBytes: number }, admit: (pod: Pod) => { message: string } | undefined): Verdict {
  const requests = podRequests(pod)
  // When both are too much, memory is what is told of.
  for (const [resource, capacity] of [
    ['memory', allocatable.memoryBytes],
    ['cpu', allocatable.cpuMilli],
  ] as const) {
    const requested = requests.get(resource) ?? 0
    if (requested > capacity)
      return { fits: false, reason: 'Infeasible', message: `Node didn't have enough capacity: ${resource}, requested: ${requested}, capacity: ${capacity}` }
  }
  const refusal = admit(pod)
  return refusal ? { fits: false, reason: 'Deferred', message: refusal.message } : { fits: true }
}

export interface Wish {
  readonly pod: Pod
  readonly allocated: Pod
  readonly since: number
}

/** Who is tried first: those who ask for no more, then by priority, then Guaranteed Pods, then who has waited longest. */
export function inOrderOfResize<T extends Wish>(wishes: readonly T[]): T[] {
  const rank = ({ pod, allocated }: Wish) => [asksForMore(pod, allocated) ? 1 : 0, -(pod.spec.priority ?? 0), qosClass(pod) === 'Guaranteed' ? 0 : 1]
  return [...wishes].sort((a, b) => {
    const [first, second] = [rank(a), rank(b)]
    const at = first.findIndex((value, index) => value !== second[index])
    return at === -1 ? a.since - b.since : first[at]! - second[at]!
  })
}

function asksForMore(pod: Pod, allocated: Pod): boolean {
  const [now, before] = [podRequests(pod), podRequests(allocated)]
  return ['cpu', 'memory'].some(resource => (now.get(resource) ?? 0) > (before.get(resource) ?? 0))
}
