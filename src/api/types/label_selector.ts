/** Which objects, by their labels or fields. */
import { atomicList, map, object, required, string, type Infer } from '../schema.ts'

export const labelSelectorRequirement = object('io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement', {
  key: required(string()),
  operator: required(string({ values: ['In', 'NotIn', 'Exists', 'DoesNotExist'] })),
  values: atomicList(string()),
})

export const labelSelector = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector',
  {
    matchExpressions: atomicList(labelSelectorRequirement),
    matchLabels: map(string()),
  },
  { atomic: true },
)

export const fieldSelectorRequirement = object('io.k8s.apimachinery.pkg.apis.meta.v1.FieldSelectorRequirement', {
  key: required(string()),
  operator: required(string()),
  values: atomicList(string()),
})

export interface LabelSelectorRequirement extends Infer<typeof labelSelectorRequirement> {}
export interface LabelSelector extends Infer<typeof labelSelector> {}
export interface FieldSelectorRequirement extends Infer<typeof fieldSelectorRequirement> {}
