/** A field of the Pod or a resource of a container, as a value. */
import { object, quantity, required, string, type Infer } from '../schema.ts'

export const objectFieldSelector = object(
  'io.k8s.api.core.v1.ObjectFieldSelector',
  {
    apiVersion: string({ default: 'v1' }),
    fieldPath: required(string()),
  },
  { atomic: true },
)

export const resourceFieldSelector = object(
  'io.k8s.api.core.v1.ResourceFieldSelector',
  {
    containerName: string(),
    divisor: quantity(),
    resource: required(string()),
  },
  { atomic: true },
)

export interface ObjectFieldSelector extends Infer<typeof objectFieldSelector> {}
export interface ResourceFieldSelector extends Infer<typeof resourceFieldSelector> {}
