/** Namespaces. */
import { atomicList, mapList, object, required, string, time, type Infer } from '../schema.ts'

export const namespaceSpec = object('io.k8s.api.core.v1.NamespaceSpec', {
  finalizers: atomicList(string()),
})

export const namespaceCondition = object('io.k8s.api.core.v1.NamespaceCondition', {
  type: required(string()),
  lastTransitionTime: time(),
  message: string(),
  reason: string(),
  status: required(string({ values: ['True', 'False', 'Unknown'] })),
})

export const namespaceStatus = object('io.k8s.api.core.v1.NamespaceStatus', {
  conditions: mapList(namespaceCondition, ['type'], { patchMerge: true, patchMergeKey: 'type' }),
  phase: string({ values: ['Active', 'Terminating'], default: 'Active' }),
})

export interface NamespaceSpec extends Infer<typeof namespaceSpec> {}
export interface NamespaceCondition extends Infer<typeof namespaceCondition> {}
export interface NamespaceStatus extends Infer<typeof namespaceStatus> {}
