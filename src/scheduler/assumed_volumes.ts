/**
 * The storage of the cluster as it will be when all decisions of before are carried out. Pods that share a claim are placed one
 * right after the other: what was decided for the first must be so for the second, long before the API says it.
 */
import type { PersistentVolume } from '../api/kinds/persistent_volume.ts'
import type { PersistentVolumeClaim } from '../api/kinds/persistent_volume_claim.ts'
import { SELECTED_NODE } from '../api/storage.ts'
import type { VolumeCatalog, VolumePlan } from './volumes.ts'

export interface AssumedVolumes {
  readonly catalog: VolumeCatalog
  add(plan: VolumePlan, nodeName: string): void
  /** Takes back what one `add` of this plan has said. */
  remove(plan: VolumePlan): void
}

/** How many decisions say so. */
interface Assumed<T> {
  readonly as: T
  holders: number
}

/** @param stored as the API has it */
export function createAssumedVolumes(stored: VolumeCatalog): AssumedVolumes {
  /** The node its volume will be made for, by the uid of the claim. */
  const nodes = new Map<string, Assumed<string>>()
  /** The claim it will be given to, by the name of the volume. */
  const takers = new Map<string, Assumed<PersistentVolumeClaim>>()

  const shownClaim = (claim: PersistentVolumeClaim): PersistentVolumeClaim => {
    const node = nodes.get(claim.metadata.uid!)
    if (!node || claim.metadata.annotations?.[SELECTED_NODE] !== undefined) return claim
    return { ...claim, metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, [SELECTED_NODE]: node.as } } }
  }
  const shownVolume = (volume: PersistentVolume): PersistentVolume => {
    const taker = takers.get(volume.metadata.name!)
    if (!taker || volume.spec.claimRef?.uid) return volume
    const { namespace, name, uid } = taker.as.metadata
    return { ...volume, spec: { ...volume.spec, claimRef: { namespace, name, uid } } }
  }

  return {
    catalog: {
      storageClass: stored.storageClass,
      claim(namespace, name) {
        const claim = stored.claim(namespace, name)
        return claim && nodes.size > 0 ? shownClaim(claim) : claim
      },
      volume(name) {
        const volume = stored.volume(name)
        return volume && takers.size > 0 ? shownVolume(volume) : volume
      },
      volumes: () => (takers.size > 0 ? stored.volumes().map(shownVolume) : stored.volumes()),
    },
    add({ give, provision }, nodeName) {
      for (const { claim, volume } of give) hold(takers, volume.metadata.name!, claim)
      for (const claim of provision) hold(nodes, claim.metadata.uid!, nodeName)
    },
    remove({ give, provision }) {
      for (const { volume } of give) letGo(takers, volume.metadata.name!)
      for (const claim of provision) letGo(nodes, claim.metadata.uid!)
    },
  }
}

function hold<T>(all: Map<string, Assumed<T>>, key: string, as: T): void {
  const known = all.get(key)
  if (known) known.holders++
  else all.set(key, { as, holders: 1 })
}

function letGo<T>(all: Map<string, Assumed<T>>, key: string): void {
  const known = all.get(key)
  if (known && --known.holders === 0) all.delete(key)
}
