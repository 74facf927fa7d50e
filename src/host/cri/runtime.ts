/**
 * The ContainerRuntime of a real machine: containerd (or any other runtime) over the CRI.
 */
import type { ByteSink, ByteSource } from '../../base/bytes.ts'
import { sleep, type Clock, type Millis } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { RemoteCommandOptions, RemoteCommandResult, RemoteCommandStreams } from '../../base/transport.ts'
import type { ContainerRuntime, ContainerStatus, ImageStatus } from '../../runtime/runtime.ts'
import { RuntimeError } from '../../runtime/runtime.ts'
import { hasUnifiedHierarchy, removeCgroup } from './cgroups.ts'
import { createCriClient } from './client.ts'
import type { CallLimits } from './client.ts'
import { containerConfig, linuxResources, podSandboxConfig } from './configs.ts'
import { watchEvents } from './events.ts'
import { createOwnCalls } from './own_calls.ts'
import * as wire from './messages.ts'
import { containerStats, containerStatus, containerSummary, imageStatus, podSandboxStatus, podSandboxSummary, runtimeStatus } from './statuses.ts'
import type { Message } from './wire.ts'

export interface CriRuntimeOptions {
  readonly socketPath: string
  readonly clock: Clock
  readonly log: Log
  /** exec and attach: the runtime gives a URL of its own streaming server, which speaks Kubernetes' protocols. */
  readonly openRemoteCommand: (url: string, options: RemoteCommandOptions, streams: RemoteCommandStreams) => Promise<RemoteCommandResult>
  readonly openPortForward: (url: string, port: number, connection: { incoming: ByteSource; outgoing: ByteSink }) => Promise<void>
  /** Full names of images that may not be removed to make room; before containerd 1.7 the runtime itself has no word for it. */
  readonly pinnedImages?: () => Promise<ReadonlySet<string> | 'all'>
  /** The handler for sandboxes with hostPorts that name none; the default one when this is left out. */
  readonly hostPortHandler?: string
}

/** The kubelet's own limit for every call but those that wait by their nature. */
const CALL_TIMEOUT_MS = 120_000

/** How long is waited, again and again, to hear why a container was killed. */
const MEMORY_NEWS_MS = [20, 40, 80, 160]
const MEMORY_NEWS_WITHIN_MS = 1_000

export function createCriRuntime({
  socketPath,
  clock,
  log,
  openRemoteCommand,
  openPortForward,
  hostPortHandler = '',
  pinnedImages,
}: CriRuntimeOptions): ContainerRuntime {
  const client = createCriClient(socketPath)
  const watchers = new Set<{ stop(): void }>()
  const unified = hasUnifiedHierarchy()
  const own = createOwnCalls()

  function runtimeCall<In, Out>(method: string, request: Message<any, In>, response: Message<Out, any>, value: In, limits?: CallLimits) {
    return client.call(`/runtime.v1.RuntimeService/${method}`, request, response, value, { timeoutMs: CALL_TIMEOUT_MS, ...limits })
  }
  function imageCall<In, Out>(method: string, request: Message<any, In>, response: Message<Out, any>, value: In, limits?: CallLimits) {
    return client.call(`/runtime.v1.ImageService/${method}`, request, response, value, { timeoutMs: CALL_TIMEOUT_MS, ...limits })
  }
  async function containers(filter: { id?: string; podSandboxId?: string; labelSelector?: Readonly<Record<string, string>> }) {
    const { containers } = await runtimeCall('ListContainers', wire.ListContainersRequest, wire.ListContainersResponse, { filter })
    return containers.map(containerSummary)
  }
  async function containerStatusNow(containerId: string): Promise<ContainerStatus> {
    const what = `container ${containerId}`
    const [{ status }, sandboxId] = await Promise.all([
      runtimeCall('ContainerStatus', wire.ContainerId, wire.ContainerStatusResponse, { containerId }),
      // The CRI's status does not say it.
      own.sandboxOf(containerId) ?? containers({ id: containerId }).then(([summary]) => present(summary, what).sandboxId),
    ])
    return containerStatus(present(status, what), sandboxId)
  }
  /** It was killed just now, and not by us: containerd hears of a lack of memory apart from the end, and may say `Error` before `OOMKilled`. */
  const mayHaveLackedMemory = ({ id, state, exitCode, reason, finishedAt }: ContainerStatus): boolean =>
    state === 'exited' && exitCode === 137 && reason === 'Error' && clock.wall() - finishedAt < MEMORY_NEWS_WITHIN_MS && !own.hasEnded(id) && !own.stopping(id)
  async function imageStatuses(images: readonly wire.WireImage[]): Promise<ImageStatus[]> {
    const pinned = await pinnedImages?.()
    return images.map(imageStatus).map(image => ({ ...image, pinned: image.pinned || pinned === 'all' || image.repoTags.some(name => pinned?.has(name)) }))
  }
  /** Only the verbose status tells it, as JSON; undefined when it does not. */
  async function cgroupParent(podSandboxId: string): Promise<string | undefined> {
    const request = { podSandboxId, verbose: true }
    const answer = await runtimeCall('PodSandboxStatus', wire.PodSandboxStatusRequest, wire.PodSandboxStatusResponse, request).catch(() => undefined)
    const info = JSON.parse(answer?.info['info'] ?? '{}') as { config?: { linux?: { cgroup_parent?: string } } }
    return info.config?.linux?.cgroup_parent
  }

  return {
    async version() {
      const { runtimeName, runtimeVersion } = await runtimeCall('Version', wire.VersionRequest, wire.VersionResponse, {})
      return { runtimeName, runtimeVersion }
    },
    status: async () => runtimeStatus(await runtimeCall('Status', wire.StatusRequest, wire.StatusResponse, {})),

    async runPodSandbox(config) {
      const hasHostPort = config.portMappings.some(({ hostPort }) => hostPort > 0)
      const runtimeHandler = config.runtimeHandler || (hasHostPort ? hostPortHandler : '')
      const request = { config: podSandboxConfig(config), runtimeHandler }
      const call = runtimeCall('RunPodSandbox', wire.RunPodSandboxRequest, wire.PodSandboxId, request)
      return own.makingSandbox(call.then(answer => answer.podSandboxId))
    },
    async stopPodSandbox(podSandboxId) {
      await own.stop(podSandboxId, unlessGone(runtimeCall('StopPodSandbox', wire.PodSandboxId, wire.Empty, { podSandboxId })))
    },
    async removePodSandbox(podSandboxId) {
      const parent = await cgroupParent(podSandboxId)
      await unlessGone(runtimeCall('RemovePodSandbox', wire.PodSandboxId, wire.Empty, { podSandboxId }))
      own.removed(podSandboxId)
      if (parent !== undefined) await removeCgroup(parent)
    },
    async podSandboxStatus(podSandboxId) {
      const { status } = await runtimeCall('PodSandboxStatus', wire.PodSandboxId, wire.PodSandboxStatusResponse, { podSandboxId })
      return podSandboxStatus(present(status, `sandbox ${podSandboxId}`))
    },
    async listPodSandboxes({ labels } = {}) {
      const request = { filter: { labelSelector: labels } }
      return (await runtimeCall('ListPodSandbox', wire.ListPodSandboxRequest, wire.ListPodSandboxResponse, request)).items.map(podSandboxSummary)
    },

    async createContainer(podSandboxId, config, sandboxConfig) {
      const request = { podSandboxId, config: containerConfig(config, await unified), sandboxConfig: podSandboxConfig(sandboxConfig) }
      const { containerId } = await runtimeCall('CreateContainer', wire.CreateContainerRequest, wire.ContainerId, request)
      own.made(containerId, podSandboxId)
      return containerId
    },
    async startContainer(containerId) {
      await runtimeCall('StartContainer', wire.ContainerId, wire.Empty, { containerId })
    },
    async stopContainer(containerId, timeoutMs) {
      const timeout = wholeSeconds(timeoutMs)
      const limits = { timeoutMs: timeout * 1000 + CALL_TIMEOUT_MS }
      await own.stop(containerId, unlessGone(runtimeCall('StopContainer', wire.StopContainerRequest, wire.Empty, { containerId, timeout }, limits)))
    },
    async removeContainer(containerId) {
      await unlessGone(runtimeCall('RemoveContainer', wire.ContainerId, wire.Empty, { containerId }))
      own.removed(containerId)
    },
    async containerStatus(containerId) {
      let status = await containerStatusNow(containerId)
      for (const waitMs of MEMORY_NEWS_MS) {
        if (!mayHaveLackedMemory(status)) break
        await sleep(clock, waitMs, undefined, 'why it was killed')
        status = await containerStatusNow(containerId)
      }
      return status
    },
    listContainers: ({ sandboxId, labels } = {}) => containers({ podSandboxId: sandboxId, labelSelector: labels }),
    async updateContainerResources(containerId, resources) {
      const request = { containerId, linux: linuxResources(resources, await unified) }
      await runtimeCall('UpdateContainerResources', wire.UpdateContainerResourcesRequest, wire.Empty, request)
    },
    async reopenContainerLog(containerId) {
      await runtimeCall('ReopenContainerLog', wire.ContainerId, wire.Empty, { containerId })
    },

    async execSync(containerId, cmd, timeoutMs) {
      const timeout = wholeSeconds(timeoutMs)
      // The runtime must have the time to kill the command and to say so itself.
      const limits = { timeoutMs: timeout === 0 ? undefined : timeout * 1000 + CALL_TIMEOUT_MS }
      return runtimeCall('ExecSync', wire.ExecSyncRequest, wire.ExecSyncResponse, { containerId, cmd, timeout }, limits)
    },
    async exec(containerId, cmd, options, streams) {
      const { tty, stdin, stdout } = options
      const request = { containerId, cmd, tty, stdin, stdout, stderr: options.stderr && !tty }
      const { url } = await runtimeCall('Exec', wire.ExecRequest, wire.StreamingUrl, request, { signal: streams.signal })
      return openRemoteCommand(url, options, streams)
    },
    async attach(containerId, options, streams) {
      const { tty, stdin, stdout } = options
      const request = { containerId, tty, stdin, stdout, stderr: options.stderr && !tty }
      const { url } = await runtimeCall('Attach', wire.AttachRequest, wire.StreamingUrl, request, { signal: streams.signal })
      return openRemoteCommand(url, options, streams)
    },
    async portForward(podSandboxId, port, connection) {
      const { url } = await runtimeCall('PortForward', wire.PortForwardRequest, wire.StreamingUrl, { podSandboxId, port: [port] })
      return openPortForward(url, port, connection)
    },

    async imageStatus(image) {
      const answer = await imageCall('ImageStatus', wire.ImageRequest, wire.ImageStatusResponse, { image: { image } })
      return answer.image && (await imageStatuses([answer.image]))[0]
    },
    listImages: async () => imageStatuses((await imageCall('ListImages', wire.Empty, wire.ListImagesResponse, {})).images),
    async pullImage(image, auth, signal) {
      const request = { image: { image }, auth }
      return (await imageCall('PullImage', wire.PullImageRequest, wire.PullImageResponse, request, { signal, timeoutMs: undefined })).imageRef
    },
    async removeImage(image) {
      await unlessGone(imageCall('RemoveImage', wire.ImageRequest, wire.Empty, { image: { image } }))
    },
    async imageFilesystem() {
      const {
        imageFilesystems: [filesystem],
      } = await imageCall('ImageFsInfo', wire.Empty, wire.ImageFsInfoResponse, {})
      return {
        usedBytes: filesystem?.usedBytes?.value ?? 0,
        inodesUsed: filesystem?.inodesUsed?.value ?? 0,
        mountpoint: filesystem?.fsId?.mountpoint ?? '',
      }
    },

    listContainerStats: async () => (await runtimeCall('ListContainerStats', wire.Empty, wire.ListContainerStatsResponse, {})).stats.map(containerStats),

    events(changed) {
      const watcher = watchEvents({ client, clock, log, own }, changed)
      watchers.add(watcher)
      return {
        stop() {
          watchers.delete(watcher)
          watcher.stop()
        },
      }
    },

    async close() {
      for (const watcher of watchers) watcher.stop()
      client.close()
    },
  }
}

/** The CRI counts in seconds: a shorter wait than asked for would break a promise, a longer one only costs time. */
const wholeSeconds = (ms: Millis) => Math.ceil(ms / 1000)

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new RuntimeError('NotFound', `${what} not found`)
  return value
}

/** The CRI asks runtimes to accept stopping and removing what is not there; containerd 1.6 refuses some of them. */
async function unlessGone(call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!(error instanceof RuntimeError && error.code === 'NotFound')) throw error
  }
}
