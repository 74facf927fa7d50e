import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, type Infer } from '../schema.ts'
import { deleteOptions } from '../types/delete_options.ts'
import { declareVirtualKind } from './declare.ts'

const schema = object(
  'io.k8s.api.policy.v1.Eviction',
  {
    ...objectFields,
    deleteOptions,
  },
  { doc: 'Deletes a Pod if its disruption budget allows it.' },
)

export interface Eviction extends Infer<typeof schema> {}

/** Only as the subresource `eviction` of Pods. */
export const Eviction: Kind<Eviction> = declareVirtualKind<Eviction>({
  group: 'policy',
  kind: 'Eviction',
  plural: 'evictions',
  namespaced: true,
  schema,
})
