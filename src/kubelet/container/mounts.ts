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

async function subPathOf({ context, container, environment }: MountInputs, mount: VolumeMount, volume: MountedVolume, _index: number): Promise<string> {
  const subPath = mount.subPathExpr ? expandSubPath(mount.subPathExpr, environment) : (mount.subPath ?? '')
  if (!subPath) return volume.hostPath
  if (subPath.startsWith('/') || subPath.split('/').includes('..'))
    throw configError(`failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}"`)
  return resolveInside(context.host.disk, volume, subPath).catch((error: unknown) => {
    throw configError(`failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}": ${messageOf(error)}`)
  })
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
 * Walks into the volume part by part, following links only as long as they stay in it: a container can have left
 * a link to `/` where another container now mounts. What is missing is made, as a directory.
 */
async function resolveInside(disk: Disk, { hostPath: root, readOnly }: MountedVolume, subPath: string): Promise<string> {
  const rest = subPath.split('/').filter(part => part !== '' && part !== '.')
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
      rest.unshift(...target.split('/').filter(p => p !== '' && p !== '.'))
      continue
    }
    if (!info) {
      if (readOnly) throw new DiskError('NotFound', `${subPath}: no such file or directory`)
      await disk.makeDirectory(path, { mode: 0o750 })
    }
    parts.push(part)
  }
  return [root, ...parts].join('/')
}
