/** What is asked of a volume, and what was given: a PersistentVolumeClaim, and the claim an ephemeral volume makes. */
import { atomicList, described, map, mapList, object, present, quantity, required, string, time, type Infer } from '../schema.ts'
import { objectMeta } from '../meta.ts'
import { labelSelector } from './label_selector.ts'
import { typedLocalObjectReference, typedObjectReference } from './reference.ts'

export const volumeResourceRequirements = object('io.k8s.api.core.v1.VolumeResourceRequirements', {
  limits: map(quantity()),
  requests: map(quantity()),
})

export const persistentVolumeClaimSpec = object('io.k8s.api.core.v1.PersistentVolumeClaimSpec', {
  accessModes: atomicList(string(), { doc: 'Ways the volume must be usable in: ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod.' }),
  dataSource: typedLocalObjectReference,
  dataSourceRef: typedObjectReference,
  resources: present(volumeResourceRequirements, { doc: 'How large the volume must be at least: requests.storage.' }),
  selector: described(labelSelector, 'Which volumes will do, by their labels.'),
  storageClassName: string({ doc: 'The class of the volume. Left out: the default class. The empty text: a volume without a class.' }),
  volumeAttributesClassName: string(),
  volumeMode: string({ values: ['Block', 'Filesystem'], default: 'Filesystem' }),
  volumeName: string({ doc: 'The volume this claim is bound to, or shall be bound to.' }),
})

export const persistentVolumeClaimTemplate = object('io.k8s.api.core.v1.PersistentVolumeClaimTemplate', {
  metadata: objectMeta,
  spec: required(persistentVolumeClaimSpec),
})

export const persistentVolumeClaimCondition = object('io.k8s.api.core.v1.PersistentVolumeClaimCondition', {
  type: required(string()),
  lastProbeTime: time(),
  lastTransitionTime: time(),
  message: string(),
  reason: string(),
  status: required(string()),
})

export const modifyVolumeStatus = object('io.k8s.api.core.v1.ModifyVolumeStatus', {
  status: required(string()),
  targetVolumeAttributesClassName: string(),
})

export const persistentVolumeClaimStatus = object('io.k8s.api.core.v1.PersistentVolumeClaimStatus', {
  accessModes: atomicList(string(), { doc: 'Ways the bound volume can be used in.' }),
  allocatedResourceStatuses: map(string()),
  allocatedResources: map(quantity()),
  capacity: map(quantity(), { doc: 'How large the bound volume is.' }),
  conditions: mapList(persistentVolumeClaimCondition, ['type'], { patchMerge: true, patchMergeKey: 'type' }),
  currentVolumeAttributesClassName: string(),
  modifyVolumeStatus,
  phase: string({ values: ['Pending', 'Bound', 'Lost'], default: 'Pending', doc: 'Pending until it has a volume; Lost when that is gone.' }),
})

export interface VolumeResourceRequirements extends Infer<typeof volumeResourceRequirements> {}
export interface PersistentVolumeClaimSpec extends Infer<typeof persistentVolumeClaimSpec> {}
export interface PersistentVolumeClaimTemplate extends Infer<typeof persistentVolumeClaimTemplate> {}
export interface PersistentVolumeClaimCondition extends Infer<typeof persistentVolumeClaimCondition> {}
export interface PersistentVolumeClaimStatus extends Infer<typeof persistentVolumeClaimStatus> {}
