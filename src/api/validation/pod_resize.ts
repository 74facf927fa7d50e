/** Changing the resources of a running Pod: the subresource `resize` (behaviour 12.4). */
import { deepEqual } from '../deep.ts'
import { forbidden, invalidValue, type FieldError } from '../field_error.ts'
import type { Pod } from '../kinds/pod.ts'
import { isMirrorPod, isSidecar } from '../pod.ts'
import { qosClass, type Quantities } from '../resources.ts'
import type { Container } from '../types/container.ts'
import { forEachAt } from './rules.ts'

const RESIZABLE = ['cpu', 'memory']

export function validatePodResize(pod: Pod, old: Pod): FieldError[] {
  if (isMirrorPod(old)) return [forbidden('', 'static pods cannot be resized')]
  if (old.spec.os?.name === 'windows') return [forbidden('', 'windows pods cannot be resized')]
  const after = qosClass(pod)
  const errors = [
    ...((old.status.qosClass || qosClass(old)) !== after ? [invalidValue('spec', after, 'Pod QOS Class may not change as a result of resizing')] : []),
    ...(isRunningWithoutResources(old) ? [forbidden('spec', 'Pod running on node without support for resize')] : []),
  ]
  const order = [
    ...validateOrder(pod.spec.containers, old.spec.containers, 'containers'),
    ...validateOrder(pod.spec.initContainers ?? [], old.spec.initContainers ?? [], 'initContainers'),
  ]
  // Everything below goes by the places of containers.
  if (order.length > 0) return [...errors, ...order]
  return [
    ...errors,
    ...validateNothingRemoved(
      (pod.spec.initContainers ?? []).map(container => (isSidecar(container) ? container : undefined)),
      old.spec.initContainers ?? [],
      'spec.initContainers',
    ),
    ...validateNothingRemoved(pod.spec.containers, old.spec.containers, 'spec.containers'),
    ...pod.spec.containers.flatMap((container, index) => changedOtherwise(container, old.spec.containers[index]!, 'only cpu and memory resources are mutable')),
    ...(pod.spec.initContainers ?? []).flatMap((container, index) => {
      const before = old.spec.initContainers![index]!
      if (isSidecar(before)) return changedOtherwise(container, before, 'only cpu and memory resources for sidecar containers are mutable')
      return deepEqual(container, before) ? [] : [forbidden('spec', 'resources for non-sidecar init containers are immutable')]
    }),
  ]
}

/** A kubelet that can resize tells what its containers have. */
const isRunningWithoutResources = ({ status }: Pod): boolean => {
  const running = status.containerStatuses?.find(({ state }) => state?.running)
  return running !== undefined && running.resources === undefined
}

function validateOrder(containers: readonly Container[], old: readonly Container[], list: 'containers' | 'initContainers'): FieldError[] {
  if (containers.length !== old.length) return [forbidden(`spec.${list}`, `${list} may not be added or removed on resize`)]
  return forEachAt(containers, `spec.${list}`, ({ name }, at, index) =>
    name === old[index]!.name ? [] : [forbidden(`${at}.name`, `${list} may not be renamed or reordered on resize`)],
  )
}

const validateNothingRemoved = (containers: readonly (Container | undefined)[], old: readonly Container[], path: string): FieldError[] =>
  forEachAt(containers, path, (container, at, index) =>
    (['requests', 'limits'] as const).flatMap(kind =>
      container && Object.keys(old[index]!.resources[kind] ?? {}).some(name => container.resources[kind]?.[name] === undefined)
        ? [forbidden(`${at}.resources.${kind}`, `resource ${kind} cannot be removed`)]
        : [],
    ),
  )

const changedOtherwise = (container: Container, old: Container, says: string): FieldError[] =>
  deepEqual(withoutResizable(container), withoutResizable(old)) ? [] : [forbidden('spec', says)]

const withoutResizable = (container: Container): unknown => {
  const { limits, requests } = container.resources
  return { ...container, resizePolicy: undefined, resources: { ...container.resources, limits: fixed(limits), requests: fixed(requests) } }
}

const fixed = (quantities: Quantities | undefined): object => Object.fromEntries(Object.entries(quantities ?? {}).filter(([name]) => !RESIZABLE.includes(name)))
