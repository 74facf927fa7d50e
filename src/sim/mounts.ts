/** Mounts where nothing can be mounted: directories stand for file systems, and paths for what would be bound to them. */
import { DiskError, type Disk } from '../base/disk.ts'
import type { Mounts } from '../base/mounts.ts'

/** `mounted` belongs to the machine: mounts outlive the process that made them. */
export function createPretendedMounts(disk: Disk, mounted: Set<string> = new Set()): Mounts {
  return {
    async memory(directory, { mode, groupId }) {
      mounted.add(directory)
      await disk.changeMode(directory, mode)
      if (groupId !== undefined) await disk.changeOwner(directory, 0, groupId)
    },
    async bindInside(root, parts, target, { mode }) {
      let path = root
      for (const part of parts) {
        path += `/${part}`
        const info = await disk.stat(path)
        if (info?.kind === 'link') throw new DiskError('Other', `${path}: is a symbolic link`)
        if (!info) await disk.makeDirectory(path, { mode })
      }
      mounted.add(target)
      return path
    },
    isMounted: async directory => mounted.has(directory),
    async unmountBelow(directory) {
      for (const mount of mounted) if (mount.startsWith(`${directory}/`)) mounted.delete(mount)
    },
  }
}
