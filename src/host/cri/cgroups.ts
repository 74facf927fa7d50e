/**
 * The runtime makes a Pod's cgroup when its sandbox asks for one, and leaves it behind: it is only the parent of what the
 * runtime itself has made.
 */
import { access, readdir, readFile, rmdir } from 'node:fs/promises'
import { join, normalize } from 'node:path'

export const CGROUP_MOUNT = '/sys/fs/cgroup'

/** Removes it where it is empty, in each of the machine's hierarchies: one with cgroup v2, one a controller with v1. */
export async function removeCgroup(parent: string, mount: string = CGROUP_MOUNT): Promise<void> {
  const path = normalize(`/${parent}`)
  if (path === '/') return
  await Promise.all((await hierarchies(mount)).map(hierarchy => removeEmpty(join(hierarchy, path))))
}

/** With those below it, which containers that never came to be have left. Where something runs, rmdir fails, and so it does above. */
async function removeEmpty(directory: string): Promise<void> {
  const children = await readdir(directory, { withFileTypes: true }).catch(() => [])
  // There is none in this hierarchy: every cgroup has files.
  if (children.length === 0) return
  for (const child of children) if (child.isDirectory()) await removeEmpty(join(directory, child.name))
  await rmdir(directory).catch(() => {})
}

/** Removes a cluster's own cgroups, and ends what runs in them: a container that was just being made when its shim was killed, for one. */
export async function removeCgroupTree(root: string, mount: string = CGROUP_MOUNT): Promise<void> {
  await Promise.all((await hierarchies(mount)).map(hierarchy => removeTree(join(hierarchy, normalize(`/${root}`)))))
}

/** Names of those directly below it, in whatever hierarchy. */
export async function listCgroups(parent: string, mount: string = CGROUP_MOUNT): Promise<string[]> {
  const lists = await Promise.all(
    (await hierarchies(mount)).map(hierarchy => readdir(join(hierarchy, normalize(`/${parent}`)), { withFileTypes: true }).catch(() => [])),
  )
  return [...new Set(lists.flat().flatMap(entry => (entry.isDirectory() ? [entry.name] : [])))]
}

/** The mount itself, where it is one of v2, and what is mounted below it. */
async function hierarchies(mount: string): Promise<string[]> {
  return [mount, ...(await readdir(mount).catch(() => [])).map(name => join(mount, name))]
}

async function killMembers(directory: string): Promise<void> {
  const members = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '')
  for (const pid of members
    .split('\n')
    .map(Number)
    .filter(number => number > 0)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has just ended.
    }
  }
}

/** What was killed a moment ago is still counted as a member. */
const ATTEMPTS = 20
const PAUSE_MS = 25

async function removeTree(directory: string): Promise<void> {
  const children = await readdir(directory, { withFileTypes: true }).catch(() => undefined)
  if (!children) return
  for (const child of children) if (child.isDirectory()) await removeTree(join(directory, child.name))
  await killMembers(directory)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { code } = await rmdir(directory).then(
      () => ({ code: '' }),
      (error: NodeJS.ErrnoException) => error,
    )
    if (code !== 'EBUSY') return
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
  }
}

/** Whether this machine has cgroup v2 only; runc refuses v2's settings otherwise. */
export const hasUnifiedHierarchy = (mount: string = CGROUP_MOUNT): Promise<boolean> =>
  access(join(mount, 'cgroup.controllers')).then(
    () => true,
    () => false,
  )
