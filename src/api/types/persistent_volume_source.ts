/** Sources of PersistentVolumes that name a Secret in another namespace than a Pod's volume may. Poise mounts none of them. */
import { atomicList, boolean, int32, map, object, required, string } from '../schema.ts'
import { objectReference } from './reference.ts'

const secretReference = object('io.k8s.api.core.v1.SecretReference', { name: string(), namespace: string() }, { atomic: true })

export const azureFilePersistentVolumeSource = object('io.k8s.api.core.v1.AzureFilePersistentVolumeSource', {
  readOnly: boolean(),
  secretName: required(string()),
  secretNamespace: string(),
  shareName: required(string()),
})

export const cephFSPersistentVolumeSource = object('io.k8s.api.core.v1.CephFSPersistentVolumeSource', {
  monitors: required(atomicList(string())),
  path: string(),
  readOnly: boolean(),
  secretFile: string(),
  secretRef: secretReference,
  user: string(),
})

export const cinderPersistentVolumeSource = object('io.k8s.api.core.v1.CinderPersistentVolumeSource', {
  fsType: string(),
  readOnly: boolean(),
  secretRef: secretReference,
  volumeID: required(string()),
})

export const csiPersistentVolumeSource = object('io.k8s.api.core.v1.CSIPersistentVolumeSource', {
  controllerExpandSecretRef: secretReference,
  controllerPublishSecretRef: secretReference,
  driver: required(string()),
  fsType: string(),
  nodeExpandSecretRef: secretReference,
  nodePublishSecretRef: secretReference,
  nodeStageSecretRef: secretReference,
  readOnly: boolean(),
  volumeAttributes: map(string()),
  volumeHandle: required(string()),
})

export const flexPersistentVolumeSource = object('io.k8s.api.core.v1.FlexPersistentVolumeSource', {
  driver: required(string()),
  fsType: string(),
  options: map(string()),
  readOnly: boolean(),
  secretRef: secretReference,
})

export const glusterfsPersistentVolumeSource = object('io.k8s.api.core.v1.GlusterfsPersistentVolumeSource', {
  endpoints: required(string()),
  endpointsNamespace: string(),
  path: required(string()),
  readOnly: boolean(),
})

export const iscsiPersistentVolumeSource = object('io.k8s.api.core.v1.ISCSIPersistentVolumeSource', {
  chapAuthDiscovery: boolean(),
  chapAuthSession: boolean(),
  fsType: string(),
  initiatorName: string(),
  iqn: required(string()),
  iscsiInterface: string({ default: 'default' }),
  lun: required(int32()),
  portals: atomicList(string()),
  readOnly: boolean(),
  secretRef: secretReference,
  targetPortal: required(string()),
})

export const rbdPersistentVolumeSource = object('io.k8s.api.core.v1.RBDPersistentVolumeSource', {
  fsType: string(),
  image: required(string()),
  keyring: string({ default: '/etc/ceph/keyring' }),
  monitors: required(atomicList(string())),
  pool: string({ default: 'rbd' }),
  readOnly: boolean(),
  secretRef: secretReference,
  user: string({ default: 'admin' }),
})

export const scaleIOPersistentVolumeSource = object('io.k8s.api.core.v1.ScaleIOPersistentVolumeSource', {
  fsType: string({ default: 'xfs' }),
  gateway: required(string()),
  protectionDomain: string(),
  readOnly: boolean(),
  secretRef: required(secretReference),
  sslEnabled: boolean(),
  storageMode: string({ default: 'ThinProvisioned' }),
  storagePool: string(),
  system: required(string()),
  volumeName: string(),
})

export const storageOSPersistentVolumeSource = object('io.k8s.api.core.v1.StorageOSPersistentVolumeSource', {
  fsType: string(),
  readOnly: boolean(),
  secretRef: objectReference,
  volumeName: string(),
  volumeNamespace: string(),
})
