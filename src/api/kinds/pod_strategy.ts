/** What the server decides when a Pod is created, and what each kind of update may not touch. */
import { cloneJson } from '../deep.ts'
import { qosClass } from '../resources.ts'
import type { Container } from '../types/container.ts'
import type { LabelSelector } from '../types/label_selector.ts'
import type { Pod } from './pod.ts'

export function preparePodForCreate(pod: Pod): void {
  addLabelKeysToSelectors(pod)
  pod.status = { phase: 'Pending', qosClass: qosClass(pod) }
  if (pod.spec.schedulingGates?.length) {
    pod.status.conditions = [
      { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates' },
    ]
  }
}

/**
 * matchLabelKeys stands for the values that this Pod itself has: they become part of the selectors here, so that nobody who
 * reads them later needs the Pod (behaviour of 1.34; mismatchLabelKeys likewise, for everybody else's values).
 */
function addLabelKeysToSelectors({ metadata: { labels = {} }, spec }: Pod): void {
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {}
  const terms = [podAffinity, podAntiAffinity].flatMap(side => [
    ...(side?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(side?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ])
  const add = (selector: LabelSelector | undefined, keys: readonly string[] | undefined, operator: 'In' | 'NotIn') => {
    if (!selector) return
    for (const key of keys ?? []) {
      if (labels[key] !== undefined) selector.matchExpressions = [...(selector.matchExpressions ?? []), { key, operator, values: [labels[key]] }]
    }
  }
  // A term without its required fields is refused later.
  for (const term of terms) {
    add(term?.labelSelector, term?.matchLabelKeys, 'In')
    add(term?.labelSelector, term?.mismatchLabelKeys, 'NotIn')
  }
  for (const { labelSelector, matchLabelKeys } of spec.topologySpreadConstraints ?? []) add(labelSelector, matchLabelKeys, 'In')
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

/**
 * The old spec with the draft's names, resources and resize policies, place by place: who is renamed or moved is refused by
 * validation then, and everything else a draft says is dropped. Where a list has become longer or shorter the draft stays as it is, to be refused.
 */
function withResources(old: Pod, draft: Pod): Pod['spec'] {
  const wanted = draft.spec
  if (wanted.containers.length !== old.spec.containers.length || wanted.initContainers?.length !== old.spec.initContainers?.length) return wanted
  const spec = cloneJson(old.spec)
  const resized = (containers: Container[], changes: Container[]): Container[] =>
    containers.map((container, index) => {
      const { name, resources, resizePolicy } = changes[index]!
      return { ...container, name, resources, ...(resizePolicy && { resizePolicy }) }
    })
  spec.containers = resized(spec.containers, wanted.containers)
  if (spec.initContainers) spec.initContainers = resized(spec.initContainers, wanted.initContainers!)
  return spec
}
