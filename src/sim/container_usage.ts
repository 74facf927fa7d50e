/** What a simulated container uses: what its processes say they do, less what its limits take away. */
import type { Clock } from '../base/clock.ts'
import type { DiskUsage } from '../base/disk.ts'
import type { ContainerResources } from '../runtime/runtime.ts'
import type { MemoryDisk } from './disk.ts'
import type { Guest } from './workload/guest.ts'

export interface ContainerUsage {
  readonly cpuNanoSeconds: number
  readonly memoryBytes: number
  readonly processes: number
  /** What it has written beside its image and its volumes. */
  readonly writableLayer: DiskUsage
}

export interface ContainerMeter {
  /** To be called before anything changes that decides how much CPU it uses: what is past is counted as it was. */
  count(): void
  /** Its processes run from now on. */
  begin(guest: Guest, root: MemoryDisk): void
  usage(): ContainerUsage
}

/** Even a program that only waits is woken now and then. */
const IDLE_CPUS = 0.001
const ENTRIES_MAX = 100_000
/** What the runtime itself puts into a new layer. */
const EMPTY_LAYER: DiskUsage = { bytes: 24_576, inodes: 8, isComplete: true }

export function createContainerMeter(clock: Clock, isRunning: () => boolean, resources: () => ContainerResources): ContainerMeter {
  let cpuNanoSeconds = 0
  let countedAt = clock.now()
  let running: { readonly guest: Guest; readonly root: MemoryDisk; readonly image: DiskUsage } | undefined
  /** Of the root. It is read without waiting, as a meter is. */
  let layer = EMPTY_LAYER

  const count = () => {
    const now = clock.now()
    if (running && isRunning()) {
      const wanted = running.guest.processes().reduce((sum, process) => sum + process.cpus, IDLE_CPUS)
      cpuNanoSeconds += Math.floor((now - countedAt) * 1e6 * Math.min(wanted, cpuLimit(resources())))
    }
    countedAt = now
  }

  return {
    count,
    begin(guest, root) {
      count()
      running = { guest, root, image: root.used(ENTRIES_MAX) }
    },
    usage() {
      count()
      if (running) {
        const { bytes, inodes } = running.root.used(ENTRIES_MAX)
        const { image } = running
        layer = {
          bytes: EMPTY_LAYER.bytes + Math.max(0, bytes - image.bytes),
          inodes: EMPTY_LAYER.inodes + Math.max(0, inodes - image.inodes),
          isComplete: true,
        }
      }
      const alive = running !== undefined && isRunning()
      return {
        cpuNanoSeconds,
        memoryBytes: alive ? running!.guest.memoryBytes() : 0,
        processes: alive ? running!.guest.processes().length : 0,
        writableLayer: layer,
      }
    },
  }
}

/** In CPUs: the kernel lets a container run for no more than its quota in each period. */
const cpuLimit = ({ cpuQuotaUs = 0, cpuPeriodUs = 0 }: ContainerResources): number => (cpuQuotaUs > 0 && cpuPeriodUs > 0 ? cpuQuotaUs / cpuPeriodUs : Infinity)
