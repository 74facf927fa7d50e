/** How much the objects of a namespace may use together. */
import { atomicList, described, map, object, quantity, required, string, type Infer } from '../schema.ts'

export const scopedResourceSelectorRequirement = object('io.k8s.api.core.v1.ScopedResourceSelectorRequirement', {
  operator: required(string({ values: ['In', 'NotIn', 'Exists', 'DoesNotExist'] })),
  scopeName: required(string({ doc: 'BestEffort, NotBestEffort, Terminating, NotTerminating, PriorityClass or CrossNamespacePodAffinity.' })),
  values: atomicList(string(), { doc: 'For In and NotIn: the names of priority classes.' }),
})

export const scopeSelector = object(
  'io.k8s.api.core.v1.ScopeSelector',
  { matchExpressions: atomicList(scopedResourceSelectorRequirement, { doc: 'All of these must hold.' }) },
  { atomic: true },
)

export const resourceQuotaSpec = object('io.k8s.api.core.v1.ResourceQuotaSpec', {
  hard: map(quantity(), { doc: 'The most of each resource: pods, requests.cpu, limits.memory, count/deployments.apps and so on.' }),
  scopeSelector: described(scopeSelector, 'Which Pods count, said with operators.'),
  scopes: atomicList(string(), { doc: 'Which Pods count; left out, everything counts. It cannot be changed later.' }),
})

export const resourceQuotaStatus = object('io.k8s.api.core.v1.ResourceQuotaStatus', {
  hard: map(quantity(), { doc: 'The limits that are enforced.' }),
  used: map(quantity(), { doc: 'How much is in use.' }),
})

export interface ScopedResourceSelectorRequirement extends Infer<typeof scopedResourceSelectorRequirement> {}
export interface ResourceQuotaSpec extends Infer<typeof resourceQuotaSpec> {}
export interface ResourceQuotaStatus extends Infer<typeof resourceQuotaStatus> {}
