/** Which Pods a ResourceQuota with scopes counts. Other objects have no scopes, so such a quota never counts them. */
import type { Kind } from '../kind.ts'
import type { Pod } from '../kinds/pod.ts'
import type { ResourceQuota } from '../kinds/resource_quota.ts'
import type { KubernetesObject } from '../meta.ts'
import { qosClass } from '../resources.ts'
import type { PodAffinityTerm } from '../types/affinity.ts'
import type { ScopedResourceSelectorRequirement } from '../types/resource_quota.ts'

export const SCOPES = ['BestEffort', 'CrossNamespacePodAffinity', 'NotBestEffort', 'NotTerminating', 'PriorityClass', 'Terminating'] as const

/** Both ways of saying it must hold. */
export function isInScopes({ spec }: Pick<ResourceQuota, 'spec'>, kind: Kind, object: KubernetesObject): boolean {
  const requirements = [
    ...(spec.scopes ?? []).map((scopeName): ScopedResourceSelectorRequirement => ({ scopeName, operator: 'Exists' })),
    ...(spec.scopeSelector?.matchExpressions ?? []),
  ]
  return requirements.length === 0 || (kind.storage.prefix === '/pods/' && requirements.every(requirement => isInScope(requirement, object as Pod)))
}

function isInScope(requirement: ScopedResourceSelectorRequirement, pod: Pod): boolean {
  switch (requirement.scopeName) {
    case 'Terminating':
      return isTerminating(pod)
    case 'NotTerminating':
      return !isTerminating(pod)
    case 'BestEffort':
      return qosClass(pod) === 'BestEffort'
    case 'NotBestEffort':
      return qosClass(pod) !== 'BestEffort'
    case 'PriorityClass':
      return hasPriorityClass(requirement, pod.spec.priorityClassName ?? '')
    case 'CrossNamespacePodAffinity':
      return affinityTerms(pod).some(({ namespaces, namespaceSelector }) => (namespaces?.length ?? 0) > 0 || namespaceSelector !== undefined)
    default:
      return false
  }
}

/** It has an end of its own; nothing is being deleted here. */
const isTerminating = ({ spec }: Pod): boolean => spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0

function hasPriorityClass({ operator, values = [] }: ScopedResourceSelectorRequirement, className: string): boolean {
  switch (operator) {
    case 'Exists':
      return className !== ''
    case 'DoesNotExist':
      return className === ''
    case 'In':
      return className !== '' && values.includes(className)
    case 'NotIn':
      return !values.includes(className)
    default:
      return false
  }
}

function affinityTerms({ spec }: Pod): PodAffinityTerm[] {
  return [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity].flatMap(affinity => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ])
}
