/**
 * Which volume will do for which claim, for the controller that binds them and the scheduler that knows the node.
 *
 * A volume that is reserved for the claim goes first. Of the free ones those will do that have the class, the mode, every
 * access mode and the labels that are asked for, and are large enough: of those the one with the fewest further access
 * modes, then the smallest, then the first by name.
 */
import type { Node } from './kinds/node.ts'
import type { PersistentVolumeClaim } from './kinds/persistent_volume_claim.ts'
import type { PersistentVolume } from './kinds/persistent_volume.ts'
import type { Pod } from './kinds/pod.ts'
import { matchesLabelSelector } from './label_selector.ts'
import { matchesNodeSelectorTerm } from './placement.ts'
import { compareQuantities } from './quantity.ts'
import { classOfClaim, classOfVolume } from './storage.ts'
import type { Volume } from './types/volume.ts'

export interface MatchOptions {
  /** Only volumes this node can reach. */
  readonly node?: Node
  /** The class waits for its first consumer: without a node only a volume that is reserved for the claim will do. */
  readonly isDelayed?: boolean
  /** Names of volumes that are given away already. */
  readonly excluded?: ReadonlySet<string>
}

/** The best volume for a claim that has none. */
export function findMatchingVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  options: MatchOptions = {},
): PersistentVolume | undefined {
  const { node, isDelayed = false, excluded } = options
  const suitable = volumes.filter(
    volume =>
      !excluded?.has(volume.metadata.name!) &&
      !volume.metadata.deletionTimestamp &&
      isLargeEnough(volume, claim) &&
      hasAccessModes(volume, claim) &&
      hasSameMode(volume, claim) &&
      hasSameAttributes(volume, claim) &&
      (!node || isReachable(volume, node)),
  )
  const reserved = suitable.filter(volume => isVolumeFor(volume, claim))
  if (reserved.length > 0) return best(reserved)
  if (isDelayed && !node) return undefined
  const { selector } = claim.spec
  return best(
    suitable.filter(
      volume =>
        volume.status.phase === 'Available' &&
        !volume.spec.claimRef &&
        classOfVolume(volume) === (classOfClaim(claim) ?? '') &&
        (!selector || matchesLabelSelector(selector, volume.metadata.labels)),
    ),
  )
}

/** What keeps the volume that a claim names from being the claim's, in Kubernetes' words. Undefined: nothing does. */
export function mismatchOf(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (!isLargeEnough(volume, claim)) return 'requested PV is too small'
  if (classOfVolume(volume) !== (classOfClaim(claim) ?? '')) return 'storageClassName does not match'
  if (!hasSameAttributes(volume, claim)) return 'volumeAttributesClassName does not match'
  if (!hasSameMode(volume, claim)) return 'incompatible volumeMode'
  return hasAccessModes(volume, claim) ? undefined : 'incompatible accessMode'
}

/** The volume's reference names this claim: by its uid, or by its name alone where a user reserved the volume. */
export function isVolumeFor({ spec: { claimRef } }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  return claimRef?.name === metadata.name && claimRef?.namespace === metadata.namespace && (!claimRef?.uid || claimRef.uid === metadata.uid)
}

/** Whether the volume is where the node can use it. */
export function isReachable({ spec }: PersistentVolume, node: Node): boolean {
  const required = spec.nodeAffinity?.required
  return !required || required.nodeSelectorTerms.some(term => matchesNodeSelectorTerm(term, node))
}

export const hasSameMode = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean => volume.spec.volumeMode === claim.spec.volumeMode

/** A volume of a Pod that is a claim of its namespace. */
export interface PodClaim {
  /** As the Pod calls it. */
  readonly volume: string
  readonly claim: string
  /** The claim is made for the Pod, and is the Pod's own. */
  readonly isEphemeral: boolean
  readonly readOnly: boolean
}

export const claimsOf = (pod: Pod): PodClaim[] =>
  (pod.spec.volumes ?? []).flatMap((volume): PodClaim[] => {
    const { name, persistentVolumeClaim, ephemeral } = volume
    if (persistentVolumeClaim)
      return [{ volume: name, claim: persistentVolumeClaim.claimName, isEphemeral: false, readOnly: persistentVolumeClaim.readOnly ?? false }]
    return ephemeral ? [{ volume: name, claim: ephemeralClaimName(pod, volume), isEphemeral: true, readOnly: false }] : []
  })

/** The name of the claim that is made for an ephemeral volume of the Pod. */
export const ephemeralClaimName = ({ metadata }: Pick<Pod, 'metadata'>, { name }: Pick<Volume, 'name'>): string => `${metadata.name}-${name}`

/** Somebody else's claim may have the name already; its data is none of this Pod's business. Undefined: it is the Pod's. */
export function notMadeFor(pod: Pod, { metadata }: PersistentVolumeClaim): string | undefined {
  const isOwner = metadata.ownerReferences?.some(({ uid, controller }) => controller && uid === pod.metadata.uid)
  return isOwner
    ? undefined
    : `PVC ${metadata.namespace}/${metadata.name} was not created for pod ${pod.metadata.namespace}/${pod.metadata.name} (pod is not owner)`
}

const sizeOf = ({ spec }: PersistentVolume): string => spec.capacity?.storage ?? '0'

const isLargeEnough = (volume: PersistentVolume, { spec }: PersistentVolumeClaim): boolean =>
  compareQuantities(sizeOf(volume), spec.resources.requests?.storage ?? '0') >= 0

const hasAccessModes = (volume: PersistentVolume, { spec }: PersistentVolumeClaim): boolean =>
  (spec.accessModes ?? []).every(mode => volume.spec.accessModes?.includes(mode))

const hasSameAttributes = (volume: PersistentVolume, { spec }: PersistentVolumeClaim): boolean =>
  (volume.spec.volumeAttributesClassName ?? '') === (spec.volumeAttributesClassName ?? '')

function best(volumes: readonly PersistentVolume[]): PersistentVolume | undefined {
  const [first] = [...volumes].sort(
    (a, b) =>
      (a.spec.accessModes?.length ?? 0) - (b.spec.accessModes?.length ?? 0) ||
      compareQuantities(sizeOf(a), sizeOf(b)) ||
      (a.metadata.name! < b.metadata.name! ? -1 : 1),
  )
  return first
}
