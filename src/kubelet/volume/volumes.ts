/**
 * The volumes of the Pods on this node: directories below the Pod's own, made before its containers start, kept up to
 * date while it lives, removed when it has ended. All volumes of a Pod are made at the same time.
 */
import type { Node } from '../../api/kinds/node.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { Volume } from '../../api/types/volume.ts'
import type { Millis } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import type { PodAddresses } from '../container/downward.ts'
import type { MountedVolume, MountedVolumes } from '../container/mounts.ts'
import type { KubeletContext } from '../context.ts'
import { writeAtomically } from './atomic_writer.ts'
import { ClaimError, MountFailure, createClaimVolumes } from './claims.ts'
import { makeEmptyDir } from './empty_dir.ts'
import { prepareHostPath } from './host_path.ts'
import { createObjects } from './objects.ts'
import { collectPayload, payloadPlugin, type PayloadGivers } from './payload.ts'
import { removeWithMounts } from './removal.ts'
import { createTokens } from './tokens.ts'

export interface Volumes {
  /** Before the first Pod: the place for what may not be on a disk. */
  prepare(): Promise<void>
  /** Throws VolumesError; made again without harm. `changed`: something that the volumes show may look different now. */
  mount(pod: Pod, addresses: PodAddresses, changed: () => void): Promise<MountedVolumes>
  /** Writes what has changed in ConfigMaps, Secrets, labels and tokens. Failures wait for the next time. */
  refresh(pod: Pod, addresses: PodAddresses): Promise<void>
  /** Wall time when `refresh` is due for a token; Infinity without one. */
  renewAt(uid: string): Millis
  /** Removes everything the Pod had on this node but its logs. */
  unmount(pod: Pod): Promise<void>
  /** Follows nothing any more; what is mounted stays. */
  stop(): void
}

/** What failed of a Pod's volumes, a sentence each. */
export class VolumesError extends Error {
  override readonly name = 'VolumesError'
  readonly failures: readonly string[]
  /** The names of the volumes that are missing. */
  readonly unmounted: readonly string[]
  constructor(failures: readonly string[], unmounted: readonly string[]) {
    super(failures.join('; '))
    this.failures = failures
    this.unmounted = unmounted
  }
}

/** @param node as it is now: some volumes can be reached from some nodes only */
export function createVolumes(context: KubeletContext, node: () => Node): Volumes {
  const { host, directories } = context
  const tokens = createTokens(context)
  const objects = createObjects(context)
  const claims = createClaimVolumes(context, node)

  return {
    async prepare() {
      await host.disk.makeDirectory(directories.memory, { mode: 0o755 })
      if (!(await host.mounts.isMounted(directories.memory))) await host.mounts.memory(directories.memory, { mode: 0o755 })
    },
    async mount(pod, addresses, changed) {
      objects.follow(pod, changed)
      const failed: { readonly name: string; readonly error: unknown }[] = []
      const mounted = new Map<string, MountedVolume>()
      await Promise.all(
        (pod.spec.volumes ?? []).map(async volume => {
          try {
            const isClaim = volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined
            const mount = isClaim ? claims.mount(pod, volume.name) : mountOne(context, { tokens, read: objects.fresh }, pod, volume, addresses)
            mounted.set(volume.name, await mount)
          } catch (error) {
            failed.push({ name: volume.name, error })
          }
        }),
      )
      if (failed.length > 0) throw volumesError(pod, mounted, failed)
      return mounted
    },
    async refresh(pod, addresses) {
      const written = (pod.spec.volumes ?? []).filter(volume => payloadPlugin(volume) !== undefined)
      await Promise.all(
        written.map(volume =>
          mountOne(context, { tokens, read: objects.recent }, pod, volume, addresses).catch((error: unknown) => {
            host.log.warn('a volume could not be brought up to date', { pod: pod.metadata.name, volume: volume.name, error: messageOf(error) })
          }),
        ),
      )
    },
    renewAt: tokens.renewAt,
    async unmount(pod) {
      const uid = pod.metadata.uid ?? ''
      objects.leave(uid)
      tokens.forget(uid)
      claims.leave(uid)
      await removeWithMounts(host, directories.pod(uid))
      await removeWithMounts(host, `${directories.memory}/${uid}`)
    },
    stop: objects.stop,
  }
}

function volumesError(
  { spec }: Pod,
  mounted: ReadonlyMap<string, MountedVolume>,
  failed: readonly { readonly name: string; readonly error: unknown }[],
): VolumesError {
  const unmounted = (spec.volumes ?? []).map(({ name }) => name).filter(name => !mounted.has(name))
  const unprocessed = failed.filter(({ error }) => error instanceof ClaimError)
  const failures = failed
    .filter(({ error }) => !(error instanceof ClaimError))
    .map(({ name, error }) => (error instanceof MountFailure ? error.message : `MountVolume.SetUp failed for volume "${name}" : ${messageOf(error)}`))
  if (unprocessed.length > 0) {
    const names = unprocessed.map(({ name }) => name).join(' ')
    const why = unprocessed.map(({ error }) => messageOf(error)).join('; ')
    failures.push(
      `Unable to attach or mount volumes: unmounted volumes=[${unmounted.join(' ')}], unattached volumes=[], failed to process volumes=[${names}]: ${why}`,
    )
  }
  return new VolumesError(failures, unmounted)
}

async function mountOne(context: KubeletContext, givers: PayloadGivers, pod: Pod, volume: Volume, addresses: PodAddresses): Promise<MountedVolume> {
  const uid = pod.metadata.uid ?? ''
  if (volume.hostPath) return { hostPath: await prepareHostPath(context.host.disk, volume.hostPath), readOnly: false }
  if (volume.emptyDir) return { hostPath: await makeEmptyDir(context, pod, volume), readOnly: false }
  const plugin = payloadPlugin(volume)
  if (!plugin) {
    const kinds = Object.keys(volume).filter(key => key !== 'name')
    throw new Error(`${kinds.join(', ')}: this kind of volume is not supported`)
  }
  const directory = context.directories.volume(uid, plugin, volume.name)
  const payload = await collectPayload(context, givers, pod, volume, addresses)
  await writeAtomically(context.host, directory, payload, pod.spec.securityContext?.fsGroup)
  return { hostPath: directory, readOnly: true }
}
