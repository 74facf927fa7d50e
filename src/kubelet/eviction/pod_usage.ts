/** What one Pod uses of something that runs out, beside what it has asked for. */
import type { Pod } from '../../api/kinds/pod.ts'
import { podRequests } from '../../api/pod.ts'
import type { ContainerUsage, PodStats, SpaceStats } from '../stats/stats.ts'
import type { StarvedResource } from './signals.ts'

/** A Pod that could be evicted. */
export interface Candidate {
  readonly pod: Pod
  /** Undefined: nothing has been measured of it. */
  readonly stats: PodStats | undefined
}

/** Which parts of a Pod lie on the filesystem that runs out. */
export interface DiskParts {
  readonly writableLayers: boolean
  readonly logsAndVolumes: boolean
}

export const ALL_DISK_PARTS: DiskParts = { writableLayers: true, logsAndVolumes: true }

export function usageOf({ stats }: Candidate, resource: StarvedResource, parts: DiskParts): number {
  switch (resource) {
    case 'memory':
      return stats?.memory?.workingSetBytes ?? 0
    case 'pids':
      return stats?.processes ?? 0
    case 'ephemeral-storage':
      return stats ? sum(diskFigures(stats, parts), figures => figures.usedBytes) : 0
    case 'inodes':
      return stats ? sum(diskFigures(stats, parts), figures => figures.inodesUsed) : 0
  }
}

/** Nobody can ask for inodes or processes. */
export const requestOf = ({ pod }: Candidate, resource: StarvedResource): number => podRequests(pod).get(resource) ?? 0

/** Volumes in memory count as memory. */
export const diskFigures = ({ containers, volumes }: PodStats, parts: DiskParts): SpaceStats[] => [
  ...containers.flatMap(container => containerFigures(container, parts)),
  ...(parts.logsAndVolumes ? volumes.filter(volume => !volume.isInMemory) : []),
]

export const containerFigures = ({ writableLayer, logs }: ContainerUsage, parts: DiskParts): SpaceStats[] => [
  ...(parts.writableLayers ? [writableLayer] : []),
  ...(parts.logsAndVolumes && logs ? [logs] : []),
]

export const sum = <T>(items: readonly T[], amountOf: (item: T) => number): number => items.reduce((total, item) => total + amountOf(item), 0)
