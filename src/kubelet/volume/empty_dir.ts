/** A directory that lives as long as its Pod; in memory when it is asked for. */
import type { Pod } from '../../api/kinds/pod.ts'
import { quantityValue } from '../../api/quantity.ts'
import type { Volume } from '../../api/types/volume.ts'
import { NO_LIMIT, podCgroupLimits } from '../cgroup/cgroup_values.ts'
import type { KubeletContext } from '../context.ts'
import { modeForGroup } from './ownership.ts'

export const EMPTY_DIR_PLUGIN = 'kubernetes.io~empty-dir'

const MODE = 0o777

/** Made once: what containers have put there since, and whom they gave it to, is theirs. */
export async function makeEmptyDir(context: KubeletContext, pod: Pod, volume: Volume): Promise<string> {
  const { disk, mounts } = context.host
  const directory = context.directories.volume(pod.metadata.uid ?? '', EMPTY_DIR_PLUGIN, volume.name)
  const found = await disk.stat(directory)
  const groupId = pod.spec.securityContext?.fsGroup
  const mode = groupId === undefined ? MODE : modeForGroup(MODE, 'directory', false)
  if (volume.emptyDir?.medium === 'Memory') {
    if (!found) await disk.makeDirectory(directory, { mode })
    // A directory without its mount is what a reboot has left.
    if (!(await mounts.isMounted(directory))) await mounts.memory(directory, { mode, bytes: memoryBytes(context, pod, volume), groupId })
    return directory
  }
  if (!found) await disk.makeDirectory(directory, { mode })
  // The group comes last: by it a directory is known to be finished.
  if (groupId !== undefined && found?.gid !== groupId) await disk.changeOwner(directory, 0, groupId)
  return directory
}

/** The smallest of its own limit, what the Pod may use, and what the node has. */
function memoryBytes({ allocatable }: KubeletContext, pod: Pod, volume: Volume): number {
  const ofPod = podCgroupLimits(pod).memoryLimitBytes
  const own = volume.emptyDir?.sizeLimit ? quantityValue(String(volume.emptyDir.sizeLimit)) : Infinity
  return Math.min(own || Infinity, ofPod === NO_LIMIT ? Infinity : ofPod, allocatable().memoryBytes)
}
