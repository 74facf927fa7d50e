import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, required, type Infer } from '../schema.ts'
import { objectReference } from '../types/reference.ts'
import { validateBinding } from '../validation/requests.ts'
import { declareVirtualKind } from './declare.ts'

const schema = object(
  'io.k8s.api.core.v1.Binding',
  {
    ...objectFields,
    target: required(objectReference),
  },
  { doc: 'Puts a Pod on a node; the scheduler creates it.' },
)

export interface Binding extends Infer<typeof schema> {}

export const Binding: Kind<Binding> = declareVirtualKind<Binding>({
  kind: 'Binding',
  plural: 'bindings',
  namespaced: true,
  schema,
  validate: validateBinding,
})
