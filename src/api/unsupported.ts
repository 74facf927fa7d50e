/**
 * Fields that are taken, checked and kept, and that nothing acts on yet. Whoever writes one is told so by a Warning.
 * Making a field work is deleting its row here and changing its line in docs/compatibility.md.
 */

export interface UnsupportedField {
  /** `spec.containers[].lifecycle.stopSignal`; `[]` stands for every item of a list, `['a.b/c']` for a name with dots. */
  readonly path: string
  /** What the writer is told, behind the path. */
  readonly says: string
  /** Only these values are not acted on. Any value, if nothing is said. */
  readonly only?: readonly unknown[]
  /** These values are acted on, or ask for nothing. */
  readonly unless?: readonly unknown[]
}

const NOT_YET = 'Poise does not act on this field yet'
const ALPHA = 'an alpha field, off in Kubernetes 1.34; Poise does not act on it'
const SELINUX = 'passed on to the container runtime; Poise labels no volumes, and of no effect where the kernel has no SELinux'
const CANNOT_MOUNT = 'Poise cannot mount this kind of volume yet; the Pod will stay ContainerCreating'

/** Kinds of volumes that need a storage system, or a runtime, that Poise cannot speak to. */
export const UNSUPPORTED_VOLUMES = [
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'csi',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'gitRepo',
  'glusterfs',
  'image',
  'iscsi',
  'nfs',
  'photonPersistentDisk',
  'portworxVolume',
  'quobyte',
  'rbd',
  'scaleIO',
  'storageos',
  'vsphereVolume',
] as const

/** Of those, the ones that volumes of Pods have and PersistentVolumes do not. */
const OF_PODS_ALONE: ReadonlySet<string> = new Set(['gitRepo', 'image'])
const CANNOT_USE = 'Poise cannot mount this kind of volume; Pods that use it will stay ContainerCreating'
const NO_BLOCK_VOLUMES = 'Poise has no block volumes yet; Pods that use it will stay ContainerCreating'
const NO_MOUNT_OPTIONS = 'Poise mounts no file systems of volumes, and so no options apply'
const NO_ATTRIBUTES = 'Poise has no VolumeAttributesClasses; nobody changes the attributes of a volume'

const CLAIM: readonly UnsupportedField[] = [
  { path: 'spec.volumeAttributesClassName', says: NO_ATTRIBUTES },
  { path: 'spec.volumeMode', only: ['Block'], says: NO_BLOCK_VOLUMES },
]

const CONTAINER: readonly UnsupportedField[] = [
  { path: 'env[].valueFrom.fileKeyRef', says: `${ALPHA}, and the container will not start` },
  { path: 'lifecycle.stopSignal', says: ALPHA },
  { path: 'resources.claims', says: 'Poise has no devices to claim; the container starts without' },
  { path: 'restartPolicyRules', says: ALPHA },
  { path: 'securityContext.seLinuxOptions', says: SELINUX },
  { path: 'securityContext.windowsOptions', says: 'Poise has Linux nodes only' },
  { path: 'volumeDevices', says: 'Poise has no block volumes yet; the container will not start' },
]

const inContainers: readonly UnsupportedField[] = ['initContainers', 'containers', 'ephemeralContainers'].flatMap(list => below(`spec.${list}[]`, CONTAINER))

const POD: readonly UnsupportedField[] = [
  { path: 'spec.hostUsers', only: [false], says: 'Poise makes no user namespaces yet; the Pod will stay ContainerCreating' },
  { path: 'spec.hostnameOverride', says: ALPHA },
  { path: 'spec.resourceClaims', says: 'Poise has no devices to claim; the Pod starts without' },
  { path: 'spec.securityContext.seLinuxChangePolicy', says: NOT_YET },
  { path: 'spec.securityContext.seLinuxOptions', says: SELINUX },
  { path: 'spec.securityContext.windowsOptions', says: 'Poise has Linux nodes only' },
  { path: 'spec.volumes[].emptyDir.medium', unless: ['', 'Memory'], says: 'Poise makes a plain directory on disk' },
  { path: 'spec.volumes[].projected.sources[].clusterTrustBundle', says: CANNOT_MOUNT },
  { path: 'spec.volumes[].projected.sources[].podCertificate', says: CANNOT_MOUNT },
  ...UNSUPPORTED_VOLUMES.map(kind => ({ path: `spec.volumes[].${kind}`, says: CANNOT_MOUNT })),
  ...inContainers,
]

/** The Pods that a workload makes: a Warning is of use where they are written, not where they are made. */
const TEMPLATE = below('spec.template', POD)

/** By kind. Of other kinds nothing is to be said. */
const BY_KIND: Readonly<Record<string, readonly UnsupportedField[]>> = {
  Pod: POD,
  DaemonSet: TEMPLATE,
  Deployment: TEMPLATE,
  CronJob: below('spec.jobTemplate', TEMPLATE),
  Job: TEMPLATE,
  ReplicaSet: TEMPLATE,
  ReplicationController: TEMPLATE,
  StatefulSet: [...TEMPLATE, ...below('spec.volumeClaimTemplates[]', CLAIM), { path: 'spec.updateStrategy.rollingUpdate.maxUnavailable', says: ALPHA }],
  Service: [
    { path: 'spec.healthCheckNodePort', says: 'Poise runs no health check of load balancers yet' },
    { path: 'spec.loadBalancerSourceRanges', says: 'Poise lets everybody in who reaches the address' },
  ],
  HorizontalPodAutoscaler: ['scaleUp', 'scaleDown'].map(rules => ({ path: `spec.behavior.${rules}.tolerance`, says: ALPHA })),
  Node: [{ path: 'spec.configSource', says: 'no longer part of Kubernetes; Poise does not act on it' }],
  Secret: [
    { path: 'type', only: ['kubernetes.io/service-account-token'], says: 'Poise does not fill in the token; use kubectl create token' },
    { path: 'type', only: ['bootstrap.kubernetes.io/token'], says: 'Poise does not let anybody in by such a token' },
  ],
  Namespace: ['enforce', 'audit', 'warn'].map(mode => ({
    path: `metadata.labels['pod-security.kubernetes.io/${mode}']`,
    says: 'Poise does not check Pods against security standards yet',
  })),
  PersistentVolume: [
    ...UNSUPPORTED_VOLUMES.filter(source => !OF_PODS_ALONE.has(source)).map(source => ({ path: `spec.${source}`, says: CANNOT_USE })),
    { path: 'spec.local.fsType', says: 'Poise uses directories of nodes as they are' },
    { path: 'spec.mountOptions', says: NO_MOUNT_OPTIONS },
    ...CLAIM,
  ],
  PersistentVolumeClaim: CLAIM,
  StorageClass: [{ path: 'mountOptions', says: NO_MOUNT_OPTIONS }],
  Lease: [
    { path: 'spec.preferredHolder', says: NOT_YET },
    { path: 'spec.strategy', says: NOT_YET },
  ],
}

export const unsupportedFieldsOf = (kind: string): readonly UnsupportedField[] => (Object.hasOwn(BY_KIND, kind) ? BY_KIND[kind]! : [])

/** The same rows for a place further down, such as the template of a workload. */
function below(prefix: string, fields: readonly UnsupportedField[]): readonly UnsupportedField[] {
  return fields.map(field => ({ ...field, path: `${prefix}.${field.path}` }))
}
