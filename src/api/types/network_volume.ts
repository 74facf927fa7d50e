/** Volume sources that need a storage system. Poise keeps them as they are and mounts none of them. */
import { atomicList, boolean, int32, map, object, required, string, type Infer } from '../schema.ts'
import { localObjectReference } from './reference.ts'

export const awsElasticBlockStoreVolumeSource = object('io.k8s.api.core.v1.AWSElasticBlockStoreVolumeSource', {
  fsType: string(),
  partition: int32(),
  readOnly: boolean(),
  volumeID: required(string()),
})

export const azureDiskVolumeSource = object('io.k8s.api.core.v1.AzureDiskVolumeSource', {
  cachingMode: string({ default: 'ReadWrite' }),
  diskName: required(string()),
  diskURI: required(string()),
  fsType: string({ default: 'ext4' }),
  kind: string({ default: 'Shared' }),
  readOnly: boolean({ default: false }),
})

export const azureFileVolumeSource = object('io.k8s.api.core.v1.AzureFileVolumeSource', {
  readOnly: boolean(),
  secretName: required(string()),
  shareName: required(string()),
})

export const csiVolumeSource = object('io.k8s.api.core.v1.CSIVolumeSource', {
  driver: required(string()),
  fsType: string(),
  nodePublishSecretRef: localObjectReference,
  readOnly: boolean(),
  volumeAttributes: map(string()),
})

export const cephFSVolumeSource = object('io.k8s.api.core.v1.CephFSVolumeSource', {
  monitors: required(atomicList(string())),
  path: string(),
  readOnly: boolean(),
  secretFile: string(),
  secretRef: localObjectReference,
  user: string(),
})

export const cinderVolumeSource = object('io.k8s.api.core.v1.CinderVolumeSource', {
  fsType: string(),
  readOnly: boolean(),
  secretRef: localObjectReference,
  volumeID: required(string()),
})

export const fcVolumeSource = object('io.k8s.api.core.v1.FCVolumeSource', {
  fsType: string(),
  lun: int32(),
  readOnly: boolean(),
  targetWWNs: atomicList(string()),
  wwids: atomicList(string()),
})

export const flexVolumeSource = object('io.k8s.api.core.v1.FlexVolumeSource', {
  driver: required(string()),
  fsType: string(),
  options: map(string()),
  readOnly: boolean(),
  secretRef: localObjectReference,
})

export const flockerVolumeSource = object('io.k8s.api.core.v1.FlockerVolumeSource', {
  datasetName: string(),
  datasetUUID: string(),
})

export const gcePersistentDiskVolumeSource = object('io.k8s.api.core.v1.GCEPersistentDiskVolumeSource', {
  fsType: string(),
  partition: int32(),
  pdName: required(string()),
  readOnly: boolean(),
})

export const gitRepoVolumeSource = object('io.k8s.api.core.v1.GitRepoVolumeSource', {
  directory: string(),
  repository: required(string()),
  revision: string(),
})

export const glusterfsVolumeSource = object('io.k8s.api.core.v1.GlusterfsVolumeSource', {
  endpoints: required(string()),
  path: required(string()),
  readOnly: boolean(),
})

export const iscsiVolumeSource = object('io.k8s.api.core.v1.ISCSIVolumeSource', {
  chapAuthDiscovery: boolean(),
  chapAuthSession: boolean(),
  fsType: string(),
  initiatorName: string(),
  iqn: required(string()),
  iscsiInterface: string({ default: 'default' }),
  lun: required(int32()),
  portals: atomicList(string()),
  readOnly: boolean(),
  secretRef: localObjectReference,
  targetPortal: required(string()),
})

export const nfsVolumeSource = object('io.k8s.api.core.v1.NFSVolumeSource', {
  path: required(string()),
  readOnly: boolean(),
  server: required(string()),
})

export const photonPersistentDiskVolumeSource = object('io.k8s.api.core.v1.PhotonPersistentDiskVolumeSource', {
  fsType: string(),
  pdID: required(string()),
})

export const portworxVolumeSource = object('io.k8s.api.core.v1.PortworxVolumeSource', {
  fsType: string(),
  readOnly: boolean(),
  volumeID: required(string()),
})

export const quobyteVolumeSource = object('io.k8s.api.core.v1.QuobyteVolumeSource', {
  group: string(),
  readOnly: boolean(),
  registry: required(string()),
  tenant: string(),
  user: string(),
  volume: required(string()),
})

export const rbdVolumeSource = object('io.k8s.api.core.v1.RBDVolumeSource', {
  fsType: string(),
  image: required(string()),
  keyring: string({ default: '/etc/ceph/keyring' }),
  monitors: required(atomicList(string())),
  pool: string({ default: 'rbd' }),
  readOnly: boolean(),
  secretRef: localObjectReference,
  user: string({ default: 'admin' }),
})

export const scaleIOVolumeSource = object('io.k8s.api.core.v1.ScaleIOVolumeSource', {
  fsType: string({ default: 'xfs' }),
  gateway: required(string()),
  protectionDomain: string(),
  readOnly: boolean(),
  secretRef: required(localObjectReference),
  sslEnabled: boolean(),
  storageMode: string({ default: 'ThinProvisioned' }),
  storagePool: string(),
  system: required(string()),
  volumeName: string(),
})

export const storageOSVolumeSource = object('io.k8s.api.core.v1.StorageOSVolumeSource', {
  fsType: string(),
  readOnly: boolean(),
  secretRef: localObjectReference,
  volumeName: string(),
  volumeNamespace: string(),
})

export const vsphereVirtualDiskVolumeSource = object('io.k8s.api.core.v1.VsphereVirtualDiskVolumeSource', {
  fsType: string(),
  storagePolicyID: string(),
  storagePolicyName: string(),
  volumePath: required(string()),
})

export interface AWSElasticBlockStoreVolumeSource extends Infer<typeof awsElasticBlockStoreVolumeSource> {}
export interface AzureDiskVolumeSource extends Infer<typeof azureDiskVolumeSource> {}
export interface AzureFileVolumeSource extends Infer<typeof azureFileVolumeSource> {}
export interface CSIVolumeSource extends Infer<typeof csiVolumeSource> {}
export interface CephFSVolumeSource extends Infer<typeof cephFSVolumeSource> {}
export interface CinderVolumeSource extends Infer<typeof cinderVolumeSource> {}
export interface FCVolumeSource extends Infer<typeof fcVolumeSource> {}
export interface FlexVolumeSource extends Infer<typeof flexVolumeSource> {}
export interface FlockerVolumeSource extends Infer<typeof flockerVolumeSource> {}
export interface GCEPersistentDiskVolumeSource extends Infer<typeof gcePersistentDiskVolumeSource> {}
export interface GitRepoVolumeSource extends Infer<typeof gitRepoVolumeSource> {}
export interface GlusterfsVolumeSource extends Infer<typeof glusterfsVolumeSource> {}
export interface ISCSIVolumeSource extends Infer<typeof iscsiVolumeSource> {}
export interface NFSVolumeSource extends Infer<typeof nfsVolumeSource> {}
export interface PhotonPersistentDiskVolumeSource extends Infer<typeof photonPersistentDiskVolumeSource> {}
export interface PortworxVolumeSource extends Infer<typeof portworxVolumeSource> {}
export interface QuobyteVolumeSource extends Infer<typeof quobyteVolumeSource> {}
export interface RBDVolumeSource extends Infer<typeof rbdVolumeSource> {}
export interface ScaleIOVolumeSource extends Infer<typeof scaleIOVolumeSource> {}
export interface StorageOSVolumeSource extends Infer<typeof storageOSVolumeSource> {}
export interface VsphereVirtualDiskVolumeSource extends Infer<typeof vsphereVirtualDiskVolumeSource> {}
