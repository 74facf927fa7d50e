/**
 * The messages of CRI v1 that Poise uses, and of containerd's own event service. Numbers and order are the wire
 * contract; names are the CRI's, in camel case.
 */
import { bool, bytes, int32, int64, int64s, listOf, message, of, string, stringMap, strings, uint32, uint64 } from './wire.ts'
import type { Decoded, Encodable } from './wire.ts'

export const Empty = message({})

export const VersionRequest = message({ version: string(1) })
export const VersionResponse = message({ version: string(1), runtimeName: string(2), runtimeVersion: string(3), runtimeApiVersion: string(4) })

const RuntimeCondition = message({ type: string(1), status: bool(2), reason: string(3), message: string(4) })
const RuntimeStatus = message({ conditions: listOf(1, RuntimeCondition) })
const RuntimeHandlerFeatures = message({ recursiveReadOnlyMounts: bool(1) })
const RuntimeHandler = message({ name: string(1), features: of(2, RuntimeHandlerFeatures) })
export const StatusRequest = message({ verbose: bool(1) })
const RuntimeFeatures = message({ supplementalGroupsPolicy: bool(1) })
export const StatusResponse = message({
  status: of(1, RuntimeStatus),
  info: stringMap(2),
  runtimeHandlers: listOf(3, RuntimeHandler),
  features: of(4, RuntimeFeatures),
})

// Sandboxes

const Int64Value = message({ value: int64(1) })
const NamespaceOption = message({ network: int32(1), pid: int32(2), ipc: int32(3), targetId: string(4) })
const SecurityProfile = message({ profileType: int32(1), localhostRef: string(2) })
const SELinuxOption = message({ user: string(1), role: string(2), type: string(3), level: string(4) })
const DnsConfig = message({ servers: strings(1), searches: strings(2), options: strings(3) })
const PortMapping = message({ protocol: int32(1), containerPort: int32(2), hostPort: int32(3), hostIp: string(4) })
const LinuxSandboxSecurityContext = message({
  namespaceOptions: of(1, NamespaceOption),
  selinuxOptions: of(2, SELinuxOption),
  runAsUser: of(3, Int64Value),
  readonlyRootfs: bool(4),
  supplementalGroups: int64s(5),
  privileged: bool(6),
  runAsGroup: of(8, Int64Value),
  seccomp: of(9, SecurityProfile),
  supplementalGroupsPolicy: int32(11),
})
const LinuxPodSandboxConfig = message({ cgroupParent: string(1), securityContext: of(2, LinuxSandboxSecurityContext), sysctls: stringMap(3) })
const PodSandboxMetadata = message({ name: string(1), uid: string(2), namespace: string(3), attempt: uint32(4) })
export const PodSandboxConfig = message({
  metadata: of(1, PodSandboxMetadata),
  hostname: string(2),
  logDirectory: string(3),
  dnsConfig: of(4, DnsConfig),
  portMappings: listOf(5, PortMapping),
  labels: stringMap(6),
  annotations: stringMap(7),
  linux: of(8, LinuxPodSandboxConfig),
})
export const RunPodSandboxRequest = message({ config: of(1, PodSandboxConfig), runtimeHandler: string(2) })
/** Every request and answer that carries a sandbox id and nothing else. */
export const PodSandboxId = message({ podSandboxId: string(1) })

const PodIp = message({ ip: string(1) })
const PodSandboxNetworkStatus = message({ ip: string(1), additionalIps: listOf(2, PodIp) })
const Namespace = message({ options: of(2, NamespaceOption) })
const LinuxPodSandboxStatus = message({ namespaces: of(1, Namespace) })
const PodSandboxStatus = message({
  id: string(1),
  metadata: of(2, PodSandboxMetadata),
  state: int32(3),
  createdAt: int64(4),
  network: of(5, PodSandboxNetworkStatus),
  linux: of(6, LinuxPodSandboxStatus),
  labels: stringMap(7),
  annotations: stringMap(8),
})
export const PodSandboxStatusRequest = message({ podSandboxId: string(1), verbose: bool(2) })
export const PodSandboxStatusResponse = message({ status: of(1, PodSandboxStatus), info: stringMap(2) })

const PodSandboxFilter = message({ id: string(1), labelSelector: stringMap(3) })
const PodSandbox = message({
  id: string(1),
  metadata: of(2, PodSandboxMetadata),
  state: int32(3),
  createdAt: int64(4),
  labels: stringMap(5),
  annotations: stringMap(6),
})
export const ListPodSandboxRequest = message({ filter: of(1, PodSandboxFilter) })
export const ListPodSandboxResponse = message({ items: listOf(1, PodSandbox) })

// Containers

const ImageSpec = message({ image: string(1), annotations: stringMap(2) })
const KeyValue = message({ key: string(1), value: string(2) })
const Mount = message({ containerPath: string(1), hostPath: string(2), readonly: bool(3), propagation: int32(5), recursiveReadOnly: bool(8) })
const Device = message({ containerPath: string(1), hostPath: string(2), permissions: string(3) })
const Capability = message({ addCapabilities: strings(1), dropCapabilities: strings(2) })
const LinuxContainerResources = message({
  cpuPeriod: int64(1),
  cpuQuota: int64(2),
  cpuShares: int64(3),
  memoryLimitInBytes: int64(4),
  oomScoreAdj: int64(5),
  unified: stringMap(9),
})
const LinuxContainerSecurityContext = message({
  capabilities: of(1, Capability),
  privileged: bool(2),
  namespaceOptions: of(3, NamespaceOption),
  selinuxOptions: of(4, SELinuxOption),
  runAsUser: of(5, Int64Value),
  runAsUsername: string(6),
  readonlyRootfs: bool(7),
  supplementalGroups: int64s(8),
  noNewPrivs: bool(11),
  runAsGroup: of(12, Int64Value),
  maskedPaths: strings(13),
  readonlyPaths: strings(14),
  seccomp: of(15, SecurityProfile),
  apparmor: of(16, SecurityProfile),
  supplementalGroupsPolicy: int32(17),
})
const LinuxContainerConfig = message({ resources: of(1, LinuxContainerResources), securityContext: of(2, LinuxContainerSecurityContext) })
const ContainerMetadata = message({ name: string(1), attempt: uint32(2) })
export const ContainerConfig = message({
  metadata: of(1, ContainerMetadata),
  image: of(2, ImageSpec),
  command: strings(3),
  args: strings(4),
  workingDir: string(5),
  envs: listOf(6, KeyValue),
  mounts: listOf(7, Mount),
  devices: listOf(8, Device),
  labels: stringMap(9),
  annotations: stringMap(10),
  logPath: string(11),
  stdin: bool(12),
  stdinOnce: bool(13),
  tty: bool(14),
  linux: of(15, LinuxContainerConfig),
})
export const CreateContainerRequest = message({
  podSandboxId: string(1),
  config: of(2, ContainerConfig),
  sandboxConfig: of(3, PodSandboxConfig),
})
/** Every request and answer that carries a container id and nothing else. */
export const ContainerId = message({ containerId: string(1) })
export const StopContainerRequest = message({ containerId: string(1), timeout: int64(2) })

const ContainerFilter = message({ id: string(1), podSandboxId: string(3), labelSelector: stringMap(4) })
const Container = message({
  id: string(1),
  podSandboxId: string(2),
  metadata: of(3, ContainerMetadata),
  imageRef: string(5),
  state: int32(6),
  createdAt: int64(7),
  labels: stringMap(8),
  annotations: stringMap(9),
})
export const ListContainersRequest = message({ filter: of(1, ContainerFilter) })
export const ListContainersResponse = message({ containers: listOf(1, Container) })

const ContainerResources = message({ linux: of(1, LinuxContainerResources) })
const ContainerStatus = message({
  id: string(1),
  metadata: of(2, ContainerMetadata),
  state: int32(3),
  createdAt: int64(4),
  startedAt: int64(5),
  finishedAt: int64(6),
  exitCode: int32(7),
  image: of(8, ImageSpec),
  imageRef: string(9),
  reason: string(10),
  message: string(11),
  labels: stringMap(12),
  annotations: stringMap(13),
  mounts: listOf(14, Mount),
  logPath: string(15),
  resources: of(16, ContainerResources),
})
export const ContainerStatusRequest = message({ containerId: string(1), verbose: bool(2) })
export const ContainerStatusResponse = message({ status: of(1, ContainerStatus), info: stringMap(2) })
export const UpdateContainerResourcesRequest = message({ containerId: string(1), linux: of(2, LinuxContainerResources) })

export const ExecSyncRequest = message({ containerId: string(1), cmd: strings(2), timeout: int64(3) })
export const ExecSyncResponse = message({ stdout: bytes(1), stderr: bytes(2), exitCode: int32(3) })
export const ExecRequest = message({ containerId: string(1), cmd: strings(2), tty: bool(3), stdin: bool(4), stdout: bool(5), stderr: bool(6) })
export const AttachRequest = message({ containerId: string(1), stdin: bool(2), tty: bool(3), stdout: bool(4), stderr: bool(5) })
export const PortForwardRequest = message({ podSandboxId: string(1), port: int64s(2) })
export const StreamingUrl = message({ url: string(1) })

// Images and figures

const UInt64Value = message({ value: uint64(1) })
const Image = message({
  id: string(1),
  repoTags: strings(2),
  repoDigests: strings(3),
  size: uint64(4),
  uid: of(5, Int64Value),
  username: string(6),
  pinned: bool(8),
})
export const ImageRequest = message({ image: of(1, ImageSpec) })
export const ImageStatusRequest = message({ image: of(1, ImageSpec), verbose: bool(2) })
export const ImageStatusResponse = message({ image: of(1, Image), info: stringMap(2) })
export const ListImagesResponse = message({ images: listOf(1, Image) })
const AuthConfig = message({ username: string(1), password: string(2), serverAddress: string(4) })
export const PullImageRequest = message({ image: of(1, ImageSpec), auth: of(2, AuthConfig) })
export const PullImageResponse = message({ imageRef: string(1) })
const FilesystemIdentifier = message({ mountpoint: string(1) })
const FilesystemUsage = message({ fsId: of(2, FilesystemIdentifier), usedBytes: of(3, UInt64Value), inodesUsed: of(4, UInt64Value) })
export const ImageFsInfoResponse = message({ imageFilesystems: listOf(1, FilesystemUsage) })

const CpuUsage = message({ timestamp: int64(1), usageCoreNanoSeconds: of(2, UInt64Value) })
const MemoryUsage = message({
  timestamp: int64(1),
  workingSetBytes: of(2, UInt64Value),
  usageBytes: of(4, UInt64Value),
  rssBytes: of(5, UInt64Value),
})
const ContainerAttributes = message({ id: string(1), metadata: of(2, ContainerMetadata), labels: stringMap(3) })
const ContainerStats = message({
  attributes: of(1, ContainerAttributes),
  cpu: of(2, CpuUsage),
  memory: of(3, MemoryUsage),
  writableLayer: of(4, FilesystemUsage),
})
export const ListContainerStatsResponse = message({ stats: listOf(1, ContainerStats) })

// containerd's own event service

export const SubscribeRequest = message({ filters: strings(1) })
const Any = message({ typeUrl: string(1), value: bytes(2) })
export const Envelope = message({ namespace: string(2), topic: string(3), event: of(4, Any) })
/** All task and container events of containerd have the container's id first; an exec's exit has its own id second. */
export const EventSubject = message({ containerId: string(1), id: string(2) })

export type WirePodSandbox = Decoded<typeof PodSandbox>
export type WirePodSandboxStatus = Decoded<typeof PodSandboxStatus>
export type WireContainer = Decoded<typeof Container>
export type WireContainerStatus = Decoded<typeof ContainerStatus>
export type WireMount = Decoded<typeof Mount>
export type WireImage = Decoded<typeof Image>
export type WireContainerStats = Decoded<typeof ContainerStats>
export type PodSandboxConfigInput = Encodable<typeof PodSandboxConfig>
export type ContainerConfigInput = Encodable<typeof ContainerConfig>
export type ResourcesInput = Encodable<typeof LinuxContainerResources>
