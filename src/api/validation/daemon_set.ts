/** DaemonSets: Kubernetes' rules, and its sentences. */
import { invalidValue, notSupported, requiredValue, type FieldError } from '../field_error.ts'
import { percentOf, validateAtMostAll, validateIntOrPercent } from '../int_or_percent.ts'
import type { DaemonSet } from '../kinds/daemon_set.ts'
import type { DaemonSetUpdateStrategy } from '../types/daemon_set.ts'
import { nonNegative } from './rules.ts'
import { collisionsOnlyGrow, selectorUnchanged, validateLivingTemplate, validateReplicaCounts, validateWorkloadSelector } from './workload.ts'

export function validateDaemonSet({ spec }: DaemonSet): FieldError[] {
  return [
    ...validateWorkloadSelector(spec.selector, spec.template, 'daemonset'),
    ...validateLivingTemplate(spec.template, 'DaemonSet'),
    ...nonNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...validateUpdateStrategy(spec.updateStrategy, 'spec.updateStrategy'),
    ...nonNegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
  ]
}

export function validateDaemonSetUpdate({ spec, status }: DaemonSet, old: DaemonSet, subresource: string): FieldError[] {
  return subresource === 'status'
    ? [...validateReplicaCounts(status), ...collisionsOnlyGrow(status, old.status)]
    : selectorUnchanged(spec.selector, old.spec.selector)
}

function validateUpdateStrategy({ type, rollingUpdate }: DaemonSetUpdateStrategy, path: string): FieldError[] {
  if (type === 'OnDelete') return []
  if (type !== 'RollingUpdate') {
    // Kubernetes prints the object as its own code names the fields.
    const shown = rollingUpdate ? { MaxUnavailable: rollingUpdate.maxUnavailable ?? 0, MaxSurge: rollingUpdate.maxSurge ?? 0 } : null
    return [notSupported(path, { Type: type, RollingUpdate: shown }, ['RollingUpdate', 'OnDelete'])]
  }
  if (!rollingUpdate) return [requiredValue(`${path}.rollingUpdate`)]
  return validateRollingUpdate(rollingUpdate, `${path}.rollingUpdate`)
}

/** Either a Pod goes before its successor comes, or the successor comes first: one of them must be allowed, and only one. */
function validateRollingUpdate({ maxUnavailable = 1, maxSurge = 0 }: NonNullable<DaemonSetUpdateStrategy['rollingUpdate']>, path: string): FieldError[] {
  const errors = [
    ...validateIntOrPercent(maxUnavailable, `${path}.maxUnavailable`),
    ...validateIntOrPercent(maxSurge, `${path}.maxSurge`),
    ...validateAtMostAll(maxUnavailable, `${path}.maxUnavailable`),
    ...validateAtMostAll(maxSurge, `${path}.maxSurge`),
  ]
  if (!isNone(maxUnavailable) && !isNone(maxSurge)) errors.push(invalidValue(`${path}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'))
  if (isNone(maxUnavailable) && isNone(maxSurge)) errors.push(requiredValue(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'))
  return errors
}

const isNone = (value: number | string): boolean => value === 0 || percentOf(value) === 0
