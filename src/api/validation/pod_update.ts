/**
 * What a change of a Pod may do. Nearly all of a Pod's spec is fixed when it is made (behaviour 12.1-5 and 12.14):
 * the update is compared with the old spec after everything that may change has been put back.
 */
import { deepEqual } from '../deep.ts'
import { forbidden, invalidValue, type FieldError } from '../field_error.ts'
import type { Pod } from '../kinds/pod.ts'
import { isSidecar } from '../pod.ts'
import type { Container } from '../types/container.ts'
import type { ContainerStatus } from '../types/container_status.ts'
import type { PodSpec } from '../types/pod_spec.ts'
import type { Toleration } from '../types/scheduling.ts'
import { validatePodResize } from './pod_resize.ts'

export function validatePodUpdate(pod: Pod, old: Pod, subresource: string): FieldError[] {
  switch (subresource) {
    case 'status':
      return validateStatus(pod, old)
    case 'ephemeralcontainers':
      return validateAddedOnly(pod.spec, old.spec)
    case 'resize':
      return validatePodResize(pod, old)
    default:
      return validateSpecUpdate(pod.spec, old.spec)
  }
}

const MAY_CHANGE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

function validateSpecUpdate(spec: PodSpec, old: PodSpec): FieldError[] {
  const count = [
    ...(spec.containers.length !== old.containers.length ? [forbidden('spec.containers', 'pod updates may not add or remove containers')] : []),
    ...(spec.initContainers?.length !== old.initContainers?.length ? [forbidden('spec.initContainers', 'pod updates may not add or remove containers')] : []),
  ]
  if (count.length > 0) return count
  const errors = [
    ...validateDeadline(spec.activeDeadlineSeconds, old.activeDeadlineSeconds),
    ...validateTolerationsGrow(spec.tolerations ?? [], old.tolerations ?? []),
    ...validateGatesShrink(spec, old),
  ]
  const changed = changedFields(withMutablesOf(spec, old), old)
  if (changed.length > 0) errors.push(forbidden('spec', `${MAY_CHANGE}\nchanged: ${changed.map(field => `spec.${field}`).join(', ')}`))
  return errors
}

/** The new spec with everything that may change set back to what it was. */
function withMutablesOf(spec: PodSpec, old: PodSpec): PodSpec {
  const image = (containers: Container[], before: Container[]) => containers.map((container, index) => ({ ...container, image: before[index]!.image }))
  const put: PodSpec = {
    ...spec,
    containers: image(spec.containers, old.containers),
    ...(spec.initContainers && old.initContainers && { initContainers: image(spec.initContainers, old.initContainers) }),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    tolerations: old.tolerations,
    schedulingGates: old.schedulingGates,
  }
  if (old.terminationGracePeriodSeconds < 0 && spec.terminationGracePeriodSeconds === 1) put.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds
  if (old.schedulingGates?.length) {
    put.nodeSelector = old.nodeSelector
    put.affinity = spec.affinity || old.affinity ? { ...spec.affinity, nodeAffinity: old.affinity?.nodeAffinity } : undefined
  }
  return put
}

function changedFields(spec: PodSpec, old: PodSpec): string[] {
  const names = new Set([...Object.keys(spec), ...Object.keys(old)]) as Set<keyof PodSpec>
  return [...names].filter(name => !deepEqual(spec[name], old[name])).sort()
}

/** The deadline may come nearer, and may not be taken back. */
function validateDeadline(seconds: number | undefined, old: number | undefined): FieldError[] {
  if (old === undefined) return []
  if (seconds === undefined) return [invalidValue('spec.activeDeadlineSeconds', null, 'must not update from a positive integer to nil value')]
  return seconds > old ? [invalidValue('spec.activeDeadlineSeconds', seconds, 'must be less than or equal to previous value')] : []
}

function validateTolerationsGrow(tolerations: readonly Toleration[], old: readonly Toleration[]): FieldError[] {
  const what = (toleration: Toleration) => ({ ...toleration, tolerationSeconds: undefined })
  const isKept = old.every(before => tolerations.some(after => deepEqual(what(after), what(before))))
  return isKept ? [] : [forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')]
}

/** While a Pod waits at its gates it may be told more exactly, but not less, where to run. */
function validateGatesShrink(spec: PodSpec, old: PodSpec): FieldError[] {
  const known = new Set((old.schedulingGates ?? []).map(({ name }) => name))
  const errors: FieldError[] = (spec.schedulingGates ?? []).flatMap(({ name }, index) =>
    known.has(name) ? [] : [forbidden(`spec.schedulingGates[${index}].name`, `only deletion is allowed, but found new scheduling gate '${name}'`)],
  )
  if (!old.schedulingGates?.length) return errors
  for (const [key, value] of Object.entries(old.nodeSelector ?? {})) {
    if (spec.nodeSelector?.[key] !== value) {
      errors.push(invalidValue('spec.nodeSelector', spec.nodeSelector ?? {}, 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'))
      break
    }
  }
  const before = old.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  const after = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  if (before) {
    const path = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms'
    if (after?.length !== before.length) errors.push(invalidValue(path, after ?? [], 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'))
    else if (!before.every((term, index) => (term.matchExpressions ?? []).every(one => after[index]!.matchExpressions?.some(other => deepEqual(one, other)))))
      errors.push(invalidValue(path, after, 'only additions are allowed (no mutations or deletions)'))
  }
  return errors
}

function validateAddedOnly(spec: PodSpec, old: PodSpec): FieldError[] {
  return (old.ephemeralContainers ?? []).flatMap(before => {
    const after = spec.ephemeralContainers?.find(({ name }) => name === before.name)
    if (!after) return [forbidden('spec.ephemeralContainers', `existing ephemeral containers ${JSON.stringify(before.name)} may not be removed\n`)]
    return deepEqual(after, before)
      ? []
      : [forbidden('spec.ephemeralContainers', `existing ephemeral containers ${JSON.stringify(before.name)} may not be changed\n`)]
  })
}

/** A container that has ended for good has ended for good. */
function validateStatus({ spec, status }: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = []
  if (old.status.qosClass && status.qosClass !== old.status.qosClass) errors.push(invalidValue('status.qosClass', status.qosClass, 'field is immutable'))
  const plainInit = new Set((spec.initContainers ?? []).filter(container => !isSidecar(container)).map(({ name }) => name))
  errors.push(...validateTransitions(status.containerStatuses, old.status.containerStatuses, 'status.containerStatuses', () => spec.restartPolicy))
  errors.push(
    ...validateTransitions(status.initContainerStatuses, old.status.initContainerStatuses, 'status.initContainerStatuses', name =>
      plainInit.has(name) && spec.restartPolicy !== 'Always' ? spec.restartPolicy : 'Always',
    ),
  )
  return errors
}

function validateTransitions(
  statuses: readonly ContainerStatus[] | undefined,
  old: readonly ContainerStatus[] | undefined,
  path: string,
  policyOf: (name: string) => PodSpec['restartPolicy'],
): FieldError[] {
  return (old ?? []).flatMap(({ name, state }) => {
    const policy = policyOf(name)
    if (!state?.terminated || policy === 'Always' || (policy === 'OnFailure' && state.terminated.exitCode !== 0)) return []
    const index = (statuses ?? []).findIndex(status => status.name === name)
    return index >= 0 && !statuses![index]!.state?.terminated ? [forbidden(`${path}[${index}].state`, 'may not be transitioned to non-terminated state')] : []
  })
}
