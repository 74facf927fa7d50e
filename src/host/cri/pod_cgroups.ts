/**
 * The cgroups of Pods on a real machine, as files:
 *
 *   v1      one tree for each controller: cpu/PATH/cpu.shares, memory/PATH/memory.limit_in_bytes
 *   v2      one tree: PATH/cpu.weight, PATH/memory.max; a controller reaches PATH when every cgroup above passes it on
 *   hybrid  the trees of v1, and one of v2 beside them without controllers: as v1
 */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import { CPU_PERIOD_US, type CgroupLimits, type PodCgroups } from '../../runtime/pod_cgroups.ts'
import { CGROUP_MOUNT, hasUnifiedHierarchy, listCgroups, removeCgroup, removeCgroupTree } from './cgroups.ts'

export function createPodCgroups(mount: string = CGROUP_MOUNT): PodCgroups {
  const unified = hasUnifiedHierarchy(mount)
  return {
    async set(path, limits) {
      const below = normalize(`/${path}`)
      if (await unified) await setUnified(mount, below, limits)
      else await setByController(mount, below, limits)
    },
    remove: path => removeCgroup(path, mount),
    list: path => listCgroups(path, mount),
    destroy: path => removeCgroupTree(path, mount),
  }
}

async function setByController(mount: string, path: string, { cpuShares, cpuQuotaUs, memoryLimitBytes }: CgroupLimits): Promise<void> {
  const trees = await readdir(mount)
  const tree = (controller: string) => {
    // `cpu` and `cpuacct` are often mounted together, under both names.
    const name = trees.find(each => each.split(',').includes(controller))
    if (!name) throw new Error(`this machine has no cgroup controller "${controller}" below ${mount}`)
    return join(mount, name, path)
  }
  const [cpu, memory] = [tree('cpu'), tree('memory')]
  await Promise.all([mkdir(cpu, { recursive: true }), mkdir(memory, { recursive: true })])
  if (cpuShares !== undefined) await writeFile(join(cpu, 'cpu.shares'), String(cpuShares))
  if (cpuQuotaUs !== undefined) {
    await writeFile(join(cpu, 'cpu.cfs_period_us'), String(CPU_PERIOD_US))
    await writeFile(join(cpu, 'cpu.cfs_quota_us'), String(cpuQuotaUs))
  }
  if (memoryLimitBytes !== undefined) await writeFile(join(memory, 'memory.limit_in_bytes'), String(memoryLimitBytes))
}

async function setUnified(mount: string, path: string, { cpuShares, cpuQuotaUs, memoryLimitBytes }: CgroupLimits): Promise<void> {
  const directory = join(mount, path)
  await mkdir(directory, { recursive: true })
  const above = path.split('/').slice(1, -1)
  for (let depth = 0; depth <= above.length; depth++) {
    const control = join(mount, ...above.slice(0, depth), 'cgroup.subtree_control')
    // One that cannot be passed on has no file below, and writing that file says so.
    for (const controller of ['cpu', 'memory']) await writeFile(control, `+${controller}`).catch(() => undefined)
  }
  if (cpuShares !== undefined) await writeFile(join(directory, 'cpu.weight'), String(weightOf(cpuShares)))
  if (cpuQuotaUs !== undefined) await writeFile(join(directory, 'cpu.max'), `${cpuQuotaUs < 0 ? 'max' : cpuQuotaUs} ${CPU_PERIOD_US}`)
  if (memoryLimitBytes !== undefined) await writeFile(join(directory, 'memory.max'), memoryLimitBytes < 0 ? 'max' : String(memoryLimitBytes))
}

/** From 2…262144 to 1…10000, as the kubelet does it (behaviour 6.3.5). */
export const weightOf = (shares: number): number => Math.floor(1 + ((shares - 2) * 9999) / 262_142)
