/** The claim an ephemeral volume makes. */
import { atomicList, map, object, present, quantity, required, string, type Infer } from '../schema.ts'
import { objectMeta } from '../meta.ts'
import { labelSelector } from './label_selector.ts'
import { typedLocalObjectReference, typedObjectReference } from './reference.ts'

export const volumeResourceRequirements = object('io.k8s.api.core.v1.VolumeResourceRequirements', {
  limits: map(quantity()),
  requests: map(quantity()),
})

export const persistentVolumeClaimSpec = object('io.k8s.api.core.v1.PersistentVolumeClaimSpec', {
  accessModes: atomicList(string()),
  dataSource: typedLocalObjectReference,
  dataSourceRef: typedObjectReference,
  resources: present(volumeResourceRequirements),
  selector: labelSelector,
  storageClassName: string(),
  volumeAttributesClassName: string(),
  volumeMode: string({ values: ['Block', 'Filesystem'], default: 'Filesystem' }),
  volumeName: string(),
})

export const persistentVolumeClaimTemplate = object('io.k8s.api.core.v1.PersistentVolumeClaimTemplate', {
  metadata: objectMeta,
  spec: required(persistentVolumeClaimSpec),
})

export interface VolumeResourceRequirements extends Infer<typeof volumeResourceRequirements> {}
export interface PersistentVolumeClaimSpec extends Infer<typeof persistentVolumeClaimSpec> {}
export interface PersistentVolumeClaimTemplate extends Infer<typeof persistentVolumeClaimTemplate> {}
