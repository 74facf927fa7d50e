/** ResourceQuotas. */
import { invalidValue, requiredValue, type FieldError } from '../field_error.ts'
import type { ResourceQuota } from '../kinds/resource_quota.ts'
import { isCountedFor, isStandardQuotaResource } from '../quota/resource_names.ts'
import { SCOPES } from '../quota/scopes.ts'
import { parseQuantity } from '../quantity.ts'
import type { ResourceQuotaSpec, ScopedResourceSelectorRequirement } from '../types/resource_quota.ts'
import { qualifiedName } from './names.ts'

export const validateResourceQuota = ({ spec, status }: ResourceQuota): FieldError[] => [
  ...validateAmounts(spec.hard, 'spec.hard'),
  ...validateScopes(spec),
  ...validateScopeSelector(spec),
  ...validateAmounts(status.hard, 'status.hard'),
  ...validateAmounts(status.used, 'status.used'),
]

export function validateResourceQuotaUpdate({ spec }: ResourceQuota, old: ResourceQuota): FieldError[] {
  const changed = [...new Set(spec.scopes)].sort().join() !== [...new Set(old.spec.scopes)].sort().join()
  return changed ? [invalidValue('spec.scopes', spec.scopes ?? null, 'field is immutable')] : []
}

const validateAmounts = (amounts: { [name: string]: string } | undefined, path: string): FieldError[] =>
  Object.entries(amounts ?? {}).flatMap(([name, text]) => {
    const at = `${path}[${name}]`
    const quantity = parseQuantity(text)
    return [
      ...validateName(name, at),
      ...(quantity && quantity.nano < 0n ? [invalidValue(at, text, 'must be greater than or equal to 0')] : []),
      ...(quantity && isWhole(name) && quantity.nano % 1_000_000_000n !== 0n ? [invalidValue(at, text, 'must be an integer')] : []),
    ]
  })

function validateName(name: string, path: string): FieldError[] {
  const problems = qualifiedName(name)
  if (problems.length === 0 && !name.includes('/') && !isStandardQuotaResource(name)) problems.push('must be a standard resource for quota')
  return problems.map(problem => invalidValue(path, name, problem))
}

const WHOLE = ['pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps', 'persistentvolumeclaims']
const isWhole = (name: string): boolean => WHOLE.includes(name) || name.startsWith('services.') || name.startsWith('count/')

function validateScopes(spec: ResourceQuotaSpec): FieldError[] {
  const { scopes = [] } = spec
  const refuse = (why: string) => invalidValue('spec.scopes', scopes, why)
  return [
    ...scopes.flatMap(scope => [
      ...(isKnown(scope) ? [] : [refuse('unsupported scope')]),
      ...resourcesWithout(spec, scope).map(() => refuse('unsupported scope applied to resource')),
    ]),
    ...(isConflicting(scopes) ? [refuse('conflicting scopes')] : []),
  ]
}

function validateScopeSelector(spec: ResourceQuotaSpec): FieldError[] {
  const requirements = spec.scopeSelector?.matchExpressions
  if (!requirements) return []
  const path = 'spec.scopeSelector.matchExpressions'
  const scopes = requirements.map(({ scopeName }) => scopeName)
  return [
    ...requirements.flatMap(requirement => [
      ...(isKnown(requirement.scopeName) ? [] : [invalidValue(`${path}.scopeName`, requirement.scopeName, 'unsupported scope')]),
      ...resourcesWithout(spec, requirement.scopeName).map(() => invalidValue(path, spec.scopeSelector, 'unsupported scope applied to resource')),
      ...validateOperator(requirement, path),
    ]),
    ...(isConflicting(scopes) ? [invalidValue(path, scopes, 'conflicting scopes')] : []),
  ]
}

function validateOperator({ scopeName, operator, values = [] }: ScopedResourceSelectorRequirement, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (isKnown(scopeName) && scopeName !== 'PriorityClass' && operator !== 'Exists')
    errors.push(
      invalidValue(
        `${path}.operator`,
        operator,
        "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
      ),
    )
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0
        ? errors
        : [...errors, requiredValue(`${path}.values`, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector")]
    case 'Exists':
    case 'DoesNotExist':
      return values.length === 0
        ? errors
        : [...errors, invalidValue(`${path}.values`, values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector")]
    default:
      return [...errors, invalidValue(`${path}.operator`, operator, 'not a valid selector operator')]
  }
}

const isKnown = (scope: string): boolean => (SCOPES as readonly string[]).includes(scope)

const PODS = { plural: 'pods', group: '' }
/** Of Pods that ask for nothing there is nothing but their number to count; storage of Pods has no scopes either. */
const resourcesWithout = ({ hard }: ResourceQuotaSpec, scope: string): string[] =>
  Object.keys(hard ?? {}).filter(name => isStandardQuotaResource(name) && isKnown(scope) && !isScoped(scope, name))

const isScoped = (scope: string, name: string): boolean =>
  name === 'pods' || (scope !== 'BestEffort' && isCountedFor(PODS, name) && /^(requests\.|limits\.)?(cpu|memory)$/.test(name))

const isConflicting = (scopes: readonly string[]): boolean =>
  (scopes.includes('BestEffort') && scopes.includes('NotBestEffort')) || (scopes.includes('Terminating') && scopes.includes('NotTerminating'))
