/** Requests and limits (behaviour 12.10). */
import { duplicateValue, forbidden, invalidValue, notSupported, requiredValue, type FieldError } from '../field_error.ts'
import { compareQuantities, formatQuantity, parseQuantity } from '../quantity.ts'
import { podRequests, resourceAmount, type Quantities } from '../resources.ts'
import type { PodSpec } from '../types/pod_spec.ts'
import type { ContainerResizePolicy, ResourceRequirements } from '../types/resource_requirements.ts'
import { qualifiedName } from './names.ts'

const STANDARD = ['cpu', 'memory', 'ephemeral-storage']
const POD_LEVEL = ['cpu', 'memory']

export function validateResources(resources: ResourceRequirements | undefined, path: string): FieldError[] {
  const { limits = {}, requests = {} } = resources ?? {}
  return [
    ...validateQuantities(limits, `${path}.limits`, containerResource),
    ...validateQuantities(requests, `${path}.requests`, containerResource),
    ...compareToLimits(requests, limits, path),
    ...hugePagesNeedCompany({ ...limits, ...requests }, path),
  ]
}

/** The Pod as a whole has room for its containers: for what they ask for together, and for what each may use at most. */
export function validatePodResources({ limits = {}, requests = {} }: ResourceRequirements, path: string, spec: PodSpec): FieldError[] {
  const asked = podRequests({ spec: { ...spec, resources: undefined, overhead: undefined } })
  return [
    ...Object.entries(requests).flatMap(([name, request]) => {
      const together = asked.get(name) ?? 0
      if (!parseQuantity(request) || resourceAmount(name, request) >= together) return []
      return [
        invalidValue(`${path}.requests[${name}]`, request, `must be greater than or equal to aggregate container requests of ${amountText(name, together)}`),
      ]
    }),
    ...spec.containers.flatMap((container, index) =>
      Object.entries(container.resources?.limits ?? {}).flatMap(([name, limit]) => {
        const most = limits[name]
        if (most === undefined || !parseQuantity(limit) || !parseQuantity(most) || compareQuantities(limit, most) <= 0) return []
        return [invalidValue(`${path}.containers[${index}][${name}].limits`, limit, `must be less than or equal to pod limits of ${most}`)]
      }),
    ),
    ...validateQuantities(limits, `${path}.limits`, podResource),
    ...validateQuantities(requests, `${path}.requests`, podResource),
    ...compareToLimits(requests, limits, path),
  ]
}

/** For lists of quantities that are no requests: overhead, a node's capacity. */
export const validateQuantities = (quantities: Quantities, path: string, nameRule: (name: string) => string[] = resourceName): FieldError[] =>
  Object.entries(quantities).flatMap(([name, quantity]) => [
    ...nameRule(name).map(problem => invalidValue(`${path}[${name}]`, name, problem)),
    ...validateQuantity(quantity, `${path}[${name}]`, !isDivisible(name)),
  ])

export function validateQuantity(quantity: string, path: string, isWhole = false): FieldError[] {
  const parsed = parseQuantity(quantity)
  if (!parsed) return []
  if (parsed.nano < 0n) return [invalidValue(path, quantity, 'must be greater than or equal to 0')]
  return isWhole && parsed.nano % 1_000_000_000n !== 0n ? [invalidValue(path, quantity, 'must be an integer')] : []
}

export function validateResizePolicy(policies: readonly ContainerResizePolicy[] | undefined, path: string, podRestartPolicy: string): FieldError[] {
  const seen = new Set<string>()
  return (policies ?? []).flatMap(({ resourceName: name, restartPolicy }) => {
    const isRepeated = seen.has(name)
    seen.add(name)
    return [
      ...(isRepeated ? [duplicateValue(path, name)] : []),
      ...(POD_LEVEL.includes(name) ? [] : [notSupported(path, name, POD_LEVEL)]),
      ...(podRestartPolicy === 'Never' && restartPolicy === 'RestartContainer'
        ? [invalidValue(path, restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'")]
        : []),
    ]
  })
}

/** Resources of a vendor, such as GPUs, are counted in pieces and given to one container alone. */
export const isExtended = (name: string): boolean => name.includes('/') && !name.startsWith('kubernetes.io/') && !name.startsWith('requests.')

function compareToLimits(requests: Quantities, limits: Quantities, path: string): FieldError[] {
  return Object.entries(requests).flatMap(([name, request]) => {
    const limit = limits[name]
    const isExact = isExtended(name) || isHugePages(name)
    if (limit === undefined) return isExact ? [requiredValue(`${path}.limits`, 'Limit must be set for non overcommitable resources')] : []
    if (!parseQuantity(request) || !parseQuantity(limit)) return []
    const difference = compareQuantities(request, limit)
    if (isExact && difference !== 0) return [invalidValue(`${path}.requests`, request, `must be equal to ${name} limit of ${limit}`)]
    return difference > 0 ? [invalidValue(`${path}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`)] : []
  })
}

const amountText = (name: string, amount: number): string =>
  name === 'cpu'
    ? formatQuantity({ nano: BigInt(amount) * 1_000_000n, format: 'decimal' })
    : formatQuantity({ nano: BigInt(amount) * 1_000_000_000n, format: 'binary' })

const hugePagesNeedCompany = (named: Quantities, path: string): FieldError[] =>
  Object.keys(named).some(isHugePages) && !('cpu' in named) && !('memory' in named) ? [forbidden(path, 'HugePages require cpu or memory')] : []

function containerResource(name: string): string[] {
  if (name.includes('/')) return qualifiedName(name)
  return STANDARD.includes(name) || isHugePages(name) ? [] : ['must be a standard resource for containers']
}

const podResource = (name: string): string[] => (POD_LEVEL.includes(name) || isHugePages(name) ? [] : [`must be a standard resource for pods`])

const resourceName = (name: string): string[] => (name.includes('/') ? qualifiedName(name) : [])

export const isHugePages = (name: string): boolean => name.startsWith('hugepages-')
const isDivisible = (name: string): boolean => !isExtended(name)
