/**
 * What a simulated machine uses: what its containers use, and what a story says of everything else on it.
 *
 *   story.machineStats.set({ systemMemoryBytes: 7 * 2 ** 30 })     // memory gets scarce
 */
import type { Clock } from '../base/clock.ts'
import { assert } from '../base/assert.ts'
import type { Machine } from '../kubelet/node/machine.ts'
import type { FilesystemFigures, MachineStats } from '../kubelet/stats/machine_stats.ts'
import type { MemoryDisk } from './disk.ts'
import type { RuntimeUsage } from './runtime.ts'
import { IMAGE_DIRECTORY } from './runtime_view.ts'

/** Of the machine beside its containers and images: its system, and whatever else runs there. */
export interface SimulatedFigures {
  readonly systemCpus: number
  readonly systemMemoryBytes: number
  readonly systemDiskBytes: number
  readonly systemInodes: number
  readonly systemProcesses: number
  readonly inodes: number
  readonly processesMax: number
  /** A filesystem of its own for images and writable layers; undefined: they are on the node's. */
  readonly imageFilesystem: { readonly capacityBytes: number; readonly inodes: number; readonly otherBytes: number } | undefined
}

export interface SimulatedMachineStats extends MachineStats {
  set(figures: Partial<SimulatedFigures>): void
}

export interface SimulatedMachineParts {
  readonly clock: Clock
  readonly machine: Pick<Machine, 'memoryBytes' | 'ephemeralStorageBytes'>
  readonly runtime: { usage(): RuntimeUsage }
  /** Holds volumes and logs; undefined on a machine whose real files are not part of the simulation. */
  readonly storage?: Pick<MemoryDisk, 'used'>
}

const GIB = 2 ** 30
const ENTRIES_MAX = 1_000_000

/** A small system beside the containers; on a small machine a smaller one, or the node would be short of everything from the start. */
const idle = ({ memoryBytes, ephemeralStorageBytes }: SimulatedMachineParts['machine']): SimulatedFigures => ({
  systemCpus: 0.05,
  systemMemoryBytes: Math.min(GIB / 2, memoryBytes / 16),
  systemDiskBytes: Math.min(4 * GIB, ephemeralStorageBytes / 10),
  systemInodes: 100_000,
  systemProcesses: 120,
  inodes: 6_553_600,
  processesMax: 32_768,
  imageFilesystem: undefined,
})

export function createSimulatedMachineStats({ clock, machine, runtime, storage }: SimulatedMachineParts): SimulatedMachineStats {
  let figures = idle(machine)
  let systemCpuNanoSeconds = 0
  let countedAt = clock.now()

  const countCpu = () => {
    const now = clock.now()
    systemCpuNanoSeconds += Math.floor((now - countedAt) * 1e6 * figures.systemCpus)
    countedAt = now
  }
  const filesystem = (device: string, capacityBytes: number, usedBytes: number, inodes: number, inodesUsed: number): FilesystemFigures => ({
    at: clock.wall(),
    device,
    capacityBytes,
    usedBytes: Math.min(usedBytes, capacityBytes),
    availableBytes: Math.max(0, capacityBytes - usedBytes),
    inodes,
    inodesUsed: Math.min(inodesUsed, inodes),
    inodesFree: Math.max(0, inodes - inodesUsed),
  })

  return {
    set(changed) {
      countCpu()
      figures = { ...figures, ...changed }
      assert(figures.systemMemoryBytes <= machine.memoryBytes, 'a system larger than the memory of its machine')
    },
    async cpu() {
      countCpu()
      return { at: clock.wall(), usageNanoSeconds: systemCpuNanoSeconds + runtime.usage().cpuNanoSeconds }
    },
    async memory() {
      const used = Math.min(machine.memoryBytes, figures.systemMemoryBytes + runtime.usage().memoryBytes)
      return {
        at: clock.wall(),
        capacityBytes: machine.memoryBytes,
        usageBytes: used,
        workingSetBytes: used,
        availableBytes: machine.memoryBytes - used,
        rssBytes: used,
      }
    },
    async filesystem(path) {
      const { imagesBytes, imagesInodes, writableBytes, writableInodes } = runtime.usage()
      const images = { bytes: imagesBytes + writableBytes, inodes: imagesInodes + writableInodes }
      const { imageFilesystem } = figures
      if (imageFilesystem && path.startsWith(IMAGE_DIRECTORY)) {
        const { capacityBytes, otherBytes, inodes } = imageFilesystem
        return filesystem('images', capacityBytes, otherBytes + images.bytes, inodes, images.inodes)
      }
      const files = storage?.used(ENTRIES_MAX) ?? { bytes: 0, inodes: 0 }
      const shared = imageFilesystem ? { bytes: 0, inodes: 0 } : images
      return filesystem(
        'node',
        machine.ephemeralStorageBytes,
        figures.systemDiskBytes + files.bytes + shared.bytes,
        figures.inodes,
        figures.systemInodes + files.inodes + shared.inodes,
      )
    },
    async processes() {
      return { at: clock.wall(), max: figures.processesMax, current: figures.systemProcesses + runtime.usage().processes }
    },
    // The simulated runtime counts the processes of each container itself.
    cgroupProcesses: async () => undefined,
  }
}
