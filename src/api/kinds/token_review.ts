import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { tokenReviewSpec, tokenReviewStatus } from '../types/token.ts'
import { validateTokenReview } from '../validation/requests.ts'
import { declareVirtualKind } from './declare.ts'

const schema = object(
  'io.k8s.api.authentication.v1.TokenReview',
  {
    ...objectFields,
    spec: { ...present(tokenReviewSpec), required: true },
    status: present(tokenReviewStatus),
  },
  { doc: 'Asks who a token belongs to.' },
)

export interface TokenReview extends Infer<typeof schema> {}

export const TokenReview: Kind<TokenReview> = declareVirtualKind<TokenReview>({
  group: 'authentication.k8s.io',
  kind: 'TokenReview',
  plural: 'tokenreviews',
  namespaced: false,
  schema,
  validate: validateTokenReview,
})
