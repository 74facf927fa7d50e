/** What is mounted into a container: its volumes, /etc/hosts, and the file for its last words. */
import type { Pod } from '../../api/kinds/pod.ts'
import type { Container, VolumeMount } from '../../api/types/container.ts'
import type { Mount } from '../../runtime/runtime.ts'
import { DiskError, type Disk } from '../../base/disk.ts'
import { messageOf } from '../../base/error_message.ts'
import type { KubeletContext } from '../context.ts'
import { expand } from './expand.ts'
import { configError } from './start_failure.ts'

export interface MountedVolume {
  readonly hostPath: string
  /** The volume itself may not be written to: Secrets and their like. */
  readonly readOnly: boolean
}
export type MountedVolumes = ReadonlyMap<string, MountedVolume>

export interface MountInputs {
  readonly context: KubeletContext
  readonly pod: Pod
  readonly container: Container
  readonly volumes: MountedVolumes
  readonly environment: ReadonlyMap<string, string>
  /** On this machine. */
  readonly messageFile: string
}

/** Throws StartError with reason CreateContainerConfigError. */
export async function makeMounts(inputs: MountInputs): Promise<Mount[]> {
  const { context, pod, container, volumes, messageFile } = inputs
  const mounts: Mount[] = []
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const volume = volumes.get(mount.name)
    if (!volume) throw configError(`cannot find volume "${mount.name}" to mount into container "${container.name}"`)
    mounts.push({
      containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
      hostPath: await subPathOf(inputs, mount, volume, index),
      readOnly: mount.readOnly === true || volume.readOnly,
      recursiveReadOnly: await isRecursive(context, mount),
      propagation: (mount.mountPropagation ?? 'None') as Mount['propagation'],
    })
  }
  const hasOwnHosts = mounts.some(mount => mount.containerPath === '/etc/hosts')
  if (!hasOwnHosts) mounts.push(plain('/etc/hosts', context.directories.etcHosts(pod.metadata.uid ?? '')))
  if (container.terminationMessagePath) mounts.push(plain(container.terminationMessagePath, messageFile))
  return mounts
}

/** Read-only down to what is mounted below it, where the runtime can do that. */
async function isRecursive({ runtime }: KubeletContext, { name, recursiveReadOnly = 'Disabled' }: VolumeMount): Promise<boolean> {
  if (recursiveReadOnly === 'Disabled') return false
  const { handlers } = await runtime.status()
  const isPossible = handlers.some(handler => handler.name === '' && handler.recursiveReadOnlyMounts)
  if (!isPossible && recursiveReadOnly === 'Enabled')
    throw configError(`volume "${name}" requested recursive read-only mode, but it is not supported by the runtime`)
  return isPossible
}

const plain = (containerPath: string, hostPath: string): Mount => ({ containerPath, hostPath, readOnly: false, recursiveReadOnly: false, propagation: 'None' })

async function subPathOf(inputs: MountInputs, mount: VolumeMount, volume: MountedVolume, index: number): Promise<string> {
  const { context, pod, container, environment } = inputs
  const { disk, mounts, log } = context.host
  const subPath = mount.subPathExpr ? expandSubPath(mount.subPathExpr, environment) : (mount.subPath ?? '')
  if (!subPath) return volume.hostPath
  if (subPath.startsWith('/')) throw configError(`error SubPath \`${subPath}\` must not be an absolute path`)
  if (subPath.split('/').includes('..')) throw configError(`unable to provision SubPath \`${subPath}\`: must not contain '..'`)
  try {
    const parts = await resolveInside(disk, volume.hostPath, subPath)
    // What is missing is made, and is as open as the volume is.
    const mode = (await disk.stat(`${volume.hostPath}/.`))?.mode ?? 0o755
    const target = context.directories.subPath(pod.metadata.uid ?? '', mount.name, container.name, index)
    return await mounts.bindInside(volume.hostPath, parts, target, { mode })
  } catch (error) {
    // Not to the user: it may tell what lies outside of the volume.
    log.warn('a subPath could not be prepared', { pod: pod.metadata.name, container: container.name, error: messageOf(error) })
    throw configError(`failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}"`)
  }
}

function expandSubPath(expression: string, environment: ReadonlyMap<string, string>): string {
  return expand(expression, name => {
    const value = environment.get(name)
    if (!value) throw configError(`missing value for "${name}"`)
    return value
  })
}

const LINKS_MAX = 40

/**
 * The way to a subPath without links. Links are followed only as long as they stay in the volume: a container can have left
 * one to `/` where another container now mounts. Whatever changes after this look is found out when it is bound.
 */
export async function resolveInside(disk: Disk, root: string, subPath: string): Promise<string[]> {
  const rest = partsOf(subPath)
  const parts: string[] = []
  let links = 0
  while (rest.length > 0) {
    const part = rest.shift()!
    if (part === '..') {
      if (parts.pop() === undefined) throw new DiskError('Other', 'the path leads out of the volume')
      continue
    }
    const path = [root, ...parts, part].join('/')
    const info = await disk.stat(path)
    if (info?.kind === 'link') {
      if (++links > LINKS_MAX) throw new DiskError('Other', 'too many levels of symbolic links')
      const target = await disk.readLink(path)
      if (target.startsWith('/')) throw new DiskError('Other', 'the path leads out of the volume')
      rest.unshift(...partsOf(target))
    } else parts.push(part)
  }
  return parts
}

const partsOf = (path: string): string[] => path.split('/').filter(part => part !== '' && part !== '.')
