/**
 * What the runtime tells, in our words: nanoseconds become milliseconds and absent messages get their meaning.
 */
import type {
  ContainerResources,
  ContainerState,
  ContainerStats,
  ContainerStatus,
  ContainerSummary,
  ImageStatus,
  Mount,
  PodSandboxStatus,
  PodSandboxSummary,
  RuntimeStatus,
} from '../../runtime/runtime.ts'
import type { Decoded } from './wire.ts'
import type {
  StatusResponse,
  WireContainer,
  WireContainerStats,
  WireContainerStatus,
  WireImage,
  WireMount,
  WirePodSandbox,
  WirePodSandboxStatus,
} from './messages.ts'
import { PROPAGATIONS } from './configs.ts'

export function runtimeStatus({ status, runtimeHandlers, features }: Decoded<typeof StatusResponse>): RuntimeStatus {
  const conditions = status?.conditions ?? []
  const holds = (type: string) => conditions.some(condition => condition.type === type && condition.status)
  return {
    runtimeReady: holds('RuntimeReady'),
    networkReady: holds('NetworkReady'),
    message: conditions
      .filter(condition => !condition.status)
      .map(condition => `${condition.type}=false reason:${condition.reason} message:${condition.message}`)
      .join(', '),
    supplementalGroupsPolicy: features?.supplementalGroupsPolicy ?? false,
    // Before containerd 1.7 the runtime does not list its handlers; the default one is always there.
    handlers:
      runtimeHandlers.length === 0
        ? [{ name: '', recursiveReadOnlyMounts: false }]
        : runtimeHandlers.map(handler => ({ name: handler.name, recursiveReadOnlyMounts: handler.features?.recursiveReadOnlyMounts ?? false })),
  }
}

export function podSandboxSummary(sandbox: WirePodSandbox | WirePodSandboxStatus): PodSandboxSummary {
  return {
    id: sandbox.id,
    metadata: sandbox.metadata ?? { name: '', namespace: '', uid: '', attempt: 0 },
    ready: sandbox.state === 0,
    createdAt: millis(sandbox.createdAt),
    labels: sandbox.labels,
    annotations: sandbox.annotations,
  }
}

export function podSandboxStatus(sandbox: WirePodSandboxStatus): PodSandboxStatus {
  const network = sandbox.network
  return {
    ...podSandboxSummary(sandbox),
    ips: network?.ip ? [network.ip, ...network.additionalIps.map(({ ip }) => ip)] : [],
    networkMode: sandbox.linux?.namespaces?.options?.network === 2 ? 'NODE' : 'POD',
  }
}

export function containerSummary(container: WireContainer): ContainerSummary {
  return {
    id: container.id,
    sandboxId: container.podSandboxId,
    metadata: container.metadata ?? { name: '', attempt: 0 },
    state: CONTAINER_STATES[container.state] ?? 'unknown',
    createdAt: millis(container.createdAt),
    labels: container.labels,
    annotations: container.annotations,
    imageRef: container.imageRef,
  }
}

/** The CRI's container status does not say which sandbox it belongs to. */
export function containerStatus(container: WireContainerStatus, sandboxId: string): ContainerStatus {
  return {
    id: container.id,
    sandboxId,
    metadata: container.metadata ?? { name: '', attempt: 0 },
    state: CONTAINER_STATES[container.state] ?? 'unknown',
    createdAt: millis(container.createdAt),
    labels: container.labels,
    annotations: container.annotations,
    startedAt: millis(container.startedAt),
    finishedAt: millis(container.finishedAt),
    exitCode: container.exitCode,
    reason: container.reason,
    message: container.message,
    image: container.image?.image ?? '',
    imageRef: container.imageRef,
    logPath: container.logPath,
    mounts: container.mounts.map(mountOf),
    resources: container.resources?.linux && resourcesOf(container.resources.linux),
  }
}

export function imageStatus(image: WireImage): ImageStatus {
  return {
    id: image.id,
    repoTags: image.repoTags,
    repoDigests: image.repoDigests,
    sizeBytes: image.size,
    uid: image.uid?.value,
    userName: image.username || undefined,
    pinned: image.pinned,
  }
}

export function containerStats({ attributes, cpu, memory, writableLayer }: WireContainerStats): ContainerStats {
  return {
    containerId: attributes?.id ?? '',
    labels: attributes?.labels ?? {},
    at: millis(cpu?.timestamp ?? memory?.timestamp ?? 0),
    cpuUsageNanoSeconds: cpu?.usageCoreNanoSeconds?.value ?? 0,
    memoryWorkingSetBytes: memory?.workingSetBytes?.value ?? 0,
    memoryUsageBytes: memory?.usageBytes?.value ?? 0,
    memoryRssBytes: memory?.rssBytes?.value ?? 0,
    writableLayerBytes: writableLayer?.usedBytes?.value ?? 0,
    writableLayerInodes: writableLayer?.inodesUsed?.value ?? 0,
    processes: undefined,
  }
}

function mountOf(mount: WireMount): Mount {
  return {
    containerPath: mount.containerPath,
    hostPath: mount.hostPath,
    readOnly: mount.readonly,
    recursiveReadOnly: mount.recursiveReadOnly,
    propagation: PROPAGATIONS[mount.propagation] ?? 'None',
  }
}

function resourcesOf(linux: NonNullable<NonNullable<WireContainerStatus['resources']>['linux']>): ContainerResources {
  return {
    cpuPeriodUs: linux.cpuPeriod || undefined,
    cpuQuotaUs: linux.cpuQuota || undefined,
    cpuShares: linux.cpuShares || undefined,
    memoryLimitBytes: linux.memoryLimitInBytes || undefined,
    oomScoreAdj: linux.oomScoreAdj,
  }
}

const millis = (nanoseconds: number) => Math.floor(nanoseconds / 1e6)

const CONTAINER_STATES: readonly ContainerState[] = ['created', 'running', 'exited', 'unknown']
