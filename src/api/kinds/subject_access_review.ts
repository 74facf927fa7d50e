import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { subjectAccessReviewSpec, subjectAccessReviewStatus } from '../types/access_review.ts'
import { validateSubjectAccessReview } from '../validation/requests.ts'
import { declareVirtualKind } from './declare.ts'

const schema = object(
  'io.k8s.api.authorization.v1.SubjectAccessReview',
  {
    ...objectFields,
    spec: { ...present(subjectAccessReviewSpec), required: true },
    status: present(subjectAccessReviewStatus),
  },
  { doc: 'Asks whether somebody may do something.' },
)

export interface SubjectAccessReview extends Infer<typeof schema> {}

export const SubjectAccessReview: Kind<SubjectAccessReview> = declareVirtualKind<SubjectAccessReview>({
  group: 'authorization.k8s.io',
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
  schema,
  validate: validateSubjectAccessReview,
})
