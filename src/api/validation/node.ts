/** Nodes. */
import { duplicateValue, forbidden, invalidValue, requiredValue, type FieldError } from '../field_error.ts'
import type { Node } from '../kinds/node.ts'
import { nodeSpec } from '../types/node_spec.ts'
import type { Taint } from '../types/scheduling.ts'
import { ipRange } from './addresses.ts'
import { labelValue, qualifiedName } from './names.ts'
import { validateQuantities } from './resource_requirements.ts'
import { forEachAt } from './rules.ts'
import { compileValues } from './values.ts'

const valuesErrors = compileValues(nodeSpec)

export const validateNode = ({ spec, status }: Node): FieldError[] => [
  ...validateTaints(spec.taints, 'spec.taints'),
  ...valuesErrors(spec, 'spec'),
  ...forEachAt(spec.podCIDRs, 'spec.podCIDRs', (range, at) => ipRange(range).map(problem => invalidValue(at, range, problem))),
  ...validateQuantities(status.capacity ?? {}, 'status.capacity'),
  ...validateQuantities(status.allocatable ?? {}, 'status.allocatable'),
]

export function validateNodeUpdate({ spec }: Node, { spec: old }: Node): FieldError[] {
  const errors: FieldError[] = []
  if (old.podCIDRs?.length && old.podCIDRs.join() !== (spec.podCIDRs ?? []).join())
    errors.push(forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'))
  if (old.providerID && old.providerID !== spec.providerID)
    errors.push(forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'))
  return errors
}

function validateTaints(taints: readonly Taint[] | undefined, path: string): FieldError[] {
  const seen = new Set<string>()
  return forEachAt(taints, path, ({ key, value, effect }, at) => {
    const errors = qualifiedName(key ?? '').map(problem => invalidValue(`${at}.key`, key ?? '', problem))
    errors.push(...labelValue(value ?? '').map(problem => invalidValue(`${at}.value`, value, problem)))
    if (!effect) errors.push(requiredValue(`${at}.effect`))
    if (seen.has(`${key}:${effect}`))
      errors.push({ ...duplicateValue(at, { key, effect }), body: 'Duplicate value: taints must be unique by key and effect pair' })
    seen.add(`${key}:${effect}`)
    return errors
  })
}
