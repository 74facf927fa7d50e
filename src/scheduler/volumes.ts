/**
 * What the claims of a Pod ask of its node. Claims whose class waits for its first consumer get their volume here: one that the node
 * can reach is given to them, or the provisioner is told for which node to make one. Pure.
 */
import type { Node } from '../api/kinds/node.ts'
import type { PersistentVolume } from '../api/kinds/persistent_volume.ts'
import type { PersistentVolumeClaim } from '../api/kinds/persistent_volume_claim.ts'
import type { StorageClass } from '../api/kinds/storage_class.ts'
import { assert } from '../base/assert.ts'
import { compareQuantities } from '../api/quantity.ts'
import { classOfClaim, isBound, SELECTED_NODE } from '../api/storage.ts'
import { claimsOf, findMatchingVolume, notMadeFor } from '../api/volume_matching.ts'
import type { PodDemand } from './demand.ts'
import type { Rejection } from './objection.ts'

/** The storage of the cluster as one decision sees it. */
export interface VolumeCatalog {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined
  volume(name: string): PersistentVolume | undefined
  volumes(): readonly PersistentVolume[]
  storageClass(name: string): StorageClass | undefined
}

export const NO_VOLUMES: VolumeCatalog = {
  claim: () => undefined,
  volume: () => undefined,
  volumes: () => [],
  storageClass: () => undefined,
}

export interface VolumeNeeds {
  /** Those it has already: the node must reach them. */
  readonly bound: readonly PersistentVolume[]
  /** A claim is bound to a volume that is not there. */
  readonly isVolumeMissing: boolean
  /** The smallest first, so that the larger volumes are left for the others. */
  readonly unbound: readonly PersistentVolumeClaim[]
  /** `namespace/name` of claims that only one Pod may use. */
  readonly exclusive: readonly string[]
}

export const NEEDS_NOTHING: VolumeNeeds = { bound: [], isVolumeMissing: false, unbound: [], exclusive: [] }

/** Which volumes the claims get on a node, and who makes the others. */
export interface VolumePlan {
  readonly give: readonly { readonly claim: PersistentVolumeClaim; readonly volume: PersistentVolume }[]
  readonly provision: readonly PersistentVolumeClaim[]
}

export const NOTHING_TO_BIND: VolumePlan = { give: [], provision: [] }

export function volumeNeedsOf({ pod, features: { namespace } }: PodDemand, catalog: VolumeCatalog): VolumeNeeds | Rejection {
  const wanted = claimsOf(pod)
  if (wanted.length === 0) return NEEDS_NOTHING
  const bound: PersistentVolume[] = []
  const unbound: PersistentVolumeClaim[] = []
  const exclusive: string[] = []
  let isVolumeMissing = false
  let waitsForBinding = false
  for (const { claim: name, isEphemeral } of wanted) {
    const claim = catalog.claim(namespace, name)
    if (!claim)
      return rejection(
        isEphemeral ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"` : `persistentvolumeclaim "${name}" not found`,
      )
    const stranger = isEphemeral ? notMadeFor(pod, claim) : undefined
    if (stranger) return rejection(stranger)
    if (claim.status.phase === 'Lost')
      return rejection(`persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec.volumeName ?? ''}"`)
    if (claim.metadata.deletionTimestamp) return rejection(`persistentvolumeclaim "${name}" is being deleted`)
    if (claim.spec.accessModes?.includes('ReadWriteOncePod')) exclusive.push(`${namespace}/${name}`)
    if (isBound(claim)) {
      const volume = catalog.volume(claim.spec.volumeName!)
      if (volume) bound.push(volume)
      else isVolumeMissing = true
    } else if (!claim.spec.volumeName && waitsForConsumer(claim, catalog)) unbound.push(claim)
    else waitsForBinding = true
  }
  if (waitsForBinding) return rejection('pod has unbound immediate PersistentVolumeClaims')
  return { bound, isVolumeMissing, unbound: unbound.sort((a, b) => compareQuantities(sizeOf(a), sizeOf(b))), exclusive }
}

/** Undefined: not on this node. */
export function planVolumes({ unbound }: VolumeNeeds, node: Node, catalog: VolumeCatalog): VolumePlan | undefined {
  if (unbound.length === 0) return NOTHING_TO_BIND
  const give: VolumePlan['give'][number][] = []
  const provision: PersistentVolumeClaim[] = []
  const excluded = new Set<string>()
  for (const claim of unbound) {
    const selected = claim.metadata.annotations?.[SELECTED_NODE]
    if (selected !== undefined && selected !== node.metadata.name) return undefined
    const volume = selected === undefined ? findMatchingVolume(claim, catalog.volumes(), { node, isDelayed: true, excluded }) : undefined
    if (volume) {
      excluded.add(volume.metadata.name!)
      give.push({ claim, volume })
    } else if (canProvision(claim, node, catalog)) provision.push(claim)
    else return undefined
  }
  return { give, provision }
}

/** What is to be done for a Pod that was given this node. */
export function volumePlanOn(demand: PodDemand, node: Node, catalog: VolumeCatalog): VolumePlan {
  const needs = volumeNeedsOf(demand, catalog)
  const plan = 'message' in needs ? undefined : planVolumes(needs, node, catalog)
  assert(plan, 'the node has passed the filter of volumes')
  return plan
}

const rejection = (message: string): Rejection => ({ by: 'VolumeBinding', message })

const sizeOf = ({ spec }: PersistentVolumeClaim): string => spec.resources.requests?.storage ?? '0'

const waitsForConsumer = (claim: PersistentVolumeClaim, { storageClass }: VolumeCatalog): boolean =>
  storageClass(classOfClaim(claim) ?? '')?.volumeBindingMode === 'WaitForFirstConsumer'

/** Classes of volumes that administrators make name this one. */
const NO_PROVISIONER = 'kubernetes.io/no-provisioner'

function canProvision(claim: PersistentVolumeClaim, { metadata: { labels = {} } }: Node, { storageClass }: VolumeCatalog): boolean {
  const found = storageClass(classOfClaim(claim) ?? '')
  if (!found?.provisioner || found.provisioner === NO_PROVISIONER) return false
  const { allowedTopologies } = found
  if (!allowedTopologies?.length) return true
  return allowedTopologies.some(({ matchLabelExpressions }) =>
    (matchLabelExpressions ?? []).every(({ key, values }) => labels[key] !== undefined && values.includes(labels[key])),
  )
}
