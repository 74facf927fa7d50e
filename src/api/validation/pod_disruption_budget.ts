/** PodDisruptionBudgets (behaviour 12.7). */
import { invalidValue, type FieldError } from '../field_error.ts'
import { validateAtMostAll, validateIntOrPercent } from '../int_or_percent.ts'
import type { PodDisruptionBudget } from '../kinds/pod_disruption_budget.ts'
import { validateLabelSelector } from '../label_selector.ts'
import { nonNegative } from './rules.ts'

export function validatePodDisruptionBudget({ spec }: PodDisruptionBudget): FieldError[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy = null } = spec
  const errors: FieldError[] = []
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    // Kubernetes prints the object as its own code names the fields.
    const shown = {
      MinAvailable: minAvailable,
      Selector: selector ?? null,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy,
    }
    errors.push(invalidValue('spec', shown, 'minAvailable and maxUnavailable cannot be both set'))
  }
  if (minAvailable !== undefined) errors.push(...validateShare(minAvailable, 'spec.minAvailable'))
  if (maxUnavailable !== undefined) errors.push(...validateShare(maxUnavailable, 'spec.maxUnavailable'))
  if (selector) errors.push(...validateLabelSelector(selector, 'spec.selector'))
  return errors
}

export const validatePodDisruptionBudgetStatus = ({ status }: PodDisruptionBudget): FieldError[] => [
  ...nonNegative(status.disruptionsAllowed, 'status.disruptionsAllowed'),
  ...nonNegative(status.currentHealthy, 'status.currentHealthy'),
  ...nonNegative(status.desiredHealthy, 'status.desiredHealthy'),
  ...nonNegative(status.expectedPods, 'status.expectedPods'),
]

const validateShare = (value: number | string, path: string): FieldError[] => [...validateIntOrPercent(value, path), ...validateAtMostAll(value, path)]
