/** Which nodes a Pod may or would rather run on. */
import { atomicList, int32, object, required, string, type Infer } from '../schema.ts'
import { labelSelector } from './label_selector.ts'

export const nodeSelectorRequirement = object('io.k8s.api.core.v1.NodeSelectorRequirement', {
  key: required(string()),
  operator: required(string({ values: ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'] })),
  values: atomicList(string()),
})

export const nodeSelectorTerm = object(
  'io.k8s.api.core.v1.NodeSelectorTerm',
  {
    matchExpressions: atomicList(nodeSelectorRequirement),
    matchFields: atomicList(nodeSelectorRequirement),
  },
  { atomic: true },
)

export const nodeSelector = object(
  'io.k8s.api.core.v1.NodeSelector',
  {
    nodeSelectorTerms: required(atomicList(nodeSelectorTerm)),
  },
  { atomic: true },
)

export const preferredSchedulingTerm = object('io.k8s.api.core.v1.PreferredSchedulingTerm', {
  preference: required(nodeSelectorTerm),
  weight: required(int32()),
})

export const nodeAffinity = object('io.k8s.api.core.v1.NodeAffinity', {
  preferredDuringSchedulingIgnoredDuringExecution: atomicList(preferredSchedulingTerm),
  requiredDuringSchedulingIgnoredDuringExecution: nodeSelector,
})

export const podAffinityTerm = object('io.k8s.api.core.v1.PodAffinityTerm', {
  labelSelector,
  matchLabelKeys: atomicList(string()),
  mismatchLabelKeys: atomicList(string()),
  namespaceSelector: labelSelector,
  namespaces: atomicList(string()),
  topologyKey: required(string()),
})

export const weightedPodAffinityTerm = object('io.k8s.api.core.v1.WeightedPodAffinityTerm', {
  podAffinityTerm: required(podAffinityTerm),
  weight: required(int32()),
})

export const podAffinity = object('io.k8s.api.core.v1.PodAffinity', {
  preferredDuringSchedulingIgnoredDuringExecution: atomicList(weightedPodAffinityTerm),
  requiredDuringSchedulingIgnoredDuringExecution: atomicList(podAffinityTerm),
})

export const podAntiAffinity = object('io.k8s.api.core.v1.PodAntiAffinity', {
  preferredDuringSchedulingIgnoredDuringExecution: atomicList(weightedPodAffinityTerm),
  requiredDuringSchedulingIgnoredDuringExecution: atomicList(podAffinityTerm),
})

export const affinity = object('io.k8s.api.core.v1.Affinity', {
  nodeAffinity,
  podAffinity,
  podAntiAffinity,
})

export interface NodeSelectorRequirement extends Infer<typeof nodeSelectorRequirement> {}
export interface NodeSelectorTerm extends Infer<typeof nodeSelectorTerm> {}
export interface NodeSelector extends Infer<typeof nodeSelector> {}
export interface PreferredSchedulingTerm extends Infer<typeof preferredSchedulingTerm> {}
export interface NodeAffinity extends Infer<typeof nodeAffinity> {}
export interface PodAffinityTerm extends Infer<typeof podAffinityTerm> {}
export interface WeightedPodAffinityTerm extends Infer<typeof weightedPodAffinityTerm> {}
export interface PodAffinity extends Infer<typeof podAffinity> {}
export interface PodAntiAffinity extends Infer<typeof podAntiAffinity> {}
export interface Affinity extends Infer<typeof affinity> {}
