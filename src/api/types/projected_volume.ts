/** Volumes whose files come from other objects. */
import { atomicList, boolean, int32, int64, object, required, string, type Infer } from '../schema.ts'
import { objectFieldSelector, resourceFieldSelector } from './field_selector.ts'
import { labelSelector } from './label_selector.ts'

export const keyToPath = object('io.k8s.api.core.v1.KeyToPath', {
  key: required(string()),
  mode: int32(),
  path: required(string()),
})

export const configMapProjection = object('io.k8s.api.core.v1.ConfigMapProjection', {
  name: string(),
  items: atomicList(keyToPath),
  optional: boolean(),
})

export const secretProjection = object('io.k8s.api.core.v1.SecretProjection', {
  name: string(),
  items: atomicList(keyToPath),
  optional: boolean(),
})

export const downwardAPIVolumeFile = object('io.k8s.api.core.v1.DownwardAPIVolumeFile', {
  fieldRef: objectFieldSelector,
  mode: int32(),
  path: required(string()),
  resourceFieldRef: resourceFieldSelector,
})

export const downwardAPIProjection = object('io.k8s.api.core.v1.DownwardAPIProjection', {
  items: atomicList(downwardAPIVolumeFile),
})

export const serviceAccountTokenProjection = object('io.k8s.api.core.v1.ServiceAccountTokenProjection', {
  audience: string(),
  expirationSeconds: int64({ default: 3600 }),
  path: required(string()),
})

export const clusterTrustBundleProjection = object('io.k8s.api.core.v1.ClusterTrustBundleProjection', {
  name: string(),
  labelSelector,
  optional: boolean(),
  path: required(string()),
  signerName: string(),
})

export const podCertificateProjection = object('io.k8s.api.core.v1.PodCertificateProjection', {
  certificateChainPath: string(),
  credentialBundlePath: string(),
  keyPath: string(),
  keyType: required(string()),
  maxExpirationSeconds: int32(),
  signerName: required(string()),
})

export const volumeProjection = object('io.k8s.api.core.v1.VolumeProjection', {
  clusterTrustBundle: clusterTrustBundleProjection,
  configMap: configMapProjection,
  downwardAPI: downwardAPIProjection,
  podCertificate: podCertificateProjection,
  secret: secretProjection,
  serviceAccountToken: serviceAccountTokenProjection,
})

export const projectedVolumeSource = object('io.k8s.api.core.v1.ProjectedVolumeSource', {
  defaultMode: int32({ default: 420 }),
  sources: atomicList(volumeProjection),
})

export interface KeyToPath extends Infer<typeof keyToPath> {}
export interface ConfigMapProjection extends Infer<typeof configMapProjection> {}
export interface SecretProjection extends Infer<typeof secretProjection> {}
export interface DownwardAPIVolumeFile extends Infer<typeof downwardAPIVolumeFile> {}
export interface DownwardAPIProjection extends Infer<typeof downwardAPIProjection> {}
export interface ServiceAccountTokenProjection extends Infer<typeof serviceAccountTokenProjection> {}
export interface ClusterTrustBundleProjection extends Infer<typeof clusterTrustBundleProjection> {}
export interface PodCertificateProjection extends Infer<typeof podCertificateProjection> {}
export interface VolumeProjection extends Infer<typeof volumeProjection> {}
export interface ProjectedVolumeSource extends Infer<typeof projectedVolumeSource> {}
