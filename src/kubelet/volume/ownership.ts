/** Whose the files of a volume are: the Pod's group where it names one, and the rights that group needs. */
import type { Pod } from '../../api/kinds/pod.ts'
import type { Disk, FileInfo } from '../../base/disk.ts'
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

/**
 * A whole volume, which the group may write to from now on. Whose files they are otherwise stays, and what is right already
 * is not touched. With `onlyRootMismatch` nothing is looked at when the top is right: it is done last.
 */
export async function giveVolumeToGroup(disk: Disk, root: string, groupId: number, { onlyRootMismatch }: { onlyRootMismatch: boolean }): Promise<void> {
  // Behind links, if the machine's owner has made the top one.
  const top = await disk.stat(`${root}/.`)
  if (onlyRootMismatch && top && isOfGroup(top, groupId)) return
  for (const name of await disk.list(root)) await giveBelow(disk, `${root}/${name}`, groupId)
  if (top) await giveOne(disk, `${root}/.`, top, groupId)
}

async function giveBelow(disk: Disk, path: string, groupId: number): Promise<void> {
  const info = await disk.stat(path)
  // A container may have removed it meanwhile.
  if (!info) return
  if (info.kind === 'directory') for (const name of await disk.list(path)) await giveBelow(disk, `${path}/${name}`, groupId)
  await giveOne(disk, path, info, groupId)
}

async function giveOne(disk: Disk, path: string, info: FileInfo, groupId: number): Promise<void> {
  if (info.gid !== groupId) await disk.changeOwner(path, info.uid, groupId)
  if (info.kind === 'link') return
  const mode = wantedMode(info)
  if (mode !== info.mode || info.gid !== groupId) await disk.changeMode(path, mode)
}

const wantedMode = ({ mode, kind }: FileInfo): number => modeForGroup(mode, kind === 'directory' ? 'directory' : 'file', false)

const isOfGroup = (info: FileInfo, groupId: number): boolean => info.gid === groupId && info.mode === wantedMode(info)

/** The user all containers run as, if they name one and it is the same: a file may then be for this user alone. */
export function commonUserOf(pod: Pod): number | undefined {
  const [first, ...others] = containersOf(pod).map(({ container }) => container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser)
  return others.every(user => user === first) ? first : undefined
}
