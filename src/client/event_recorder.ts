import type { KubernetesObject } from '../api/meta.ts'

/** Writes Events about objects, as `kubectl describe` shows them. Repeated ones are counted, floods are dropped. Never throws. */
export interface EventRecorder {
  /** `fieldPath` names the part of the object: `spec.containers{web}`. */
  normal(about: KubernetesObject, reason: string, message: string, fieldPath?: string): void
  warning(about: KubernetesObject, reason: string, message: string, fieldPath?: string): void
}
