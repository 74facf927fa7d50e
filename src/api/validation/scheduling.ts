/** Where a Pod may run: affinity, tolerations, spreading, gates. */
import { duplicateValue, forbidden, invalidValue, notSupported, requiredValue, type FieldError } from '../field_error.ts'
import { validateLabelSelector } from '../label_selector.ts'
import type { Affinity, NodeSelectorRequirement, NodeSelectorTerm, PodAffinityTerm, WeightedPodAffinityTerm } from '../types/affinity.ts'
import type { LabelSelector } from '../types/label_selector.ts'
import type { Toleration, TopologySpreadConstraint } from '../types/scheduling.ts'
import { dnsLabel, labelValue, qualifiedName } from './names.ts'
import { forEachAt } from './rules.ts'

export function validateAffinity({ nodeAffinity, podAffinity, podAntiAffinity }: Affinity, path: string): FieldError[] {
  const required = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const at = `${path}.nodeAffinity`
  return [
    ...(required ? validateNodeSelectorTerms(required.nodeSelectorTerms, `${at}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`) : []),
    ...forEachAt(
      nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution,
      `${at}.preferredDuringSchedulingIgnoredDuringExecution`,
      ({ weight, preference }, term) => [...validateWeight(weight, `${term}.weight`), ...validateNodeSelectorTerm(preference ?? {}, `${term}.preference`)],
    ),
    ...validatePodAffinity(podAffinity, `${path}.podAffinity`),
    ...validatePodAffinity(podAntiAffinity, `${path}.podAntiAffinity`),
  ]
}

export const validateNodeSelectorTerms = (terms: readonly NodeSelectorTerm[] | undefined, path: string): FieldError[] =>
  terms?.length ? forEachAt(terms, path, validateNodeSelectorTerm) : [requiredValue(path, 'must have at least one node selector term')]

const validateNodeSelectorTerm = ({ matchExpressions, matchFields }: NodeSelectorTerm, path: string): FieldError[] => [
  ...forEachAt(matchExpressions, `${path}.matchExpressions`, validateRequirement),
  ...forEachAt(matchFields, `${path}.matchFields`, validateFieldRequirement),
]

function validateRequirement({ key, operator, values = [] }: NodeSelectorRequirement, path: string): FieldError[] {
  const errors = qualifiedName(key ?? '').map(problem => invalidValue(`${path}.key`, key ?? '', problem))
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) errors.push(requiredValue(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
      break
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) errors.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
      break
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) errors.push(requiredValue(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
      break
    default:
      errors.push(invalidValue(`${path}.operator`, operator, 'not a valid selector operator'))
  }
  return errors
}

function validateFieldRequirement({ key, operator, values = [] }: NodeSelectorRequirement, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (operator !== 'In' && operator !== 'NotIn') errors.push(invalidValue(`${path}.operator`, operator, 'not a valid selector operator'))
  else if (values.length !== 1)
    errors.push(requiredValue(`${path}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"))
  if (key !== 'metadata.name') errors.push(invalidValue(`${path}.key`, key, 'not a valid field selector key'))
  return errors
}

function validatePodAffinity(affinity: Affinity['podAffinity'], path: string): FieldError[] {
  return [
    ...forEachAt(affinity?.requiredDuringSchedulingIgnoredDuringExecution, `${path}.requiredDuringSchedulingIgnoredDuringExecution`, validatePodAffinityTerm),
    ...forEachAt(
      affinity?.preferredDuringSchedulingIgnoredDuringExecution,
      `${path}.preferredDuringSchedulingIgnoredDuringExecution`,
      ({ weight, podAffinityTerm }: WeightedPodAffinityTerm, at) => [
        ...validateWeight(weight, `${at}.weight`),
        ...validatePodAffinityTerm(podAffinityTerm, `${at}.podAffinityTerm`),
      ],
    ),
  ]
}

const validatePodAffinityTerm = (
  { topologyKey, labelSelector, namespaceSelector, namespaces, matchLabelKeys, mismatchLabelKeys }: PodAffinityTerm,
  path: string,
): FieldError[] => [
  ...validateLabelKeys(matchLabelKeys, labelSelector, `${path}.matchLabelKeys`),
  ...validateLabelKeys(mismatchLabelKeys, labelSelector, `${path}.mismatchLabelKeys`),
  ...forEachAt(matchLabelKeys, `${path}.matchLabelKeys`, (key, at) =>
    mismatchLabelKeys?.includes(key) ? [invalidValue(at, key, 'exists in both matchLabelKeys and mismatchLabelKeys')] : [],
  ),
  ...(labelSelector ? validateLabelSelector(labelSelector, `${path}.labelSelector`) : []),
  ...(namespaceSelector ? validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`) : []),
  ...forEachAt(namespaces, `${path}.namespaces`, (namespace, at) => dnsLabel(namespace).map(problem => invalidValue(at, namespace, problem))),
  ...validateTopologyKey(topologyKey, `${path}.topologyKey`),
]

/** Values of the Pod's own labels are added to the selector when it is created, so a key is there once at most. */
function validateLabelKeys(keys: readonly string[] | undefined, labelSelector: LabelSelector | undefined, path: string): FieldError[] {
  if (!keys?.length) return []
  if (!labelSelector) return [forbidden(path, 'must not be specified when labelSelector is not set')]
  const selected = [...Object.keys(labelSelector.matchLabels ?? {}), ...(labelSelector.matchExpressions ?? []).map(({ key }) => key)]
  const listName = path.slice(path.lastIndexOf('.') + 1)
  return forEachAt(keys, path, (key, at) => [
    ...qualifiedName(key).map(problem => invalidValue(at, key, problem)),
    ...(selected.filter(one => one === key).length > 1 ? [invalidValue(at, key, `exists in both ${listName} and labelSelector`)] : []),
  ])
}

const validateWeight = (weight: number, path: string): FieldError[] =>
  weight >= 1 && weight <= 100 ? [] : [invalidValue(path, weight ?? 0, 'must be in the range 1-100')]

const validateTopologyKey = (key: string | undefined, path: string): FieldError[] =>
  key ? qualifiedName(key).map(problem => invalidValue(path, key, problem)) : [requiredValue(path, 'can not be empty')]

export const validateTolerations = (tolerations: readonly Toleration[] | undefined, path: string): FieldError[] =>
  forEachAt(tolerations, path, (toleration, at) => {
    const { key, operator, value, effect, tolerationSeconds } = toleration
    const errors = key ? qualifiedName(key).map(problem => invalidValue(`${at}.key`, key, problem)) : []
    if (!key && operator !== 'Exists')
      errors.push(invalidValue(`${at}.operator`, operator ?? '', 'operator must be Exists when `key` is empty, which means "match all values and all keys"'))
    if (tolerationSeconds !== undefined && effect !== 'NoExecute')
      errors.push(invalidValue(`${at}.effect`, effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"))
    if (!operator || operator === 'Equal') errors.push(...labelValue(value ?? '').map(problem => invalidValue(`${at}.operator`, value, problem)))
    else if (operator !== 'Exists') errors.push(notSupported(`${at}.operator`, operator, ['Equal', 'Exists']))
    else if (value) errors.push(invalidValue(`${at}.operator`, toleration, "value must be empty when `operator` is 'Exists'"))
    return errors
  })

export function validateTopologySpread(constraints: readonly TopologySpreadConstraint[] | undefined, path: string): FieldError[] {
  const seen = new Set<string>()
  return forEachAt(constraints, path, ({ maxSkew, topologyKey, whenUnsatisfiable, minDomains, labelSelector, matchLabelKeys }, at) => {
    const errors = validateTopologyKey(topologyKey, `${at}.topologyKey`)
    if (!(maxSkew > 0)) errors.push(invalidValue(`${at}.maxSkew`, maxSkew ?? 0, 'must be greater than zero'))
    if (!whenUnsatisfiable) errors.push(notSupported(`${at}.whenUnsatisfiable`, '', ['DoNotSchedule', 'ScheduleAnyway']))
    const pair = `{${topologyKey}, ${whenUnsatisfiable}}`
    if (seen.has(pair)) errors.push(duplicateValue(at, pair))
    seen.add(pair)
    if (minDomains !== undefined && minDomains <= 0) errors.push(invalidValue(`${at}.minDomains`, minDomains, 'must be greater than zero'))
    if (minDomains !== undefined && whenUnsatisfiable === 'ScheduleAnyway')
      errors.push(invalidValue(`${at}.minDomains`, minDomains, 'can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway'))
    if (labelSelector) errors.push(...validateLabelSelector(labelSelector, `${at}.labelSelector`))
    errors.push(...validateLabelKeys(matchLabelKeys, labelSelector, `${at}.matchLabelKeys`))
    return errors
  })
}
