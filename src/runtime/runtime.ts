/**
 * The container runtime as the kubelet uses it: the Container Runtime Interface (CRI v1) in our own words.
 *
 * `host/` speaks it to containerd over gRPC, `sim/` plays it with workload models. Both pass the one suite in
 * `test/contracts/runtime.ts`. Whatever must survive a restart of the kubelet lives in the runtime, in labels
 * and annotations, and is read back from it.
 */
import type { RemoteCommandOptions, RemoteCommandResult, RemoteCommandStreams } from '../base/transport.ts'
import type { ByteSink, ByteSource } from '../base/bytes.ts'
import type { Millis } from '../base/clock.ts'

export interface ContainerRuntime {
  version(): Promise<{ runtimeName: string; runtimeVersion: string }>
  status(): Promise<RuntimeStatus>

  /** Makes the Pod's namespaces and network. It is ready, with its addresses, when this resolves. */
  runPodSandbox(config: PodSandboxConfig): Promise<string>
  /** Stops what runs in it and gives its network back. May be called again. */
  stopPodSandbox(sandboxId: string): Promise<void>
  /** Forgets it and its containers. No error when it is not there. */
  removePodSandbox(sandboxId: string): Promise<void>
  podSandboxStatus(sandboxId: string): Promise<PodSandboxStatus>
  listPodSandboxes(filter?: { labels?: Labels }): Promise<PodSandboxSummary[]>

  createContainer(sandboxId: string, config: ContainerConfig, sandboxConfig: PodSandboxConfig): Promise<string>
  startContainer(containerId: string): Promise<void>
  /** Sends the stop signal, waits up to the timeout, then kills. Resolves when the process is gone. Timeout 0 kills at once. */
  stopContainer(containerId: string, timeoutMs: Millis): Promise<void>
  /** No error when it is not there. A running container is killed first. */
  removeContainer(containerId: string): Promise<void>
  containerStatus(containerId: string): Promise<ContainerStatus>
  listContainers(filter?: { sandboxId?: string; labels?: Labels }): Promise<ContainerSummary[]>
  updateContainerResources(containerId: string, resources: ContainerResources): Promise<void>
  reopenContainerLog(containerId: string): Promise<void>

  /** Runs a command and waits. Rejects with code DeadlineExceeded when the timeout passes; the command is killed then. 0: no timeout. */
  execSync(containerId: string, command: readonly string[], timeoutMs: Millis): Promise<ExecResult>
  exec(containerId: string, command: readonly string[], options: RemoteCommandOptions, streams: RemoteCommandStreams): Promise<RemoteCommandResult>
  attach(containerId: string, options: RemoteCommandOptions, streams: RemoteCommandStreams): Promise<RemoteCommandResult>
  portForward(sandboxId: string, port: number, connection: { incoming: ByteSource; outgoing: ByteSink }): Promise<void>

  /** The image by any of its names, or undefined when it is not on this machine. */
  imageStatus(image: string): Promise<ImageStatus | undefined>
  listImages(): Promise<ImageStatus[]>
  /** Resolves to the image's reference, by digest. */
  pullImage(image: string, auth: ImageAuth | undefined, signal: AbortSignal): Promise<string>
  removeImage(image: string): Promise<void>
  imageFilesystem(): Promise<{ usedBytes: number; inodesUsed: number; mountpoint: string }>

  listContainerStats(): Promise<ContainerStats[]>

  /**
   * Hints that something changed in a sandbox: a container was created, started, stopped or removed. Hints may be lost
   * or doubled; whoever gets one looks. A runtime that cannot tell by itself looks often enough to be quick.
   */
  events(changed: (sandboxId: string, what?: RuntimeChange) => void): { stop(): void }

  close(): Promise<void>
}

/** Where a runtime can say what has changed: a container, or the sandbox itself by its own id. */
export interface RuntimeChange {
  readonly id: string
  readonly state: 'running' | 'exited'
}

export type Labels = Readonly<Record<string, string>>

export interface RuntimeStatus {
  runtimeReady: boolean
  networkReady: boolean
  /** Why not, in the runtime's words. */
  message: string
  /** It can leave out the groups that an image gives its users. */
  supplementalGroupsPolicy: boolean
  /** Handlers that a RuntimeClass can name; '' is the default one. */
  handlers: readonly { name: string; recursiveReadOnlyMounts: boolean }[]
}

export interface PodSandboxConfig {
  metadata: { name: string; namespace: string; uid: string; attempt: number }
  hostname: string
  /** Container logs are written below it. */
  logDirectory: string
  dns: { servers: readonly string[]; searches: readonly string[]; options: readonly string[] } | undefined
  portMappings: readonly { protocol: 'TCP' | 'UDP' | 'SCTP'; containerPort: number; hostPort: number; hostIP: string }[]
  labels: Labels
  annotations: Labels
  cgroupParent: string
  sysctls: Labels
  namespaces: NamespaceOptions
  security: SandboxSecurity
  /** '' is the default handler. */
  runtimeHandler: string
}

/** POD: shared in the Pod. CONTAINER: its own. NODE: the machine's. TARGET: that of the container named by targetId. */
export interface NamespaceOptions {
  network: 'POD' | 'NODE'
  pid: 'POD' | 'CONTAINER' | 'NODE' | 'TARGET'
  ipc: 'POD' | 'NODE'
  targetId: string
}

export interface SandboxSecurity {
  runAsUser: number | undefined
  runAsGroup: number | undefined
  supplementalGroups: readonly number[]
  /** Strict: these and no others, whatever the image says of its users. */
  supplementalGroupsPolicy?: 'Merge' | 'Strict'
  /** Of no effect where the kernel has no SELinux. */
  seLinux?: SeLinuxOptions
  readOnlyRootFilesystem: boolean
  privileged: boolean
  seccomp: SecurityProfile | undefined
}

export interface SeLinuxOptions {
  user: string
  role: string
  type: string
  level: string
}

export interface SecurityProfile {
  type: 'RuntimeDefault' | 'Unconfined' | 'Localhost'
  localhostRef: string
}

export interface PodSandboxSummary {
  id: string
  metadata: { name: string; namespace: string; uid: string; attempt: number }
  ready: boolean
  createdAt: Millis
  labels: Labels
  annotations: Labels
}

export interface PodSandboxStatus extends PodSandboxSummary {
  /** Empty for a Pod on the host's network. */
  ips: readonly string[]
  networkMode: 'POD' | 'NODE'
}

export interface ContainerConfig {
  metadata: { name: string; attempt: number }
  image: string
  command: readonly string[]
  args: readonly string[]
  workingDir: string
  env: readonly { name: string; value: string }[]
  mounts: readonly Mount[]
  devices: readonly { containerPath: string; hostPath: string; permissions: string }[]
  labels: Labels
  annotations: Labels
  /** Below the sandbox's log directory. */
  logPath: string
  stdin: boolean
  stdinOnce: boolean
  tty: boolean
  resources: ContainerResources
  security: ContainerSecurity
}

export interface Mount {
  containerPath: string
  hostPath: string
  readOnly: boolean
  recursiveReadOnly: boolean
  propagation: 'None' | 'HostToContainer' | 'Bidirectional'
}

/** cgroup settings; undefined leaves the runtime's default. */
export interface ContainerResources {
  cpuPeriodUs?: number
  /** -1: no limit. */
  cpuQuotaUs?: number
  cpuShares?: number
  memoryLimitBytes?: number
  oomScoreAdj?: number
}

export interface ContainerSecurity extends Omit<SandboxSecurity, 'readOnlyRootFilesystem'> {
  runAsUserName: string
  appArmor?: SecurityProfile
  addCapabilities: readonly string[]
  dropCapabilities: readonly string[]
  namespaces: NamespaceOptions
  readOnlyRootFilesystem: boolean
  noNewPrivileges: boolean
  maskedPaths: readonly string[]
  readOnlyPaths: readonly string[]
}

export type ContainerState = 'created' | 'running' | 'exited' | 'unknown'

export interface ContainerSummary {
  id: string
  sandboxId: string
  metadata: { name: string; attempt: number }
  state: ContainerState
  createdAt: Millis
  labels: Labels
  annotations: Labels
  /** `name@sha256:…`, or `sha256:…` alone: the image's id, which is all a list may have, and all an image from a file has. */
  imageRef: string
}

/** Times are wall-clock milliseconds since the epoch; 0 when it has not happened. */
export interface ContainerStatus extends ContainerSummary {
  startedAt: Millis
  finishedAt: Millis
  exitCode: number
  /** `Completed`, `Error`, `OOMKilled`, `StartError`. */
  reason: string
  message: string
  /** A name of the image, in the runtime's form: `docker.io/library/busybox:latest` for `busybox`. */
  image: string
  logPath: string
  mounts: readonly Mount[]
  resources: ContainerResources | undefined
}

export interface ExecResult {
  exitCode: number
  stdout: Uint8Array
  stderr: Uint8Array
}

export interface ImageStatus {
  id: string
  repoTags: readonly string[]
  repoDigests: readonly string[]
  sizeBytes: number
  /** The image's USER: a number, or a name; both undefined when it has none. */
  uid: number | undefined
  userName: string | undefined
  /** It may not be removed to make room: it could not be had again. */
  pinned: boolean
}

export interface ImageAuth {
  username: string
  password: string
  serverAddress: string
}

export interface ContainerStats {
  containerId: string
  labels: Labels
  /** Wall time of the reading; 0 for a container that does not run, which uses nothing but its writable layer. */
  at: Millis
  cpuUsageNanoSeconds: number
  memoryWorkingSetBytes: number
  memoryUsageBytes: number
  memoryRssBytes: number
  writableLayerBytes: number
  writableLayerInodes: number
  /** Processes and threads in it; undefined when the runtime does not count them. */
  processes: number | undefined
}

/** A call the runtime refused or could not carry out; the message is its own and is shown to users. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError'
  readonly code: 'NotFound' | 'DeadlineExceeded' | 'Unavailable' | 'InvalidArgument' | 'Cancelled' | 'Unknown'
  constructor(code: RuntimeError['code'], message: string) {
    super(message)
    this.code = code
  }
}
