/** A Pod at creation and after every change; what a change may do is in pod_update.ts. */
import type { Pod } from '../kinds/pod.ts'
import { forbidden, type FieldError } from '../field_error.ts'
import { dnsLabel } from './names.ts'
import { validatePodSpec } from './pod_spec.ts'

export const validatePod = (pod: Pod): FieldError[] => validatePodSpec(pod.spec, 'spec')

export function validatePodCreate({ spec }: Pod): FieldError[] {
  const errors: FieldError[] = []
  if (spec.ephemeralContainers?.length) errors.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'))
  if (spec.nodeName && spec.schedulingGates?.length) errors.push(forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'))
  return errors
}

const DEPRECATED_ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'seccomp.security.alpha.kubernetes.io/pod': 'non-functional in v1.27+; use the "seccompProfile" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
}

const APP_ARMOR_PREFIX = 'container.apparmor.security.beta.kubernetes.io/'

function annotationAdvice(key: string): string | undefined {
  if (Object.hasOwn(DEPRECATED_ANNOTATIONS, key)) return DEPRECATED_ANNOTATIONS[key]
  return key.startsWith(APP_ARMOR_PREFIX) ? 'deprecated since v1.30; use the "appArmorProfile" field instead' : undefined
}

/** What is allowed and yet hardly meant (behaviour 11.4.5). */
export function podWarnings(pod: Pod, old: Pod | undefined): string[] {
  const { metadata, spec } = pod
  const problems = old ? [] : dnsLabel(metadata.name ?? '')
  return [
    ...(problems.length > 0
      ? [`metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${problems.join(' ')}]`]
      : []),
    ...annotationWarnings(metadata.annotations, old?.metadata.annotations, 'metadata.annotations'),
    ...(old ? [] : podSpecWarnings(spec, 'spec')),
  ]
}

/** For those that are new. */
export function annotationWarnings(annotations: Annotations, old: Annotations, path: string): string[] {
  const warnings: string[] = []
  for (const key in annotations) {
    const advice = annotationAdvice(key)
    if (advice && old?.[key] === undefined) warnings.push(`${path}[${key}]: ${advice}`)
  }
  return warnings
}

type Annotations = { readonly [key: string]: string } | undefined

export function podSpecWarnings(spec: Pod['spec'], path: string): string[] {
  const warnings: string[] = []
  if (spec.terminationGracePeriodSeconds < 0)
    warnings.push(`${path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`)
  for (const list of ['initContainers', 'containers'] as const) {
    spec[list]?.forEach((container, index) => warnings.push(...containerWarnings(container, `${path}.${list}[${index}]`)))
  }
  return warnings
}

function containerWarnings(container: Pod['spec']['containers'][number], path: string): string[] {
  const warnings: string[] = []
  const names = new Set<string>()
  container.env?.forEach(({ name }, index) => {
    if (names.has(name)) warnings.push(`${path}.env[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`)
    names.add(name)
  })
  const ports = new Map<string, number>()
  container.ports?.forEach(({ containerPort, protocol }, index) => {
    const key = `${containerPort}/${protocol}`
    const first = ports.get(key)
    if (first !== undefined) warnings.push(`${path}.ports[${index}]: duplicate port definition with ${path}.ports[${first}]`)
    else ports.set(key, index)
  })
  return warnings
}
