/** Names of other objects. */
import { object, required, string, type Infer } from '../schema.ts'

export const localObjectReference = object(
  'io.k8s.api.core.v1.LocalObjectReference',
  {
    name: string(),
  },
  { atomic: true },
)

export const objectReference = object(
  'io.k8s.api.core.v1.ObjectReference',
  {
    name: string(),
    apiVersion: string(),
    fieldPath: string(),
    kind: string(),
    namespace: string(),
    resourceVersion: string(),
    uid: string(),
  },
  { atomic: true },
)

export const typedLocalObjectReference = object(
  'io.k8s.api.core.v1.TypedLocalObjectReference',
  {
    name: required(string()),
    apiGroup: string(),
    kind: required(string()),
  },
  { atomic: true },
)

export const typedObjectReference = object('io.k8s.api.core.v1.TypedObjectReference', {
  name: required(string()),
  apiGroup: string(),
  kind: required(string()),
  namespace: string(),
})

export interface LocalObjectReference extends Infer<typeof localObjectReference> {}
export interface ObjectReference extends Infer<typeof objectReference> {}
export interface TypedLocalObjectReference extends Infer<typeof typedLocalObjectReference> {}
export interface TypedObjectReference extends Infer<typeof typedObjectReference> {}
