import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { tokenRequestSpec, tokenRequestStatus } from '../types/token.ts'
import { validateTokenRequest } from '../validation/requests.ts'
import { declareVirtualKind } from './declare.ts'

const schema = object(
  'io.k8s.api.authentication.v1.TokenRequest',
  {
    ...objectFields,
    spec: { ...present(tokenRequestSpec), required: true },
    status: present(tokenRequestStatus),
  },
  { doc: 'Asks for a token of a ServiceAccount.' },
)

export interface TokenRequest extends Infer<typeof schema> {}

/** Only as the subresource `token` of ServiceAccounts. */
export const TokenRequest: Kind<TokenRequest> = declareVirtualKind<TokenRequest>({
  group: 'authentication.k8s.io',
  kind: 'TokenRequest',
  plural: 'tokenrequests',
  namespaced: true,
  schema,
  validate: validateTokenRequest,
})
