/** Volumes of a Pod. */
import { atomicList, boolean, int32, object, quantity, required, string, type Infer } from '../schema.ts'
import {
  awsElasticBlockStoreVolumeSource,
  azureDiskVolumeSource,
  azureFileVolumeSource,
  cephFSVolumeSource,
  cinderVolumeSource,
  csiVolumeSource,
  fcVolumeSource,
  flexVolumeSource,
  flockerVolumeSource,
  gcePersistentDiskVolumeSource,
  gitRepoVolumeSource,
  glusterfsVolumeSource,
  iscsiVolumeSource,
  nfsVolumeSource,
  photonPersistentDiskVolumeSource,
  portworxVolumeSource,
  quobyteVolumeSource,
  rbdVolumeSource,
  scaleIOVolumeSource,
  storageOSVolumeSource,
  vsphereVirtualDiskVolumeSource,
} from './network_volume.ts'
import { persistentVolumeClaimTemplate } from './persistent_volume_claim.ts'
import { downwardAPIVolumeFile, keyToPath, projectedVolumeSource } from './projected_volume.ts'

export const configMapVolumeSource = object('io.k8s.api.core.v1.ConfigMapVolumeSource', {
  name: string(),
  defaultMode: int32({ default: 420 }),
  items: atomicList(keyToPath),
  optional: boolean(),
})

export const secretVolumeSource = object('io.k8s.api.core.v1.SecretVolumeSource', {
  defaultMode: int32({ default: 420 }),
  items: atomicList(keyToPath),
  optional: boolean(),
  secretName: string(),
})

export const downwardAPIVolumeSource = object('io.k8s.api.core.v1.DownwardAPIVolumeSource', {
  defaultMode: int32({ default: 420 }),
  items: atomicList(downwardAPIVolumeFile),
})

export const emptyDirVolumeSource = object('io.k8s.api.core.v1.EmptyDirVolumeSource', {
  medium: string(),
  sizeLimit: quantity(),
})

export const hostPathVolumeSource = object('io.k8s.api.core.v1.HostPathVolumeSource', {
  type: string({ values: ['', 'DirectoryOrCreate', 'Directory', 'FileOrCreate', 'File', 'Socket', 'CharDevice', 'BlockDevice'], default: '' }),
  path: required(string()),
})

export const imageVolumeSource = object('io.k8s.api.core.v1.ImageVolumeSource', {
  pullPolicy: string({ values: ['Always', 'IfNotPresent', 'Never'] }),
  reference: string(),
})

export const persistentVolumeClaimVolumeSource = object('io.k8s.api.core.v1.PersistentVolumeClaimVolumeSource', {
  claimName: required(string()),
  readOnly: boolean(),
})

export const ephemeralVolumeSource = object('io.k8s.api.core.v1.EphemeralVolumeSource', {
  volumeClaimTemplate: persistentVolumeClaimTemplate,
})

export const volume = object('io.k8s.api.core.v1.Volume', {
  name: required(string()),
  awsElasticBlockStore: awsElasticBlockStoreVolumeSource,
  azureDisk: azureDiskVolumeSource,
  azureFile: azureFileVolumeSource,
  cephfs: cephFSVolumeSource,
  cinder: cinderVolumeSource,
  configMap: configMapVolumeSource,
  csi: csiVolumeSource,
  downwardAPI: downwardAPIVolumeSource,
  emptyDir: emptyDirVolumeSource,
  ephemeral: ephemeralVolumeSource,
  fc: fcVolumeSource,
  flexVolume: flexVolumeSource,
  flocker: flockerVolumeSource,
  gcePersistentDisk: gcePersistentDiskVolumeSource,
  gitRepo: gitRepoVolumeSource,
  glusterfs: glusterfsVolumeSource,
  hostPath: hostPathVolumeSource,
  image: imageVolumeSource,
  iscsi: iscsiVolumeSource,
  nfs: nfsVolumeSource,
  persistentVolumeClaim: persistentVolumeClaimVolumeSource,
  photonPersistentDisk: photonPersistentDiskVolumeSource,
  portworxVolume: portworxVolumeSource,
  projected: projectedVolumeSource,
  quobyte: quobyteVolumeSource,
  rbd: rbdVolumeSource,
  scaleIO: scaleIOVolumeSource,
  secret: secretVolumeSource,
  storageos: storageOSVolumeSource,
  vsphereVolume: vsphereVirtualDiskVolumeSource,
})

export interface ConfigMapVolumeSource extends Infer<typeof configMapVolumeSource> {}
export interface SecretVolumeSource extends Infer<typeof secretVolumeSource> {}
export interface DownwardAPIVolumeSource extends Infer<typeof downwardAPIVolumeSource> {}
export interface EmptyDirVolumeSource extends Infer<typeof emptyDirVolumeSource> {}
export interface HostPathVolumeSource extends Infer<typeof hostPathVolumeSource> {}
export interface ImageVolumeSource extends Infer<typeof imageVolumeSource> {}
export interface PersistentVolumeClaimVolumeSource extends Infer<typeof persistentVolumeClaimVolumeSource> {}
export interface EphemeralVolumeSource extends Infer<typeof ephemeralVolumeSource> {}
export interface Volume extends Infer<typeof volume> {}
