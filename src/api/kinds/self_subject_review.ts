import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { selfSubjectReviewStatus } from '../types/token.ts'
import { declareVirtualKind } from './declare.ts'

const schema = object(
  'io.k8s.api.authentication.v1.SelfSubjectReview',
  {
    ...objectFields,
    status: present(selfSubjectReviewStatus),
  },
  { doc: 'Asks who the caller is: kubectl auth whoami.' },
)

export interface SelfSubjectReview extends Infer<typeof schema> {}

export const SelfSubjectReview: Kind<SelfSubjectReview> = declareVirtualKind<SelfSubjectReview>({
  group: 'authentication.k8s.io',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
  schema,
})
