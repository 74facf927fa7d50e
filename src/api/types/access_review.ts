/** Questions about what somebody may do. */
import { atomicList, boolean, map, object, required, string, type Infer } from '../schema.ts'
import { fieldSelectorRequirement, labelSelectorRequirement } from './label_selector.ts'

export const fieldSelectorAttributes = object('io.k8s.api.authorization.v1.FieldSelectorAttributes', {
  rawSelector: string(),
  requirements: atomicList(fieldSelectorRequirement),
})

export const labelSelectorAttributes = object('io.k8s.api.authorization.v1.LabelSelectorAttributes', {
  rawSelector: string(),
  requirements: atomicList(labelSelectorRequirement),
})

export const resourceAttributes = object('io.k8s.api.authorization.v1.ResourceAttributes', {
  name: string(),
  fieldSelector: fieldSelectorAttributes,
  group: string(),
  labelSelector: labelSelectorAttributes,
  namespace: string(),
  resource: string(),
  subresource: string(),
  verb: string(),
  version: string(),
})

export const nonResourceAttributes = object('io.k8s.api.authorization.v1.NonResourceAttributes', {
  path: string(),
  verb: string(),
})

export const selfSubjectAccessReviewSpec = object('io.k8s.api.authorization.v1.SelfSubjectAccessReviewSpec', {
  nonResourceAttributes,
  resourceAttributes,
})

export const subjectAccessReviewSpec = object('io.k8s.api.authorization.v1.SubjectAccessReviewSpec', {
  extra: map(atomicList(string())),
  groups: atomicList(string()),
  nonResourceAttributes,
  resourceAttributes,
  uid: string(),
  user: string(),
})

export const subjectAccessReviewStatus = object('io.k8s.api.authorization.v1.SubjectAccessReviewStatus', {
  allowed: required(boolean()),
  denied: boolean(),
  evaluationError: string(),
  reason: string(),
})

export const selfSubjectRulesReviewSpec = object('io.k8s.api.authorization.v1.SelfSubjectRulesReviewSpec', {
  namespace: string({ doc: 'Where; rules for the whole cluster are listed too.' }),
})

export const resourceRule = object('io.k8s.api.authorization.v1.ResourceRule', {
  apiGroups: atomicList(string()),
  resourceNames: atomicList(string()),
  resources: atomicList(string()),
  verbs: required(atomicList(string())),
})

export const nonResourceRule = object('io.k8s.api.authorization.v1.NonResourceRule', {
  nonResourceURLs: atomicList(string()),
  verbs: required(atomicList(string())),
})

export const subjectRulesReviewStatus = object('io.k8s.api.authorization.v1.SubjectRulesReviewStatus', {
  evaluationError: string(),
  incomplete: required(boolean({ doc: 'True when there may be more rights than those listed.' })),
  nonResourceRules: required(atomicList(nonResourceRule)),
  resourceRules: required(atomicList(resourceRule)),
})

export interface FieldSelectorAttributes extends Infer<typeof fieldSelectorAttributes> {}
export interface LabelSelectorAttributes extends Infer<typeof labelSelectorAttributes> {}
export interface ResourceAttributes extends Infer<typeof resourceAttributes> {}
export interface NonResourceAttributes extends Infer<typeof nonResourceAttributes> {}
export interface SelfSubjectAccessReviewSpec extends Infer<typeof selfSubjectAccessReviewSpec> {}
export interface SubjectAccessReviewSpec extends Infer<typeof subjectAccessReviewSpec> {}
export interface SubjectAccessReviewStatus extends Infer<typeof subjectAccessReviewStatus> {}
