/** What LimitRanges say about one Pod or claim, in Kubernetes' words (behaviour 6.7.3). Touches nothing but the draft it is to fill. */
import type { LimitRange } from './kinds/limit_range.ts'
import type { PersistentVolumeClaim } from './kinds/persistent_volume_claim.ts'
import type { Pod } from './kinds/pod.ts'
import { compareQuantities, formatQuantity, parseQuantity } from './quantity.ts'
import { podLimits, podRequests, type Quantities, type ResourceAmounts } from './resources.ts'
import type { Container } from './types/container.ts'
import type { LimitRangeItem } from './types/limit_range.ts'

const ANNOTATION = 'kubernetes.io/limit-ranger'

/** Gives every container the defaults it lacks, and writes into an annotation which. */
export function setContainerDefaults(pod: Pod, { spec }: LimitRange): void {
  const items = spec.limits.filter(({ type }) => type === 'Container')
  const limits: Quantities = Object.assign({}, ...items.map(item => item.default))
  const requests: Quantities = Object.assign({}, ...items.map(item => item.defaultRequest))
  const notes = [
    ...(pod.spec.containers ?? []).flatMap(container => fill(container, requests, limits, 'container')),
    ...(pod.spec.initContainers ?? []).flatMap(container => fill(container, requests, limits, 'init container')),
  ]
  if (notes.length > 0) pod.metadata.annotations = { ...pod.metadata.annotations, [ANNOTATION]: `LimitRanger plugin set: ${notes.join('; ')}` }
}

function fill(container: Container, requests: Quantities, limits: Quantities, what: string): string[] {
  container.resources ??= {}
  const noted = (field: 'requests' | 'limits', defaults: Quantities, word: string): string[] => {
    const missing = Object.keys(defaults).filter(name => container.resources[field]?.[name] === undefined)
    if (missing.length === 0) return []
    container.resources[field] = { ...container.resources[field], ...Object.fromEntries(missing.map(name => [name, defaults[name]!])) }
    return [`${missing.sort().join(', ')} ${word} for ${what} ${container.name}`]
  }
  return [...noted('requests', requests, 'request'), ...noted('limits', limits, 'limit')]
}

/** Everything that is wrong with the Pod under one LimitRange. */
export function podLimitProblems(pod: Pod, { spec }: LimitRange): string[] {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]
  return spec.limits.flatMap(item => {
    if (item.type === 'Container') return containers.flatMap(({ resources }) => problemsOf(item, resources?.requests, resources?.limits))
    return item.type === 'Pod' ? problemsOf(item, sumOf(pod, podRequests, 'requests'), sumOf(pod, podLimits, 'limits')) : []
  })
}

/** Of a claim only its request counts. */
export const claimLimitProblems = (claim: PersistentVolumeClaim, { spec }: LimitRange): string[] =>
  spec.limits
    .filter(({ type }) => type === 'PersistentVolumeClaim')
    .flatMap(item => {
      const requests = claim.spec.resources?.requests ?? {}
      return [
        ...forEach(item.min, (name, min) => tooSmall(item.type, name, min, requests[name], undefined)),
        ...forEach(item.max, (name, max) => {
          const request = requests[name]
          const at = `maximum ${name} usage per ${item.type} is ${max}`
          if (request === undefined) return `${at}.  No request is specified`
          return compareQuantities(request, max) > 0 ? `${at}, but request is ${request}` : undefined
        }),
      ]
    })

const problemsOf = (item: LimitRangeItem, requests: Quantities = {}, limits: Quantities = {}): string[] => [
  ...forEach(item.min, (name, min) => tooSmall(item.type, name, min, requests[name], limits[name])),
  ...forEach(item.max, (name, max) => tooLarge(item.type, name, max, requests[name], limits[name])),
  ...forEach(item.maxLimitRequestRatio, (name, ratio) => tooFarApart(item.type, name, ratio, requests[name], limits[name])),
]

/** In the order of names: Go's has none. */
const forEach = (amounts: Quantities | undefined, problem: (name: string, amount: string) => string | undefined): string[] =>
  Object.keys(amounts ?? {})
    .sort()
    .flatMap(name => problem(name, amounts![name]!) ?? [])

function tooSmall(type: string, name: string, min: string, request: string | undefined, limit: string | undefined): string | undefined {
  const at = `minimum ${name} usage per ${type} is ${min}`
  if (request === undefined) return `${at}.  No request is specified`
  if (compareQuantities(request, min) < 0) return `${at}, but request is ${request}`
  return limit !== undefined && compareQuantities(limit, min) < 0 ? `${at}, but limit is ${limit}` : undefined
}

function tooLarge(type: string, name: string, max: string, request: string | undefined, limit: string | undefined): string | undefined {
  const at = `maximum ${name} usage per ${type} is ${max}`
  if (limit === undefined) return `${at}.  No limit is specified`
  if (compareQuantities(limit, max) > 0) return `${at}, but limit is ${limit}`
  return request !== undefined && compareQuantities(request, max) > 0 ? `${at}, but request is ${request}` : undefined
}

function tooFarApart(type: string, name: string, ratio: string, request: string | undefined, limit: string | undefined): string | undefined {
  const at = `${name} max limit to request ratio per ${type} is ${ratio}`
  if (request === undefined || isZero(request)) return `${at}, but no request is specified or request is 0`
  if (limit === undefined || isZero(limit)) return `${at}, but no limit is specified or limit is 0`
  const [above, below, most] = [limit, request, ratio].map(text => parseQuantity(text)!.nano) as [bigint, bigint, bigint]
  return above * NANO > most * below ? `${at}, but provided ratio is ${(Number(above) / Number(below)).toFixed(6)}` : undefined
}

const NANO = 1_000_000_000n
const isZero = (quantity: string): boolean => compareQuantities(quantity, '0') === 0

/** What the containers come to, without what the runtime takes besides; written as the first of them is. */
function sumOf(pod: Pod, sum: (pod: Pick<Pod, 'spec'>) => ResourceAmounts, field: 'requests' | 'limits'): Quantities {
  const { spec } = pod
  const amounts = sum({ spec: { ...spec, overhead: undefined } })
  const formatOf = (name: string) => {
    const texts = [...spec.containers, ...(spec.initContainers ?? []), spec].map(({ resources }) => resources?.[field]?.[name])
    return parseQuantity(texts.find(text => text !== undefined) ?? '0')?.format ?? 'decimal'
  }
  return Object.fromEntries(
    [...amounts].map(([name, amount]) => [name, formatQuantity({ nano: BigInt(amount) * (name === 'cpu' ? 1_000_000n : NANO), format: formatOf(name) })]),
  )
}
