/** What is next for one claim. Decides and touches nothing. */
import type { PersistentVolumeClaim } from '../../api/kinds/persistent_volume_claim.ts'
import type { PersistentVolume } from '../../api/kinds/persistent_volume.ts'
import type { StorageClass } from '../../api/kinds/storage_class.ts'
import { BIND_COMPLETED, BOUND_BY_CONTROLLER, SELECTED_NODE, classOfClaim } from '../../api/storage.ts'
import { findMatchingVolume, isVolumeFor, mismatchOf } from '../../api/volume_matching.ts'

export interface ClaimEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

export type ClaimStep =
  /** The two belong together: what is missing of the binding is written. */
  | { readonly is: 'bind'; readonly volume: PersistentVolume }
  /** Somebody must make a volume: the provisioner of the class, who is told by an annotation. */
  | { readonly is: 'provision'; readonly provisioner: string; readonly event: ClaimEvent }
  /** The claim was made when there was no default class; now there is one. */
  | { readonly is: 'assignClass'; readonly name: string }
  | { readonly is: 'wait'; readonly event: ClaimEvent | undefined }
  | { readonly is: 'lost'; readonly event: ClaimEvent }

export interface ClaimSurroundings {
  readonly volumes: readonly PersistentVolume[]
  /** The one the claim names, if it is there. */
  readonly named: PersistentVolume | undefined
  classNamed(name: string): StorageClass | undefined
  readonly defaultClass: StorageClass | undefined
  /** Names of the Pods that name the claim and have no node, in order. */
  readonly unscheduledPods: readonly string[]
}

export function planClaim(claim: PersistentVolumeClaim, around: ClaimSurroundings): ClaimStep {
  if (claim.metadata.annotations?.[BIND_COMPLETED] !== undefined) return planBound(claim, around)
  // Whoever is going needs no volume any more.
  if (claim.metadata.deletionTimestamp) return { is: 'wait', event: undefined }
  return claim.spec.volumeName ? planNamed(claim, claim.spec.volumeName, around) : planUnbound(claim, around)
}

function planBound(claim: PersistentVolumeClaim, { named: volume }: ClaimSurroundings): ClaimStep {
  if (!claim.spec.volumeName) return lost('ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!')
  if (!volume) return lost('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!')
  if (!volume.spec.claimRef || volume.spec.claimRef.uid === claim.metadata.uid) return { is: 'bind', volume }
  return lost('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly')
}

/** A user, or this controller before it was interrupted, has named the volume. */
function planNamed(claim: PersistentVolumeClaim, volumeName: string, { named: volume }: ClaimSurroundings): ClaimStep {
  // It may come yet.
  if (!volume) return { is: 'wait', event: undefined }
  if (isVolumeFor(volume, claim)) return { is: 'bind', volume }
  if (volume.spec.claimRef) return wait('Warning', 'FailedBinding', `volume "${volumeName}" already bound to a different claim.`)
  const mismatch = mismatchOf(volume, claim)
  return mismatch === undefined ? { is: 'bind', volume } : wait('Warning', 'VolumeMismatch', `Cannot bind to requested volume "${volumeName}": ${mismatch}`)
}

function planUnbound(claim: PersistentVolumeClaim, { volumes, classNamed, defaultClass, unscheduledPods }: ClaimSurroundings): ClaimStep {
  const className = classOfClaim(claim)
  const storageClass = className ? classNamed(className) : undefined
  const isDelayed = storageClass?.volumeBindingMode === 'WaitForFirstConsumer'
  const volume = findMatchingVolume(claim, volumes, { isDelayed })
  if (volume) return { is: 'bind', volume }
  if (className === undefined && defaultClass) return { is: 'assignClass', name: defaultClass.metadata.name! }
  if (!className) return wait('Normal', 'FailedBinding', 'no persistent volumes available for this claim and no storage class is set')
  if (isDelayed && claim.metadata.annotations?.[SELECTED_NODE] === undefined) return waitForConsumer(unscheduledPods)
  if (!storageClass) return wait('Warning', 'ProvisioningFailed', `storageclass.storage.k8s.io "${className}" not found`)
  const { provisioner } = storageClass
  // Such names are those of Kubernetes itself, and it has given its own provisioners up.
  if (provisioner.startsWith('kubernetes.io/')) return wait('Warning', 'ProvisioningFailed', `no volume plugin matched name: ${provisioner}`)
  return {
    is: 'provision',
    provisioner,
    event: {
      type: 'Normal',
      reason: 'ExternalProvisioning',
      message: `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`,
    },
  }
}

function waitForConsumer(pods: readonly string[]): ClaimStep {
  if (pods.length === 0) return wait('Normal', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding')
  return wait('Normal', 'WaitForPodScheduled', `waiting for pod${pods.length > 1 ? 's' : ''} ${pods.join(',')} to be scheduled`)
}

const wait = (type: ClaimEvent['type'], reason: string, message: string): ClaimStep => ({ is: 'wait', event: { type, reason, message } })
const lost = (reason: string, message: string): ClaimStep => ({ is: 'lost', event: { type: 'Warning', reason, message } })

/** The claim as it is when it has the volume. Undefined: it says so already. */
export function boundClaim(claim: PersistentVolumeClaim, { metadata: { name } }: PersistentVolume): PersistentVolumeClaim | undefined {
  const { annotations } = claim.metadata
  if (claim.spec.volumeName === name && annotations?.[BIND_COMPLETED] !== undefined) return undefined
  return {
    ...claim,
    metadata: {
      ...claim.metadata,
      annotations: { ...annotations, [BIND_COMPLETED]: 'yes', ...(claim.spec.volumeName !== name && { [BOUND_BY_CONTROLLER]: 'yes' }) },
    },
    spec: { ...claim.spec, volumeName: name },
  }
}

/** The volume as it is when the claim has it. Undefined: it says so already. */
export function boundVolume(volume: PersistentVolume, { metadata }: PersistentVolumeClaim): PersistentVolume | undefined {
  const { claimRef } = volume.spec
  if (claimRef?.uid === metadata.uid) return undefined
  const { annotations } = volume.metadata
  return {
    ...volume,
    // Where a user has reserved the volume for a claim of this name, it stays reserved when the claim goes.
    metadata: claimRef ? volume.metadata : { ...volume.metadata, annotations: { ...annotations, [BOUND_BY_CONTROLLER]: 'yes' } },
    spec: { ...volume.spec, claimRef: claimReference({ metadata }) },
  }
}

export const claimReference = ({ metadata }: Pick<PersistentVolumeClaim, 'metadata'>) => ({
  kind: 'PersistentVolumeClaim',
  apiVersion: 'v1',
  namespace: metadata.namespace,
  name: metadata.name,
  uid: metadata.uid,
  resourceVersion: metadata.resourceVersion,
})
