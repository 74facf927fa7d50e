/** What one Pod uses, put together from what its containers and directories do. Pure but for the figures it is given. */
import type { Pod } from '../../api/kinds/pod.ts'
import type { Volume } from '../../api/types/volume.ts'
import type { Millis } from '../../base/clock.ts'
import type { ContainerStats } from '../../runtime/runtime.ts'
import { containerNameOf } from '../container/labels.ts'
import { podLogsOf, type Directories } from '../directories.ts'
import { containersOf } from '../pod/pod_nouns.ts'
import { EMPTY_DIR_PLUGIN } from '../volume/empty_dir.ts'
import { payloadPlugin } from '../volume/payload.ts'
import type { CpuRates } from './cpu_rates.ts'
import type { ContainerUsage, CpuStats, MemoryStats, PodStats, SpaceStats, VolumeUsage } from './stats.ts'

export interface PodStatsInputs {
  readonly at: Millis
  readonly processes: number | undefined
  readonly directories: Directories
  readonly rates: CpuRates
  /** How old the figure of a volume may be. */
  readonly volumeAgeMs: Millis
  /** When an instance has started; undefined while nobody has looked. */
  startedAt(containerId: string): Millis | undefined
  sizeOf(path: string, maxAgeMs: Millis): SpaceStats | undefined
}

/** Logs grow fast and are few files; as often as Kubernetes looks at what its Pods use. */
const LOG_AGE_MS = 10_000

/** `readings` are those of this Pod's containers; a name may come with several instances. */
export function podStats(pod: Pod, readings: readonly ContainerStats[], inputs: PodStatsInputs): PodStats {
  const { name = '', namespace = '', uid = '' } = pod.metadata
  const containers = containersOf(pod).flatMap(({ container }) => containerUsage(pod, container.name, readings, inputs))
  const volumes = (pod.spec.volumes ?? []).flatMap(volume => volumeUsage(pod, volume, inputs))
  const space = [
    ...containers.flatMap(({ writableLayer, logs }) => [writableLayer, ...(logs ? [logs] : [])]),
    ...volumes.filter(({ isInMemory }) => !isInMemory),
  ]
  return {
    pod: { name, namespace, uid },
    startTime: pod.status.startTime,
    cpu: sumCpu(containers.flatMap(({ cpu }) => cpu ?? [])),
    memory: sumMemory(containers.flatMap(({ memory }) => memory ?? [])),
    containers,
    volumes,
    ephemeralStorage: { at: inputs.at, usedBytes: sum(space, each => each.usedBytes), inodesUsed: sum(space, each => each.inodesUsed) },
    processes: inputs.processes,
  }
}

/** Every directory of the Pod that is counted. */
export const podDirectories = (directories: Directories, pod: Pod): string[] => [
  ...containersOf(pod).map(({ container }) => `${podLogsOf(directories, pod)}/${container.name}`),
  ...(pod.spec.volumes ?? []).flatMap(volume => volumeDirectory(directories, pod, volume) ?? []),
]

function containerUsage(
  pod: Pod,
  name: string,
  readings: readonly ContainerStats[],
  { startedAt, at, directories, rates, sizeOf }: PodStatsInputs,
): ContainerUsage[] {
  const instances = readings.filter(reading => containerNameOf(reading) === name)
  // One that has ended still takes its writable layer, but has no time of reading: it uses nothing else.
  const running = instances.find(reading => reading.at > 0)
  const reading = running ?? instances.at(-1)
  if (!reading) return []
  return [
    {
      name,
      id: reading.containerId,
      startedAt: running && startedAt(running.containerId),
      cpu: running && rates.with(running.containerId, { at: running.at, usageNanoSeconds: running.cpuUsageNanoSeconds }),
      memory: running && {
        at: running.at,
        workingSetBytes: running.memoryWorkingSetBytes,
        usageBytes: running.memoryUsageBytes,
        rssBytes: running.memoryRssBytes,
      },
      writableLayer: { at, usedBytes: sum(instances, each => each.writableLayerBytes), inodesUsed: sum(instances, each => each.writableLayerInodes) },
      logs: sizeOf(`${podLogsOf(directories, pod)}/${name}`, LOG_AGE_MS),
    },
  ]
}

function volumeUsage(pod: Pod, volume: Volume, { directories, sizeOf, volumeAgeMs }: PodStatsInputs): VolumeUsage[] {
  const directory = volumeDirectory(directories, pod, volume)
  const size = directory === undefined ? undefined : sizeOf(directory, volumeAgeMs)
  return size
    ? [
        {
          ...size,
          name: volume.name,
          isInMemory: volume.emptyDir?.medium === 'Memory' || directory!.startsWith(`${directories.memory}/`),
          isEmptyDir: volume.emptyDir !== undefined,
        },
      ]
    : []
}

function volumeDirectory(directories: Directories, pod: Pod, volume: Volume): string | undefined {
  const plugin = volume.emptyDir ? EMPTY_DIR_PLUGIN : payloadPlugin(volume)
  return plugin && directories.volume(pod.metadata.uid ?? '', plugin, volume.name)
}

function sumCpu(all: readonly CpuStats[]): CpuStats | undefined {
  if (all.length === 0) return undefined
  const isKnown = all.every(({ usageNanoCores }) => usageNanoCores !== undefined)
  return {
    at: Math.max(...all.map(({ at }) => at)),
    usageNanoSeconds: sum(all, each => each.usageNanoSeconds),
    usageNanoCores: isKnown ? sum(all, each => each.usageNanoCores ?? 0) : undefined,
  }
}

function sumMemory(all: readonly MemoryStats[]): MemoryStats | undefined {
  if (all.length === 0) return undefined
  return {
    at: Math.max(...all.map(({ at }) => at)),
    workingSetBytes: sum(all, each => each.workingSetBytes),
    usageBytes: sum(all, each => each.usageBytes),
    rssBytes: sum(all, each => each.rssBytes),
  }
}

const sum = <T>(all: readonly T[], of: (each: T) => number): number => all.reduce((total, each) => total + of(each), 0)
