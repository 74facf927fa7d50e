/** What is next for one volume: its phase, and what becomes of it when its claim is gone. Decides and touches nothing. */
import type { PersistentVolumeClaim } from '../../api/kinds/persistent_volume_claim.ts'
import type { PersistentVolume } from '../../api/kinds/persistent_volume.ts'
import { BOUND_BY_CONTROLLER, PROVISIONED_BY } from '../../api/storage.ts'
import { hasSameMode } from '../../api/volume_matching.ts'

export type VolumeStep =
  | { readonly is: 'phase'; readonly phase: PersistentVolume['status']['phase'] }
  /** Its data cannot be dealt with as it asks: an administrator must. */
  | { readonly is: 'failed'; readonly reason: 'VolumeFailedDelete' | 'VolumeFailedRecycle'; readonly message: string }
  /** The claim it was meant for has another volume. */
  | { readonly is: 'unbind' }
  | { readonly is: 'mismatch'; readonly claim: PersistentVolumeClaim }
  /** Its claim will be bound to it, which is the claim's own turn. */
  | { readonly is: 'nothing' }

/** @param claim what the volume's reference names; undefined when there is none, or another one of that name */
export function planVolume(volume: PersistentVolume, claim: PersistentVolumeClaim | undefined): VolumeStep {
  const { claimRef } = volume.spec
  // Without a uid a user has reserved it for a claim that may come.
  if (!claimRef?.uid) return { is: 'phase', phase: 'Available' }
  if (!claim || claim.metadata.uid !== claimRef.uid) return planReleased(volume)
  if (claim.spec.volumeName === volume.metadata.name) return { is: 'phase', phase: 'Bound' }
  if (!claim.spec.volumeName) return hasSameMode(volume, claim) ? { is: 'nothing' } : { is: 'mismatch', claim }
  const wasMadeForIt = volume.metadata.annotations?.[PROVISIONED_BY] !== undefined && volume.spec.persistentVolumeReclaimPolicy === 'Delete'
  return wasMadeForIt ? planReleased(volume) : { is: 'unbind' }
}

function planReleased({ metadata, spec, status }: PersistentVolume): VolumeStep {
  if (status.phase === 'Failed') return { is: 'nothing' }
  if (status.phase !== 'Released') return { is: 'phase', phase: 'Released' }
  switch (spec.persistentVolumeReclaimPolicy) {
    case 'Retain':
      return { is: 'nothing' }
    case 'Recycle':
      return { is: 'failed', reason: 'VolumeFailedRecycle', message: 'No recycler plugin found for the volume!' }
    case 'Delete':
      // Who made it takes it away.
      if (metadata.annotations?.[PROVISIONED_BY] !== undefined) return { is: 'nothing' }
      return {
        is: 'failed',
        reason: 'VolumeFailedDelete',
        message: `error getting deleter volume plugin for volume "${metadata.name}": no deletable volume plugin matched`,
      }
  }
}

/** Free again. What a user has reserved stays reserved, for any claim of that name. */
export function unboundVolume(volume: PersistentVolume): PersistentVolume {
  const { [BOUND_BY_CONTROLLER]: byController, ...annotations } = volume.metadata.annotations ?? {}
  const claimRef = byController === undefined ? { ...volume.spec.claimRef, uid: undefined, resourceVersion: undefined } : undefined
  return { ...volume, metadata: { ...volume.metadata, annotations }, spec: { ...volume.spec, claimRef } }
}
