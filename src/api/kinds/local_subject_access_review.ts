import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { subjectAccessReviewSpec, subjectAccessReviewStatus } from '../types/access_review.ts'
import { validateLocalSubjectAccessReview } from '../validation/requests.ts'
import { declareVirtualKind } from './declare.ts'

const schema = object(
  'io.k8s.api.authorization.v1.LocalSubjectAccessReview',
  {
    ...objectFields,
    spec: { ...present(subjectAccessReviewSpec), required: true },
    status: present(subjectAccessReviewStatus),
  },
  { doc: 'Asks whether somebody may do something in one namespace.' },
)

export interface LocalSubjectAccessReview extends Infer<typeof schema> {}

export const LocalSubjectAccessReview: Kind<LocalSubjectAccessReview> = declareVirtualKind<LocalSubjectAccessReview>({
  group: 'authorization.k8s.io',
  kind: 'LocalSubjectAccessReview',
  plural: 'localsubjectaccessreviews',
  namespaced: true,
  schema,
  validate: validateLocalSubjectAccessReview,
})
