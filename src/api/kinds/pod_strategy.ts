/** What the server decides when a Pod is created, and what each kind of update may not touch. */
import { cloneJson } from '../deep.ts'
import { isSidecar } from '../pod.ts'
import { qosClass } from '../resources.ts'
import type { Container } from '../types/container.ts'
import type { Pod } from './pod.ts'

export function preparePodForCreate(pod: Pod): void {
  pod.status = { phase: 'Pending', qosClass: qosClass(pod) }
  if (pod.spec.schedulingGates?.length) {
    pod.status.conditions = [
      { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates' },
    ]
  }
}

export function preparePodForUpdate(draft: Pod, old: Pod, subresource: string): void {
  switch (subresource) {
    case 'status':
      draft.spec = cloneJson(old.spec)
      draft.status.qosClass ||= old.status.qosClass
      return
    case 'ephemeralcontainers':
      draft.spec = { ...cloneJson(old.spec), ephemeralContainers: draft.spec.ephemeralContainers }
      if (!draft.spec.ephemeralContainers) delete draft.spec.ephemeralContainers
      break
    case 'resize':
      draft.spec = withResources(old, draft)
      break
    default:
      if (draft.spec.terminationGracePeriodSeconds < 0 && old.spec.terminationGracePeriodSeconds < 0) break
      if (draft.spec.terminationGracePeriodSeconds < 0) draft.spec.terminationGracePeriodSeconds = 1
  }
  draft.status = cloneJson(old.status)
}

/** The old spec with the draft's resources and resize policies; containers are matched by place, and names that differ are kept for validation to refuse. */
function withResources(old: Pod, draft: Pod): Pod['spec'] {
  const spec = cloneJson(old.spec)
  const resized = (containers: Container[] | undefined, wanted: Container[] | undefined): Container[] =>
    (containers ?? []).map(container => {
      const next = wanted?.find(({ name }) => name === container.name)
      return next ? { ...container, resources: next.resources, ...(next.resizePolicy && { resizePolicy: next.resizePolicy }) } : container
    })
  spec.containers = resized(spec.containers, draft.spec.containers)
  if (spec.initContainers)
    spec.initContainers = resized(spec.initContainers, draft.spec.initContainers).map((container, index) =>
      isSidecar(container) ? container : spec.initContainers![index]!,
    )
  return spec
}
