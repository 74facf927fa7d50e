/** What a node and its Pods use: the answer of the stats provider, for `/stats/summary`, `kubectl top` and eviction. */
import type { Millis } from '../../base/clock.ts'
import type { FilesystemFigures, MachineMemory, ProcessFigures } from './machine_stats.ts'

export interface NodeSummary {
  readonly node: NodeStats
  readonly pods: readonly PodStats[]
}

/** Undefined: it could not be read this time. */
export interface NodeStats {
  readonly cpu: CpuStats | undefined
  readonly memory: MachineMemory | undefined
  /** Holds the kubelet's own directory: volumes and logs. */
  readonly filesystem: FilesystemFigures | undefined
  /** Holds images and the writable layers of containers; often the same device. */
  readonly imageFilesystem: (FilesystemFigures & { readonly imagesBytes: number }) | undefined
  readonly processes: ProcessFigures | undefined
}

export interface CpuStats {
  readonly at: Millis
  /** Cumulative; it begins again at 0 with a new instance of the container. */
  readonly usageNanoSeconds: number
  /** Billionths of a CPU, between the last two readings; undefined at the first. */
  readonly usageNanoCores: number | undefined
}

export interface MemoryStats {
  readonly at: Millis
  readonly workingSetBytes: number
  readonly usageBytes: number
  readonly rssBytes: number
}

export interface SpaceStats {
  readonly at: Millis
  readonly usedBytes: number
  readonly inodesUsed: number
}

export interface PodStats {
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string }
  readonly startTime: string | undefined
  /** Sums over its running containers; undefined when none of them could be read. */
  readonly cpu: CpuStats | undefined
  readonly memory: MemoryStats | undefined
  readonly containers: readonly ContainerUsage[]
  /** Those that are measured: emptyDir, configMap, secret, downwardAPI and projected ones. A volume without a figure yet is missing. */
  readonly volumes: readonly VolumeUsage[]
  /** What counts against the ephemeral-storage limit of the Pod: writable layers, logs, and local volumes that are not in memory. */
  readonly ephemeralStorage: SpaceStats
  /** Processes and threads; undefined when the runtime does not say. */
  readonly processes: number | undefined
}

export interface ContainerUsage {
  readonly name: string
  readonly id: string
  /** Wall time. */
  readonly startedAt: Millis | undefined
  readonly cpu: CpuStats | undefined
  readonly memory: MemoryStats | undefined
  readonly writableLayer: SpaceStats
  /** Of all its instances whose logs are kept, and of rotated ones; undefined until it has been measured. */
  readonly logs: SpaceStats | undefined
}

export interface VolumeUsage extends SpaceStats {
  readonly name: string
  /** An emptyDir with medium Memory: it counts as memory, not as storage. */
  readonly isInMemory: boolean
  readonly isEmptyDir: boolean
}
