/** Deployments (behaviour 8.1.1). */
import { forbidden, invalidValue, notSupported, requiredValue, type FieldError } from '../field_error.ts'
import { percentOf, validateAtMostAll, validateIntOrPercent } from '../int_or_percent.ts'
import type { Deployment } from '../kinds/deployment.ts'
import type { DeploymentSpec, DeploymentStatus } from '../types/deployment.ts'
import { nonNegative } from './rules.ts'
import { selectorUnchanged, validateLivingTemplate, validateWorkloadSelector } from './workload.ts'

export function validateDeployment({ spec }: Deployment): FieldError[] {
  const { replicas, selector, template, strategy, minReadySeconds = 0, revisionHistoryLimit, progressDeadlineSeconds } = spec
  return [
    ...nonNegative(replicas, 'spec.replicas'),
    ...validateWorkloadSelector(selector, template, 'deployment'),
    // Kubernetes makes ReplicaSets of it, and says so.
    ...validateLivingTemplate(template, 'ReplicaSet'),
    ...validateStrategy(strategy, 'spec.strategy'),
    ...nonNegative(minReadySeconds, 'spec.minReadySeconds'),
    ...nonNegative(revisionHistoryLimit, 'spec.revisionHistoryLimit'),
    ...nonNegative(progressDeadlineSeconds, 'spec.progressDeadlineSeconds'),
    ...(progressDeadlineSeconds <= minReadySeconds
      ? [invalidValue('spec.progressDeadlineSeconds', progressDeadlineSeconds, 'must be greater than minReadySeconds')]
      : []),
  ]
}

export function validateDeploymentUpdate({ spec, status = {} }: Deployment, old: Deployment, subresource: string): FieldError[] {
  if (subresource !== 'status') return selectorUnchanged(spec.selector, old.spec.selector)
  const { collisionCount = 0 } = status
  return [
    ...validateCounts(status),
    ...(collisionCount < (old.status?.collisionCount ?? 0) ? [invalidValue('status.collisionCount', collisionCount, 'cannot be decremented')] : []),
  ]
}

function validateCounts(status: DeploymentStatus): FieldError[] {
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = status
  const above = (part: string, count: number, whole: number, name: string) =>
    count > whole ? [invalidValue(`status.${part}`, count, `cannot be greater than ${name}`)] : []
  return [
    ...COUNTS.flatMap(name => nonNegative(status[name], `status.${name}`)),
    ...above('updatedReplicas', updatedReplicas, replicas, 'status.replicas'),
    ...above('readyReplicas', readyReplicas, replicas, 'status.replicas'),
    ...above('availableReplicas', availableReplicas, replicas, 'status.replicas'),
    ...above('availableReplicas', availableReplicas, readyReplicas, 'readyReplicas'),
  ]
}

const COUNTS = [
  'observedGeneration',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'terminatingReplicas',
  'collisionCount',
] as const

function validateStrategy({ type, rollingUpdate }: DeploymentSpec['strategy'], path: string): FieldError[] {
  switch (type) {
    case 'Recreate':
      return rollingUpdate ? [forbidden(`${path}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'")] : []
    case 'RollingUpdate':
      return rollingUpdate
        ? validateRollingUpdate(rollingUpdate, `${path}.rollingUpdate`)
        : [requiredValue(`${path}.rollingUpdate`, 'this should be defaulted and never be nil')]
    default:
      return [notSupported(path, { Type: type, RollingUpdate: shownRollingUpdate(rollingUpdate) }, ['Recreate', 'RollingUpdate'])]
  }
}

function validateRollingUpdate({ maxSurge = 0, maxUnavailable = 0 }: NonNullable<DeploymentSpec['strategy']['rollingUpdate']>, path: string): FieldError[] {
  return [
    ...validateIntOrPercent(maxUnavailable, `${path}.maxUnavailable`),
    ...validateIntOrPercent(maxSurge, `${path}.maxSurge`),
    // Nothing could be added, and nothing taken away.
    ...(isNothing(maxUnavailable) && isNothing(maxSurge) ? [invalidValue(`${path}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0')] : []),
    ...validateAtMostAll(maxUnavailable, `${path}.maxUnavailable`),
  ]
}

const isNothing = (value: number | string): boolean => value === 0 || percentOf(value) === 0

/** Kubernetes prints the object as its own code names the fields. */
const shownRollingUpdate = (rollingUpdate: DeploymentSpec['strategy']['rollingUpdate']): object | null =>
  rollingUpdate ? { MaxUnavailable: rollingUpdate.maxUnavailable ?? 0, MaxSurge: rollingUpdate.maxSurge ?? 0 } : null
