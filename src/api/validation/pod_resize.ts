/** Changing the resources of a running Pod: the subresource `resize` (behaviour 12.4). */
import { deepEqual } from '../deep.ts'
import { forbidden, invalidValue, type FieldError } from '../field_error.ts'
import type { Pod } from '../kinds/pod.ts'
import { qosClass } from '../resources.ts'
import type { Container } from '../types/container.ts'
import type { PodSpec } from '../types/pod_spec.ts'
import { forEachAt } from './rules.ts'

const RESIZABLE = ['cpu', 'memory']
const STATIC_POD_ANNOTATION = 'kubernetes.io/config.mirror'

export function validatePodResize(pod: Pod, old: Pod): FieldError[] {
  if (old.metadata.annotations?.[STATIC_POD_ANNOTATION] !== undefined) return [forbidden('spec', 'static pods cannot be resized')]
  if (old.spec.os?.name === 'windows') return [forbidden('spec', 'windows pods cannot be resized')]
  const errors: FieldError[] = []
  if (pod.spec.containers.length !== old.spec.containers.length) errors.push(forbidden('spec.containers', 'containers may not be added or removed on resize'))
  const before = qosClass(old)
  const after = qosClass(pod)
  if (before !== after) errors.push(invalidValue('spec', after, 'Pod QOS Class may not change as a result of resizing'))
  errors.push(...validateNothingRemoved(pod.spec.containers, old.spec.containers, 'spec.containers'))
  if (!deepEqual(withoutResizable(pod.spec), withoutResizable(old.spec))) errors.push(forbidden('spec', 'only cpu and memory resources are mutable'))
  return errors
}

const validateNothingRemoved = (containers: readonly Container[], old: readonly Container[], path: string): FieldError[] =>
  forEachAt(containers, path, ({ resources }, at, index) =>
    (['limits', 'requests'] as const).flatMap(kind =>
      RESIZABLE.some(name => old[index]?.resources[kind]?.[name] !== undefined && resources[kind]?.[name] === undefined)
        ? [forbidden(`${at}.resources.${kind}`, `resource ${kind} cannot be removed`)]
        : [],
    ),
  )

function withoutResizable(spec: PodSpec): unknown {
  const strip = (containers: Container[] | undefined) =>
    (containers ?? []).map(container => {
      const { limits, requests } = container.resources
      return { ...container, resizePolicy: undefined, resources: { ...container.resources, limits: fixed(limits), requests: fixed(requests) } }
    })
  return { ...spec, containers: strip(spec.containers), initContainers: strip(spec.initContainers) }
}

const fixed = (quantities: { readonly [name: string]: string } | undefined): object =>
  Object.fromEntries(Object.entries(quantities ?? {}).filter(([name]) => !RESIZABLE.includes(name)))
