/** A condition in the form newer kinds share. */
import { int64, object, required, string, time, type Infer } from '../schema.ts'

export const condition = object('io.k8s.apimachinery.pkg.apis.meta.v1.Condition', {
  type: required(string()),
  lastTransitionTime: required(time()),
  message: required(string()),
  observedGeneration: int64(),
  reason: required(string()),
  status: required(string({ values: ['True', 'False', 'Unknown'] })),
})

export interface Condition extends Infer<typeof condition> {}
