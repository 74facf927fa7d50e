/**
 * The volumes of the Pods on this node: directories below the Pod's own, made before its containers start, kept up to
 * date while it lives, removed when it has ended. All volumes of a Pod are made at the same time.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import type { Volume } from '../../api/types/volume.ts'
import { messageOf } from '../../base/error_message.ts'
import type { MountedVolume, MountedVolumes } from '../container/mounts.ts'
import type { KubeletContext } from '../context.ts'
import { writeAtomically } from './atomic_writer.ts'
import { makeEmptyDir, removeEmptyDir } from './empty_dir.ts'
import { prepareHostPath } from './host_path.ts'
import { createObjects } from './objects.ts'
import { collectPayload, payloadPlugin, type PayloadGivers } from './payload.ts'
import { createTokens } from './tokens.ts'
import type { PodAddresses } from '../container/downward.ts'

export interface Volumes {
  /** Throws VolumeError with the first that fails; made again without harm. */
  mount(pod: Pod, addresses: PodAddresses): Promise<MountedVolumes>
  /** Writes what has changed in ConfigMaps, Secrets, labels and tokens. Failures wait for the next time. */
  refresh(pod: Pod, addresses: PodAddresses): Promise<void>
  /** Removes everything the Pod had on this node but its logs. */
  unmount(pod: Pod): Promise<void>
}

export class VolumeError extends Error {
  override readonly name = 'VolumeError'
  readonly volume: string
  constructor(volume: string, message: string) {
    super(`MountVolume.SetUp failed for volume "${volume}" : ${message}`)
    this.volume = volume
  }
}

export function createVolumes(context: KubeletContext): Volumes {
  const tokens = createTokens(context)
  const objects = createObjects(context)

  return {
    async mount(pod, addresses) {
      const mounted = await Promise.all(
        (pod.spec.volumes ?? []).map(async volume => {
          const made = await mountOne(context, { tokens, read: objects.fresh }, pod, volume, addresses).catch((error: unknown) => {
            throw new VolumeError(volume.name, messageOf(error))
          })
          return [volume.name, made] as const
        }),
      )
      return new Map(mounted)
    },
    async refresh(pod, addresses) {
      const written = (pod.spec.volumes ?? []).filter(volume => payloadPlugin(volume) !== undefined)
      await Promise.all(
        written.map(volume =>
          mountOne(context, { tokens, read: objects.recent }, pod, volume, addresses).catch((error: unknown) => {
            context.host.log.warn('a volume could not be brought up to date', { pod: pod.metadata.name, volume: volume.name, error: messageOf(error) })
          }),
        ),
      )
    },
    async unmount(pod) {
      const uid = pod.metadata.uid ?? ''
      tokens.forget(uid)
      await Promise.all((pod.spec.volumes ?? []).map(volume => removeEmptyDir(context, uid, volume)))
      await context.host.disk.remove(context.directories.pod(uid))
    },
  }
}

async function mountOne(context: KubeletContext, givers: PayloadGivers, pod: Pod, volume: Volume, addresses: PodAddresses): Promise<MountedVolume> {
  const uid = pod.metadata.uid ?? ''
  if (volume.hostPath) return { hostPath: await prepareHostPath(context.host.disk, volume.hostPath), readOnly: false }
  if (volume.emptyDir) return { hostPath: await makeEmptyDir(context, pod, volume), readOnly: false }
  const plugin = payloadPlugin(volume)
  if (!plugin)
    throw new Error(
      `${Object.keys(volume)
        .filter(key => key !== 'name')
        .join(', ')}: this kind of volume is not supported`,
    )
  const directory = context.directories.volume(uid, plugin, volume.name)
  const payload = await collectPayload(context, givers, pod, volume, addresses)
  await writeAtomically(context.host, directory, payload, pod.spec.securityContext?.fsGroup)
  return { hostPath: directory, readOnly: true }
}
