/**
 * Volumes that are claims: from the Pod's volume to its claim, to the PersistentVolume, to a directory of this node.
 *
 *   volume ─▶ claim: bound, not going, made for this Pod ─▶ PersistentVolume: this claim's, reachable from here ─▶ hostPath │ local
 *
 * Nothing is mounted here: the runtime is told the directory, and what is in it stays when the Pod goes.
 */
import type { Node } from '../../api/kinds/node.ts'
import { PersistentVolumeClaim } from '../../api/kinds/persistent_volume_claim.ts'
import { PersistentVolume } from '../../api/kinds/persistent_volume.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { podCondition } from '../../api/pod.ts'
import { isBound } from '../../api/storage.ts'
import { claimsOf, isReachable, notMadeFor, type PodClaim } from '../../api/volume_matching.ts'
import { messageOf } from '../../base/error_message.ts'
import type { MountedVolume } from '../container/mounts.ts'
import type { KubeletContext } from '../context.ts'
import { containersOf } from '../pod/pod_nouns.ts'
import { kindBehindLinks, prepareHostPath } from './host_path.ts'
import { giveVolumeToGroup } from './ownership.ts'

export interface ClaimVolumes {
  /** Throws ClaimError, or MountFailure. */
  mount(pod: Pod, volumeName: string): Promise<MountedVolume>
  /** The Pod has ended: what it used is free for others. */
  leave(uid: string): void
}

/** The claim or its volume is not what the Pod needs: nothing was tried on this node. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError'
}

/** A failure with the whole sentence that is told: it names the PersistentVolume. */
export class MountFailure extends Error {
  override readonly name = 'MountFailure'
}

export function createClaimVolumes({ client, host }: Pick<KubeletContext, 'client' | 'host'>, node: () => Node): ClaimVolumes {
  /** UIDs of the Pods on this node, by the volume they use. */
  const users = new Map<string, Set<string>>()

  return {
    async mount(pod, volumeName) {
      const named = claimsOf(pod).find(({ volume }) => volume === volumeName)!
      const claim = await findClaim(pod, named)
      const volume = await findVolume(claim)
      checkMode(pod, named, volume)
      const name = volume.metadata.name!
      if (!isReachable(volume, node())) throw new MountFailure(`MountVolume.NodeAffinity check failed for volume "${name}" : no matching NodeSelectorTerms`)
      const isShared = othersUse(name, pod)
      if (isShared && claim.spec.accessModes?.includes('ReadWriteOncePod'))
        throw setUpFailed(volume, 'volume uses the ReadWriteOncePod access mode and is already in use by another pod')
      users.set(name, (users.get(name) ?? new Set()).add(pod.metadata.uid ?? ''))
      // Whoever writes there could make a link of a directory between a look and a change of its owner.
      const isLeftAlone = named.readOnly || isShared || hasStarted(pod)
      return { hostPath: await prepare(pod, volume, isLeftAlone), readOnly: named.readOnly }
    },
    leave(uid) {
      for (const [name, uids] of users) if (uids.delete(uid) && uids.size === 0) users.delete(name)
    },
  }

  async function findClaim(pod: Pod, { claim: name, isEphemeral }: PodClaim): Promise<PersistentVolumeClaim> {
    const { namespace = '' } = pod.metadata
    const refuse = (why: string) => new ClaimError(`error processing PVC ${namespace}/${name}: ${why}`)
    const claim = await client.get(PersistentVolumeClaim, { namespace, name }).catch((error: unknown) => {
      throw refuse(`failed to fetch PVC from API server: ${messageOf(error)}`)
    })
    const stranger = isEphemeral ? notMadeFor(pod, claim) : undefined
    if (stranger) throw new ClaimError(stranger)
    // What runs already goes on with what it has: the claim waits for it.
    if (claim.metadata.deletionTimestamp && !hasStarted(pod)) throw refuse('PVC is being deleted')
    // The scheduler does not wait for the phase, which is written last.
    if (claim.status.phase !== 'Bound' && !(claim.status.phase === 'Pending' && isBound(claim))) throw refuse('PVC is not bound')
    if (!claim.spec.volumeName) throw refuse('PVC has empty pvc.Spec.VolumeName')
    return claim
  }

  async function findVolume({ metadata: { namespace, name, uid }, spec }: PersistentVolumeClaim): Promise<PersistentVolume> {
    const refuse = (why: string) => new ClaimError(`error processing PVC ${namespace}/${name}: ${why}`)
    const volumeName = spec.volumeName ?? ''
    const volume = await client.get(PersistentVolume, { namespace: '', name: volumeName }).catch((error: unknown) => {
      throw refuse(`failed to fetch PV ${volumeName} from API server: ${messageOf(error)}`)
    })
    const { claimRef } = volume.spec
    if (!claimRef) throw refuse(`found PV object ${volumeName} but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim`)
    if (claimRef.uid !== uid) throw refuse(`found PV object ${volumeName} but its pv.Spec.ClaimRef.UID ${claimRef.uid} does not point to claim.UID ${uid}`)
    return volume
  }

  function othersUse(name: string, pod: Pod): boolean {
    return [...(users.get(name) ?? [])].some(uid => uid !== pod.metadata.uid)
  }

  /** @param isLeftAlone whose the files are is not changed */
  async function prepare(pod: Pod, volume: PersistentVolume, isLeftAlone: boolean): Promise<string> {
    const { disk } = host
    const { hostPath, local } = volume.spec
    if (hostPath)
      return prepareHostPath(disk, hostPath).catch((error: unknown) => {
        throw setUpFailed(volume, messageOf(error))
      })
    if (!local) throw new ClaimError(`failed to get Plugin from volumeSpec for volume "${volume.metadata.name}" err=no volume plugin matched`)
    const kind = await kindBehindLinks(disk, local.path)
    const initializationFailed = (why: string) => new MountFailure(`MountVolume.NewMounter initialization failed for volume "${volume.metadata.name}" : ${why}`)
    // Made anew it would be empty, and nobody would know that the data is lost.
    if (kind === undefined) throw initializationFailed(`path "${local.path}" does not exist`)
    if (kind !== 'directory') throw initializationFailed(`path "${local.path}" is not a directory`)
    const { fsGroup, fsGroupChangePolicy } = pod.spec.securityContext ?? {}
    if (fsGroup !== undefined && !isLeftAlone) {
      await giveVolumeToGroup(disk, local.path, fsGroup, { onlyRootMismatch: fsGroupChangePolicy === 'OnRootMismatch' }).catch((error: unknown) => {
        throw setUpFailed(volume, `applyFSGroup failed for vol ${volume.metadata.name}: ${messageOf(error)}`)
      })
    }
    return local.path
  }
}

const setUpFailed = ({ metadata }: PersistentVolume, why: string) => new MountFailure(`MountVolume.SetUp failed for volume "${metadata.name}" : ${why}`)

const hasStarted = (pod: Pod): boolean => podCondition(pod, 'PodReadyToStartContainers')?.status === 'True'

/** A device cannot be mounted, and a directory is no device. */
function checkMode(pod: Pod, { volume: name }: PodClaim, { spec: { volumeMode } }: PersistentVolume): void {
  const containers = containersOf(pod).map(({ container }) => container)
  const isMounted = containers.some(({ volumeMounts }) => volumeMounts?.some(mount => mount.name === name))
  const isDevice = containers.some(({ volumeDevices }) => volumeDevices?.some(device => device.name === name))
  if (volumeMode === 'Block' && isMounted) throw new ClaimError(`volume ${name} has volumeMode Block, but is specified in volumeMounts`)
  if (volumeMode !== 'Block' && isDevice) throw new ClaimError(`volume ${name} has volumeMode ${volumeMode}, but is specified in volumeDevices`)
  if (volumeMode === 'Block') throw new ClaimError(`volume ${name} has volumeMode Block, and Poise has no block volumes`)
}
