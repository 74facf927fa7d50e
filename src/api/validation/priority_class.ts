/** PriorityClasses (behaviour 6.7). */
import { forbidden, invalidValue, type FieldError } from '../field_error.ts'
import type { PriorityClass } from '../kinds/priority_class.ts'

const USER_VALUE_MAX = 1_000_000_000
/** The classes every cluster has; nobody else may use the prefix or such high values. */
const BUILT_IN: Readonly<Record<string, number>> = { 'system-cluster-critical': 2_000_000_000, 'system-node-critical': 2_000_001_000 }

export function validatePriorityClass({ metadata, value, globalDefault }: PriorityClass): FieldError[] {
  const name = metadata.name ?? ''
  if (BUILT_IN[name] === value && !globalDefault) return []
  const errors: FieldError[] = []
  if (name.startsWith('system-'))
    errors.push(
      forbidden(
        'metadata.name',
        "priority class names with 'system-' prefix are reserved for system use only. error: the given name does not match a system priority class",
      ),
    )
  if (value > USER_VALUE_MAX) errors.push(forbidden('value', `maximum allowed value of a user defined priority is ${USER_VALUE_MAX}`))
  return errors
}

export function validatePriorityClassUpdate({ value, preemptionPolicy }: PriorityClass, old: PriorityClass): FieldError[] {
  return [
    ...(value === old.value ? [] : [forbidden('value', 'may not be changed in an update.')]),
    ...(preemptionPolicy === old.preemptionPolicy ? [] : [invalidValue('preemptionPolicy', preemptionPolicy, 'field is immutable')]),
  ]
}
