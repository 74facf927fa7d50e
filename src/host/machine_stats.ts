/** What this machine uses, as Kubernetes' kubelet reads it: from /proc, from its filesystems, and from the cgroups of Pods. */
import { readFile, stat, statfs } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import type { MachineStats } from '../kubelet/stats/machine_stats.ts'

/** The kernel counts CPU time in hundredths of a second, whatever its own tick is. */
const TICK_NS = 1e7
const CGROUPS = '/sys/fs/cgroup'

export function createMachineStats(now: () => number = Date.now): MachineStats {
  return {
    async cpu() {
      return { at: now(), usageNanoSeconds: cpuNanoSeconds(await readFile('/proc/stat', 'utf8')) }
    },
    async memory() {
      return { at: now(), ...memoryFigures(await readFile('/proc/meminfo', 'utf8')) }
    },
    async filesystem(path) {
      const [{ dev }, figures] = await Promise.all([stat(path), statfs(path)])
      const { bsize, blocks, bfree, bavail, files, ffree } = figures
      return {
        at: now(),
        device: String(dev),
        capacityBytes: blocks * bsize,
        availableBytes: bavail * bsize,
        usedBytes: (blocks - bfree) * bsize,
        inodes: files,
        inodesFree: ffree,
        inodesUsed: files - ffree,
      }
    },
    async processes() {
      const [load, ...limits] = await Promise.all(
        ['/proc/loadavg', '/proc/sys/kernel/pid_max', '/proc/sys/kernel/threads-max'].map(path => readFile(path, 'utf8')),
      )
      return { at: now(), max: Math.min(...limits.map(Number)), current: Number(/\/(\d+)/.exec(load!)?.[1] ?? 0) }
    },
    cgroupProcesses: cgroupProcesses,
  }
}

/** Everything but idle time and waiting for disks. Time of guests is in that of users already. */
export function cpuNanoSeconds(procStat: string): number {
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0, stolen = 0] = procStat.split('\n', 1)[0]!.split(/\s+/).slice(1).map(Number)
  return (user + nice + system + interrupts + softInterrupts + stolen) * TICK_NS
}

/** The root cgroup's usage is what is not free; its inactive files can be had back at any moment. */
export function memoryFigures(meminfo: string) {
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? 0) * 1024
  const capacityBytes = bytes('MemTotal')
  const usageBytes = capacityBytes - bytes('MemFree')
  const workingSetBytes = Math.max(0, usageBytes - bytes('Inactive\\(file\\)'))
  return { capacityBytes, usageBytes, workingSetBytes, availableBytes: capacityBytes - workingSetBytes, rssBytes: bytes('AnonPages') }
}

/** With cgroup v2 in the one hierarchy; with v1 in the controller's own. Both count what is below. */
async function cgroupProcesses(cgroup: string): Promise<number | undefined> {
  const path = normalize(`/${cgroup}`)
  for (const hierarchy of [CGROUPS, join(CGROUPS, 'pids'), join(CGROUPS, 'unified')]) {
    const text = await readFile(join(hierarchy, path, 'pids.current'), 'utf8').catch(() => undefined)
    if (text !== undefined) return Number(text)
  }
  return undefined
}
