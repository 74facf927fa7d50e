/** A directory that lives as long as its Pod; in memory when it is asked for. */
import type { Pod } from '../../api/kinds/pod.ts'
import { quantityValue } from '../../api/quantity.ts'
import type { Volume } from '../../api/types/volume.ts'
import type { KubeletContext } from '../context.ts'
import { containersOf } from '../pod/pod_nouns.ts'

export const EMPTY_DIR_PLUGIN = 'kubernetes.io~empty-dir'

export async function makeEmptyDir(context: KubeletContext, pod: Pod, volume: Volume): Promise<string> {
  const { disk, processes } = context.host
  const directory = context.directories.volume(pod.metadata.uid ?? '', EMPTY_DIR_PLUGIN, volume.name)
  const isNew = !(await disk.stat(directory))
  if (isNew) await disk.makeDirectory(directory, { mode: 0o777 })
  const groupId = pod.spec.securityContext?.fsGroup
  if (isNew && volume.emptyDir?.medium === 'Memory') {
    const options = [`size=${memoryBytes(context, pod, volume)}`, 'mode=0777', ...(groupId === undefined ? [] : [`gid=${groupId}`])]
    const { exitCode, stderr } = await processes.run('mount', ['-t', 'tmpfs', '-o', options.join(','), 'tmpfs', directory])
    if (exitCode !== 0) throw new Error(`mounting a tmpfs failed: ${stderr.trim()}`)
  }
  if (isNew && groupId !== undefined) {
    await disk.changeOwner(directory, 0, groupId)
    // New files take the group of their directory.
    await disk.changeMode(directory, 0o2777)
  }
  return directory
}

/** Only a mount needs care: the files go with the Pod's directory. */
export async function removeEmptyDir(context: KubeletContext, uid: string, volume: Volume): Promise<void> {
  if (volume.emptyDir?.medium !== 'Memory') return
  const directory = context.directories.volume(uid, EMPTY_DIR_PLUGIN, volume.name)
  if (!(await context.host.disk.stat(directory))) return
  const { exitCode, stderr } = await context.host.processes.run('umount', [directory])
  if (exitCode !== 0 && !/not mounted|no mount point/.test(stderr)) throw new Error(`unmounting ${volume.name} failed: ${stderr.trim()}`)
}

/** The smallest of its own limit, what the Pod's containers may use, and what the node has. */
function memoryBytes({ machine }: KubeletContext, pod: Pod, volume: Volume): number {
  const limits = containersOf(pod).map(({ container }) => container.resources?.limits?.memory)
  const ofPod = limits.every(limit => limit !== undefined) ? limits.reduce((sum, limit) => sum + quantityValue(String(limit)), 0) : Infinity
  const own = volume.emptyDir?.sizeLimit ? quantityValue(String(volume.emptyDir.sizeLimit)) : Infinity
  return Math.min(own || Infinity, ofPod || Infinity, machine.memoryBytes)
}
