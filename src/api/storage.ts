/** What several components must know of volumes and claims: names of annotations and finalizers, the class, the size. */
import type { PersistentVolume } from './kinds/persistent_volume.ts'
import type { PersistentVolumeClaim } from './kinds/persistent_volume_claim.ts'
import type { StorageClass } from './kinds/storage_class.ts'

export const CLAIM_PROTECTION = 'kubernetes.io/pvc-protection'
export const VOLUME_PROTECTION = 'kubernetes.io/pv-protection'

/** On a class: claims that name no class get this one. */
export const IS_DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class'
const BETA_IS_DEFAULT_CLASS = 'storageclass.beta.kubernetes.io/is-default-class'
/** On volumes and claims, from before there was a field for it; it still counts, and counts first. */
export const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class'

/** On a claim whose class waits for its first consumer: the node the scheduler chose for that Pod. */
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node'
/** On a claim that needs a new volume: who shall make it. The second is the older name; both are written. */
export const STORAGE_PROVISIONER = 'volume.kubernetes.io/storage-provisioner'
export const BETA_STORAGE_PROVISIONER = 'volume.beta.kubernetes.io/storage-provisioner'
/** On a claim: the binding is complete; a volume that is missing from now on is lost. */
export const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed'
/** On a volume or claim: the reference to the other was written by the controller, not by a user. */
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller'
/** On a volume: who made it. */
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by'

export const isDefaultClass = ({ metadata: { annotations } }: StorageClass): boolean =>
  annotations?.[IS_DEFAULT_CLASS] === 'true' || annotations?.[BETA_IS_DEFAULT_CLASS] === 'true'

/** The class a claim asks for. Undefined: nothing is said, and the default class may be filled in. '': none. */
export const classOfClaim = ({ metadata, spec }: PersistentVolumeClaim): string | undefined => metadata.annotations?.[CLASS_ANNOTATION] ?? spec.storageClassName

/** The class of a volume, '' for none. */
export const classOfVolume = ({ metadata, spec }: PersistentVolume): string => metadata.annotations?.[CLASS_ANNOTATION] ?? spec.storageClassName ?? ''

/** Of several default classes the newest counts, and of those as new the first by name (Kubernetes since 1.26). */
export function defaultClassOf(classes: readonly StorageClass[]): StorageClass | undefined {
  const createdAt = ({ metadata }: StorageClass) => metadata.creationTimestamp ?? ''
  const nameOf = ({ metadata }: StorageClass) => metadata.name ?? ''
  const [newest] = classes
    .filter(isDefaultClass)
    .sort((a, b) => (createdAt(a) === createdAt(b) ? (nameOf(a) < nameOf(b) ? -1 : 1) : createdAt(a) < createdAt(b) ? 1 : -1))
  return newest
}

/** Both the controller and the scheduler must see the binding as complete before the volume may be used. */
export const isBound = ({ metadata, spec }: PersistentVolumeClaim): boolean => Boolean(spec.volumeName) && metadata.annotations?.[BIND_COMPLETED] !== undefined

/** `RWO,ROX`, in the order tables have them. */
export function printAccessModes(modes: readonly string[] | undefined): string {
  return ACCESS_MODES.filter(({ mode }) => modes?.includes(mode))
    .map(({ short }) => short)
    .join(',')
}

const ACCESS_MODES = [
  { mode: 'ReadWriteOnce', short: 'RWO' },
  { mode: 'ReadOnlyMany', short: 'ROX' },
  { mode: 'ReadWriteMany', short: 'RWX' },
  { mode: 'ReadWriteOncePod', short: 'RWOP' },
] as const

/** Directories of the nodes: the provisioner of the class every cluster has, and the default. */
export const LOCAL_PATH_PROVISIONER = 'poise.dev/local-path'
export const STANDARD_CLASS = 'standard'
/** Who asks kubelets to make and remove directories; kubelets listen to nobody else about it. */
export const LOCAL_PATH_USER = 'system:serviceaccount:kube-system:local-path-provisioner'
/** On a volume that its provisioner made and must take away: without it the object would go before the data. */
export const PROVISIONER_FINALIZER = 'external-provisioner.volume.kubernetes.io/finalizer'
