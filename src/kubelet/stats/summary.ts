/** `/stats/summary`: the figures in the form of Kubernetes' stats API (v1alpha1). What is not known is left out. Pure. */
import type { FilesystemFigures } from './machine_stats.ts'
import type { ContainerUsage, CpuStats, MemoryStats, NodeStats, NodeSummary, PodStats, SpaceStats } from './stats.ts'

/** With `usageOnly` (`?only_cpu_and_memory=true`) CPU and memory alone: what a metrics collector asks for, many times. */
export function summaryObject(nodeName: string, { node, pods }: NodeSummary, { usageOnly }: { usageOnly: boolean }): object {
  return {
    node: { nodeName, startTime: null, ...usage(node), ...(!usageOnly && nodeSpace(node)) },
    pods: pods.map(pod => podObject(pod, node, usageOnly)),
  }
}

function nodeSpace({ filesystem, imageFilesystem, processes }: NodeStats): object {
  const images = imageFilesystem && { ...filesystemObject(imageFilesystem), usedBytes: imageFilesystem.imagesBytes }
  return {
    fs: filesystem && filesystemObject(filesystem),
    runtime: { imageFs: images, containerFs: imageFilesystem && filesystemObject(imageFilesystem) },
    rlimit: processes && { time: timestamp(processes.at), maxpid: processes.max, curproc: processes.current },
  }
}

function podObject(stats: PodStats, node: NodeStats, usageOnly: boolean): object {
  const { pod, containers, volumes, ephemeralStorage, processes } = stats
  return {
    podRef: pod,
    startTime: stats.startTime ?? null,
    containers: containers.map(container => containerObject(container, node, usageOnly)),
    ...usage(stats),
    ...(!usageOnly && {
      volume: volumes.map(({ name, ...space }) => ({ ...spaceObject(space, node.filesystem), name })),
      'ephemeral-storage': spaceObject(ephemeralStorage, node.filesystem),
      process_stats: processes === undefined ? undefined : { process_count: processes },
    }),
  }
}

function containerObject(container: ContainerUsage, node: NodeStats, usageOnly: boolean): object {
  const { name, startedAt, writableLayer, logs } = container
  return {
    name,
    startTime: startedAt === undefined ? null : timestamp(startedAt),
    ...usage(container),
    ...(!usageOnly && { rootfs: spaceObject(writableLayer, node.imageFilesystem), logs: logs && spaceObject(logs, node.filesystem) }),
  }
}

function usage({ cpu, memory }: { cpu: CpuStats | undefined; memory: (MemoryStats & { availableBytes?: number }) | undefined }): object {
  return {
    cpu: cpu && { time: timestamp(cpu.at), usageNanoCores: cpu.usageNanoCores, usageCoreNanoSeconds: cpu.usageNanoSeconds },
    memory: memory && {
      time: timestamp(memory.at),
      availableBytes: memory.availableBytes,
      usageBytes: memory.usageBytes,
      workingSetBytes: memory.workingSetBytes,
      rssBytes: memory.rssBytes,
    },
  }
}

/** To the millisecond: who takes a rate from two of them would be off by a tenth otherwise. */
const timestamp = (wallMs: number): string => new Date(wallMs).toISOString()

const filesystemObject = ({ at, availableBytes, capacityBytes, usedBytes, inodesFree, inodes, inodesUsed }: FilesystemFigures): object => ({
  time: timestamp(at),
  availableBytes,
  capacityBytes,
  usedBytes,
  inodesFree,
  inodes,
  inodesUsed,
})

/** What a part uses, and how much the filesystem it lies on has left. */
const spaceObject = ({ at, usedBytes, inodesUsed }: SpaceStats, on: FilesystemFigures | undefined): object => ({
  ...(on && filesystemObject(on)),
  time: timestamp(at),
  usedBytes,
  inodesUsed,
})
