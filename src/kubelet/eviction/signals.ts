/** What the kubelet watches of its node to tell that something runs out, and what each figure stands for (behaviour 6.5). */
import type { Millis } from '../../base/clock.ts'
import type { NodeStats } from '../stats/stats.ts'

export type Signal = 'memory.available' | 'nodefs.available' | 'nodefs.inodesFree' | 'imagefs.available' | 'imagefs.inodesFree' | 'pid.available'

export type PressureCondition = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure'

/** As messages and Events name it. */
export type StarvedResource = 'memory' | 'ephemeral-storage' | 'inodes' | 'pids'

interface Meaning {
  readonly condition: PressureCondition
  readonly resource: StarvedResource
  readonly isBytes: boolean
}

export const SIGNALS: Readonly<Record<Signal, Meaning>> = {
  'memory.available': { condition: 'MemoryPressure', resource: 'memory', isBytes: true },
  'nodefs.available': { condition: 'DiskPressure', resource: 'ephemeral-storage', isBytes: true },
  'nodefs.inodesFree': { condition: 'DiskPressure', resource: 'inodes', isBytes: false },
  'imagefs.available': { condition: 'DiskPressure', resource: 'ephemeral-storage', isBytes: true },
  'imagefs.inodesFree': { condition: 'DiskPressure', resource: 'inodes', isBytes: false },
  'pid.available': { condition: 'PIDPressure', resource: 'pids', isBytes: false },
}

export const isSignal = (text: string): text is Signal => text in SIGNALS

/** The order in which a node shows them. */
export const PRESSURE_CONDITIONS: readonly PressureCondition[] = ['MemoryPressure', 'DiskPressure', 'PIDPressure']

export interface Observation {
  /** Bytes, inodes or processes, as the signal has it. */
  readonly available: number
  readonly capacity: number
  /** Wall time of the reading: what is no newer than the last time says nothing new. */
  readonly at: Millis
}

/** A signal that could not be read is missing: nobody is evicted for what is not known. */
export type Observations = ReadonlyMap<Signal, Observation>

export function observe({ memory, filesystem, imageFilesystem, processes }: NodeStats): Observations {
  const seen = new Map<Signal, Observation>()
  if (memory) seen.set('memory.available', { available: memory.availableBytes, capacity: memory.capacityBytes, at: memory.at })
  for (const [name, figures] of [
    ['nodefs', filesystem],
    ['imagefs', imageFilesystem],
  ] as const) {
    if (!figures) continue
    const { availableBytes, capacityBytes, inodesFree, inodes, at } = figures
    if (capacityBytes > 0) seen.set(`${name}.available`, { available: availableBytes, capacity: capacityBytes, at })
    // Some filesystems make inodes as they need them, and have no number to run out of.
    if (inodes > 0) seen.set(`${name}.inodesFree`, { available: inodesFree, capacity: inodes, at })
  }
  if (processes) seen.set('pid.available', { available: processes.max - processes.current, capacity: processes.max, at: processes.at })
  return seen
}

/** Images and writable layers have a filesystem of their own: emptying it does nothing for volumes and logs, and the other way round. */
export const hasSeparateImageFilesystem = ({ filesystem, imageFilesystem }: NodeStats): boolean =>
  filesystem !== undefined && imageFilesystem !== undefined && filesystem.device !== imageFilesystem.device
