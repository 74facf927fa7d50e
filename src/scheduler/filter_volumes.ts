/** Filters about volumes: whether the node reaches those the Pod has, and can have those it still needs. */
import type { PersistentVolume } from '../api/kinds/persistent_volume.ts'
import { isReachable } from '../api/volume_matching.ts'
import { objection, type Filter } from './objection.ts'
import { planVolumes } from './volumes.ts'

export const volumeRestrictions: Filter = ({ volumes: { exclusive }, pods }) => (exclusive.some(claim => pods.usersOf(claim) > 0) ? IS_IN_USE : undefined)

export const volumeBinding: Filter = ({ volumes, catalog }, { node }) => {
  if (volumes.isVolumeMissing) return VOLUME_IS_MISSING
  if (volumes.bound.some(volume => !isReachable(volume, node))) return IS_OUT_OF_REACH
  return planVolumes(volumes, node, catalog) ? undefined : HAS_NO_VOLUMES
}

/** Labels of volumes from before they had a node affinity; several zones are written `a__b`. */
const ZONE_LABELS = [
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
]

export const volumeZone: Filter = ({ volumes: { bound } }, { node }) => {
  if (bound.length === 0) return undefined
  const labels = node.metadata.labels ?? {}
  if (!ZONE_LABELS.some(key => labels[key] !== undefined)) return undefined
  const isElsewhere = ({ metadata }: PersistentVolume) =>
    ZONE_LABELS.some(key => metadata.labels?.[key] !== undefined && !metadata.labels[key].split('__').includes(labels[key] ?? ''))
  return bound.some(isElsewhere) ? IS_IN_OTHER_ZONE : undefined
}

const IS_IN_USE = objection('VolumeRestrictions', 'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode', false)
const VOLUME_IS_MISSING = objection('VolumeBinding', 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)', true)
const IS_OUT_OF_REACH = objection('VolumeBinding', "node(s) didn't match PersistentVolume's node affinity", true)
const HAS_NO_VOLUMES = objection('VolumeBinding', "node(s) didn't find available persistent volumes to bind", true)
const IS_IN_OTHER_ZONE = objection('VolumeZone', 'node(s) had no available volume zone', true)
