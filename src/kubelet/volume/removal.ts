import type { Host } from '../../base/host.ts'

/**
 * Removes a directory of a Pod with everything in it. What is mounted below it goes first, and if it does not, nothing is
 * removed: it may be a directory of the machine that is only shown here.
 */
export async function removeWithMounts({ mounts, disk }: Pick<Host, 'mounts' | 'disk'>, directory: string): Promise<void> {
  if (!(await disk.stat(directory))) return
  await mounts.unmountBelow(directory)
  await disk.remove(directory)
}
