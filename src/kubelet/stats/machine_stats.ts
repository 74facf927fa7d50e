/**
 * What the machine of a node uses at this moment. `host/` reads it from the kernel; `sim/` adds up what the simulated
 * containers use. Every reading may fail; whoever asks goes on without it.
 */
import type { Millis } from '../../base/clock.ts'

export interface MachineStats {
  cpu(): Promise<MachineCpu>
  memory(): Promise<MachineMemory>
  /** The filesystem that holds this directory. */
  filesystem(path: string): Promise<FilesystemFigures>
  processes(): Promise<ProcessFigures>
  /** How many processes a cgroup and those below it hold, such as `/kubepods/burstable/pod<uid>`; undefined when that is not known. */
  cgroupProcesses(cgroup: string): Promise<number | undefined>
}

export interface MachineCpu {
  /** Wall time of the reading. */
  readonly at: Millis
  /** Since the machine has started; of all its CPUs together. */
  readonly usageNanoSeconds: number
}

export interface MachineMemory {
  readonly at: Millis
  readonly capacityBytes: number
  /** What is not free: with the file cache. */
  readonly usageBytes: number
  /** Usage without the files that nobody has touched for long: what the kernel cannot take back at once. */
  readonly workingSetBytes: number
  /** Capacity less the working set. This is what eviction looks at; `MemAvailable` of the kernel is another figure. */
  readonly availableBytes: number
  readonly rssBytes: number
}

export interface FilesystemFigures {
  readonly at: Millis
  /** The same for two directories on one filesystem. */
  readonly device: string
  readonly capacityBytes: number
  /** For users without privileges. */
  readonly availableBytes: number
  readonly usedBytes: number
  readonly inodes: number
  readonly inodesFree: number
  readonly inodesUsed: number
}

export interface ProcessFigures {
  readonly at: Millis
  readonly max: number
  /** Threads count too, as they do for the kernel. */
  readonly current: number
}
