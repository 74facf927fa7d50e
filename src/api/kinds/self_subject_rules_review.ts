import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { selfSubjectRulesReviewSpec, subjectRulesReviewStatus } from '../types/access_review.ts'
import { declareVirtualKind } from './declare.ts'

const schema = object(
  'io.k8s.api.authorization.v1.SelfSubjectRulesReview',
  {
    ...objectFields,
    spec: { ...present(selfSubjectRulesReviewSpec), required: true },
    status: subjectRulesReviewStatus,
  },
  { doc: 'Asks for everything the caller may do: kubectl auth can-i --list.' },
)

export interface SelfSubjectRulesReview extends Infer<typeof schema> {}

export const SelfSubjectRulesReview: Kind<SelfSubjectRulesReview> = declareVirtualKind<SelfSubjectRulesReview>({
  group: 'authorization.k8s.io',
  kind: 'SelfSubjectRulesReview',
  plural: 'selfsubjectrulesreviews',
  namespaced: false,
  schema,
})
