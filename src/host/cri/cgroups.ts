/**
 * The runtime makes a Pod's cgroup when its sandbox asks for one, and leaves it behind: it is only the parent of what the
 * runtime itself has made.
 */
import { access, readdir, rmdir } from 'node:fs/promises'
import { join, normalize } from 'node:path'

const MOUNT = '/sys/fs/cgroup'

/** Removes it where it is empty, in each of the machine's hierarchies: one with cgroup v2, one a controller with v1. */
export async function removeCgroup(parent: string): Promise<void> {
  const path = normalize(`/${parent}`)
  if (path === '/') return
  const controllers = await readdir(MOUNT).catch(() => [])
  await Promise.all([MOUNT, ...controllers.map(name => join(MOUNT, name))].map(async hierarchy => {
    const directory = join(hierarchy, path)
    // What other sandboxes of the Pod still use is not empty, and stays.
    const children = await readdir(directory, { withFileTypes: true }).catch(() => [])
    if (children.length > 0 && !children.some(child => child.isDirectory())) await rmdir(directory).catch(() => {})
  }))
}

/** Removes a cluster's own cgroups once nothing runs in them; what is still used stays. */
export async function removeCgroupTree(root: string): Promise<void> {
  const controllers = await readdir(MOUNT).catch(() => [])
  await Promise.all([MOUNT, ...controllers.map(name => join(MOUNT, name))].map(hierarchy => removeEmptyTree(join(hierarchy, normalize(`/${root}`)))))
}

async function removeEmptyTree(directory: string): Promise<void> {
  const children = await readdir(directory, { withFileTypes: true }).catch(() => undefined)
  if (!children) return
  for (const child of children) if (child.isDirectory()) await removeEmptyTree(join(directory, child.name))
  await rmdir(directory).catch(() => {})
}

/** Whether this machine has cgroup v2 only; runc refuses v2's settings otherwise. */
export const hasUnifiedHierarchy = (): Promise<boolean> => access(join(MOUNT, 'cgroup.controllers')).then(() => true, () => false)
