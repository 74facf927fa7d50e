/**
 * What claims and volumes promise, judged from what is stored, by nobody's cache: a claim that has a volume keeps it, no two
 * claims have the same, no volume passes from one claim to the next without having been free, and no claim goes while a
 * Pod that had a node when it was deleted still names it.
 */
import type { PersistentVolumeClaim } from '../../api/kinds/persistent_volume_claim.ts'
import type { PersistentVolume } from '../../api/kinds/persistent_volume.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { isBound } from '../../api/storage.ts'
import { claimsOf } from '../../api/volume_matching.ts'
import type { Checker } from './checker.ts'

export interface VolumePromises {
  readonly checker: Checker
  /** How much was looked at: so that a test knows it has seen some. */
  readonly seen: { bound: number; removed: number; kept: number }
}

export function createVolumePromises(): VolumePromises {
  const seen = { bound: 0, removed: 0, kept: 0 }
  /** The uid of the claim that has a volume, by the volume's name. */
  const holders = new Map<string, string>()
  const pods = new Map<string, Pod>()
  /** UIDs of the Pods a claim that is being deleted has to wait for, by the uid of the claim. */
  const waitedFor = new Map<string, ReadonlySet<string>>()

  function seeClaim(claim: PersistentVolumeClaim | undefined, previous: PersistentVolumeClaim | undefined): string | undefined {
    if (!claim) return seeRemoval(previous!)
    const { uid = '', name, namespace, deletionTimestamp } = claim.metadata
    if (deletionTimestamp && !previous?.metadata.deletionTimestamp) {
      const users = [...pods.values()].filter(pod => isUser(pod, namespace, name)).map(({ metadata }) => metadata.uid!)
      waitedFor.set(uid, new Set(users))
      if (users.length > 0) seen.kept++
    }
    if (previous && isBound(previous) && claim.spec.volumeName !== previous.spec.volumeName) return `claim ${name} has another volume than before`
    if (!isBound(claim)) return undefined
    const volume = claim.spec.volumeName!
    const holder = holders.get(volume)
    if (holder !== undefined && holder !== uid) return `volume ${volume} is had by two claims, and ${name} is one of them`
    if (holder === undefined) seen.bound++
    holders.set(volume, uid)
    return undefined
  }

  function seeRemoval({ metadata, spec }: PersistentVolumeClaim): string | undefined {
    const { uid = '', name } = metadata
    seen.removed++
    if (spec.volumeName && holders.get(spec.volumeName) === uid) holders.delete(spec.volumeName)
    const left = [...pods.values()].find(pod => waitedFor.get(uid)?.has(pod.metadata.uid!))
    waitedFor.delete(uid)
    return left && `claim ${name} has gone, and Pod ${left.metadata.name} still names it`
  }

  return {
    seen,
    checker: {
      name: 'claims and volumes keep each other',
      prefix: '/',
      see({ stored, previous }) {
        const key = (stored ?? previous)!.key
        if (key.startsWith('/pods/')) {
          if (stored) pods.set(key, stored.value as Pod)
          else pods.delete(key)
          return undefined
        }
        if (key.startsWith('/persistentvolumeclaims/'))
          return seeClaim(stored?.value as PersistentVolumeClaim | undefined, previous?.value as PersistentVolumeClaim | undefined)
        if (!key.startsWith('/persistentvolumes/')) return undefined
        const now = (stored?.value as PersistentVolume | undefined)?.spec.claimRef?.uid
        const before = (previous?.value as PersistentVolume | undefined)?.spec.claimRef?.uid
        return now && before && now !== before ? `volume ${key} passed from one claim to another` : undefined
      },
    },
  }
}

const isUser = (pod: Pod, namespace: string | undefined, name: string | undefined): boolean =>
  Boolean(pod.spec.nodeName) && pod.metadata.namespace === namespace && claimsOf(pod).some(({ claim, isEphemeral }) => claim === name && !isEphemeral)
