import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { selfSubjectAccessReviewSpec, subjectAccessReviewStatus } from '../types/access_review.ts'
import { validateSelfSubjectAccessReview } from '../validation/requests.ts'
import { declareVirtualKind } from './declare.ts'

const schema = object(
  'io.k8s.api.authorization.v1.SelfSubjectAccessReview',
  {
    ...objectFields,
    spec: { ...present(selfSubjectAccessReviewSpec), required: true },
    status: present(subjectAccessReviewStatus),
  },
  { doc: 'Asks whether the caller may do something: kubectl auth can-i.' },
)

export interface SelfSubjectAccessReview extends Infer<typeof schema> {}

export const SelfSubjectAccessReview: Kind<SelfSubjectAccessReview> = declareVirtualKind<SelfSubjectAccessReview>({
  group: 'authorization.k8s.io',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
  schema,
  validate: validateSelfSubjectAccessReview,
})
