import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { atomicList, boolean, mapList, object, type Infer } from '../schema.ts'
import { localObjectReference, objectReference } from '../types/reference.ts'
import { ageColumn, nameColumn, textColumn } from './columns.ts'
import { declareKind } from './declare.ts'
import { TokenRequest } from './token_request.ts'

const schema = object(
  'io.k8s.api.core.v1.ServiceAccount',
  {
    ...objectFields,
    automountServiceAccountToken: boolean({ doc: 'False keeps the token out of the Pods, unless the Pod says otherwise.' }),
    imagePullSecrets: atomicList(localObjectReference),
    secrets: mapList(objectReference, ['name'], { patchMerge: true, patchMergeKey: 'name' }),
  },
  { doc: 'Who the processes of a Pod are towards the API.' },
)

export interface ServiceAccount extends Infer<typeof schema> {}

export const ServiceAccount: Kind<ServiceAccount> = declareKind<ServiceAccount>({
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  namespaced: true,
  schema,
  subresources: [{ name: 'token', verbs: ['create'], kind: TokenRequest }],
  columns: [nameColumn, textColumn('Secrets', 'Number of secrets it may use.', ({ secrets }) => secrets?.length ?? 0), ageColumn],
})
