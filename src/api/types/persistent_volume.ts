/** A piece of storage of the cluster: what it is, whose it is, and what becomes of it. */
import { atomicList, described, map, object, quantity, required, string, time, type Infer } from '../schema.ts'
import { nodeSelector } from './affinity.ts'
import {
  awsElasticBlockStoreVolumeSource,
  azureDiskVolumeSource,
  fcVolumeSource,
  flockerVolumeSource,
  gcePersistentDiskVolumeSource,
  nfsVolumeSource,
  photonPersistentDiskVolumeSource,
  portworxVolumeSource,
  quobyteVolumeSource,
  vsphereVirtualDiskVolumeSource,
} from './network_volume.ts'
import {
  azureFilePersistentVolumeSource,
  cephFSPersistentVolumeSource,
  cinderPersistentVolumeSource,
  csiPersistentVolumeSource,
  flexPersistentVolumeSource,
  glusterfsPersistentVolumeSource,
  iscsiPersistentVolumeSource,
  rbdPersistentVolumeSource,
  scaleIOPersistentVolumeSource,
  storageOSPersistentVolumeSource,
} from './persistent_volume_source.ts'
import { objectReference } from './reference.ts'
import { hostPathVolumeSource } from './volume.ts'

export const localVolumeSource = object('io.k8s.api.core.v1.LocalVolumeSource', {
  fsType: string(),
  path: required(string({ doc: 'A directory of the node.' })),
})

export const volumeNodeAffinity = object('io.k8s.api.core.v1.VolumeNodeAffinity', {
  required: nodeSelector,
})

/** Where a PersistentVolume keeps its data: one of these. */
export const persistentVolumeSources = {
  awsElasticBlockStore: awsElasticBlockStoreVolumeSource,
  azureDisk: azureDiskVolumeSource,
  azureFile: azureFilePersistentVolumeSource,
  cephfs: cephFSPersistentVolumeSource,
  cinder: cinderPersistentVolumeSource,
  csi: csiPersistentVolumeSource,
  fc: fcVolumeSource,
  flexVolume: flexPersistentVolumeSource,
  flocker: flockerVolumeSource,
  gcePersistentDisk: gcePersistentDiskVolumeSource,
  glusterfs: glusterfsPersistentVolumeSource,
  hostPath: hostPathVolumeSource,
  iscsi: iscsiPersistentVolumeSource,
  local: localVolumeSource,
  nfs: nfsVolumeSource,
  photonPersistentDisk: photonPersistentDiskVolumeSource,
  portworxVolume: portworxVolumeSource,
  quobyte: quobyteVolumeSource,
  rbd: rbdPersistentVolumeSource,
  scaleIO: scaleIOPersistentVolumeSource,
  storageos: storageOSPersistentVolumeSource,
  vsphereVolume: vsphereVirtualDiskVolumeSource,
} as const

/** Unlike elsewhere, server-side apply owns this reference field by field: whoever names the claim need not know its uid. */
const claimReference = object(objectReference.name, objectReference.fields)

export const persistentVolumeSpec = object('io.k8s.api.core.v1.PersistentVolumeSpec', {
  accessModes: atomicList(string(), { doc: 'Ways the volume can be used in.' }),
  ...persistentVolumeSources,
  capacity: map(quantity(), { doc: 'How large the volume is: storage.' }),
  claimRef: described(claimReference, 'The claim that has this volume, or shall have it.'),
  mountOptions: atomicList(string()),
  nodeAffinity: described(volumeNodeAffinity, 'The nodes that can reach the volume.'),
  persistentVolumeReclaimPolicy: string({
    values: ['Delete', 'Recycle', 'Retain'],
    default: 'Retain',
    doc: 'What becomes of the volume when its claim is deleted.',
  }),
  storageClassName: string({ doc: 'The class the volume belongs to; none, if empty.' }),
  volumeAttributesClassName: string(),
  volumeMode: string({ values: ['Block', 'Filesystem'], default: 'Filesystem' }),
})

export const persistentVolumeStatus = object('io.k8s.api.core.v1.PersistentVolumeStatus', {
  lastPhaseTransitionTime: time(),
  message: string(),
  phase: string({ values: ['Pending', 'Available', 'Bound', 'Released', 'Failed'], default: 'Pending', doc: 'Whether a claim has it, or had it.' }),
  reason: string(),
})

export interface LocalVolumeSource extends Infer<typeof localVolumeSource> {}
export interface PersistentVolumeSpec extends Infer<typeof persistentVolumeSpec> {}
export interface PersistentVolumeStatus extends Infer<typeof persistentVolumeStatus> {}
