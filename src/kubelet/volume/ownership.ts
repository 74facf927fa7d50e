/** Whose the files of a volume are: the Pod's group where it names one, and the rights that group needs. */
import type { Pod } from '../../api/kinds/pod.ts'
import type { Disk } from '../../base/disk.ts'
import { containersOf } from '../pod/pod_nouns.ts'

const SET_GROUP_ID = 0o2000
/** Nobody writes to what the kubelet itself has written. */
const GROUP_READS = { file: 0o440, directory: 0o550 }
const GROUP_WRITES = { file: 0o660, directory: 0o770 }

/** New files take the group of a directory like this. */
export const modeForGroup = (mode: number, kind: 'file' | 'directory', isReadOnly: boolean): number =>
  mode | (isReadOnly ? GROUP_READS : GROUP_WRITES)[kind] | (kind === 'directory' ? SET_GROUP_ID : 0)

/** One file, link or directory. Links have a group too, and no mode of their own. */
export async function giveToGroup(disk: Disk, path: string, kind: 'file' | 'directory' | 'link', mode: number, groupId: number, uid = 0): Promise<void> {
  await disk.changeOwner(path, uid, groupId)
  // Afterwards: a change of owner takes the bits away that set ids.
  if (kind !== 'link') await disk.changeMode(path, modeForGroup(mode, kind, true))
}

/** The user all containers run as, if they name one and it is the same: a file may then be for this user alone. */
export function commonUserOf(pod: Pod): number | undefined {
  const [first, ...others] = containersOf(pod).map(({ container }) => container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser)
  return others.every(user => user === first) ? first : undefined
}
