/**
 * The kubelet: makes the Pods of one node run.
 *
 *   API ─▶ cache ─▶ pod_workers ─▶ pod_worker ─▶ runtime ─▶ containers
 *    ▲                                 │ status, events
 *    └─────────────────────────────────┘
 */
import type { Pod } from '../api/kinds/pod.ts'
import type { Service } from '../api/kinds/service.ts'
import type { Host, Task } from '../base/host.ts'
import type { Transport } from '../base/transport.ts'
import type { Cache } from '../client/cache.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/event_recorder.ts'
import type { ContainerRuntime } from '../runtime/runtime.ts'
import type { KubeletContext } from './context.ts'
import { createDirectories } from './directories.ts'
import { createImages } from './image/images.ts'
import { admitPod } from './node/admission.ts'
import type { Machine } from './node/machine.ts'
import { DEFAULT_LOG_LIMITS, rotateLogs, type LogLimits } from './logs/log_rotation.ts'
import { createNodeAgent } from './node/node_agent.ts'
import { createPodWorkers } from './pod/pod_workers.ts'
import { createPodProbes } from './probe/probes.ts'
import { createKubeletServer } from './server/server.ts'
import type { MachineStats } from './stats/machine_stats.ts'
import { createStatsProvider } from './stats/provider.ts'
import { createStatusManager } from './status/status_manager.ts'
import { createVolumes } from './volume/volumes.ts'

export interface KubeletOptions {
  readonly host: Host
  readonly client: Client
  readonly runtime: ContainerRuntime
  readonly events: EventRecorder
  /** The Pods of this node: filled with `spec.nodeName=<nodeName>`. */
  readonly pods: Cache<Pod>
  /** All Services, for the environment of containers. */
  readonly services?: Cache<Service>
  readonly nodeName: string
  readonly machine: Machine
  readonly machineStats: MachineStats
  /** Absolute; Pods and their logs are kept below it. */
  readonly rootDirectory: string
  readonly clusterDns: readonly string[]
  readonly clusterDomain: string
  /** Below which Pods get their cgroups, such as `/kubepods`. Default: the runtime decides. */
  readonly cgroupRoot?: string
  /** When the logs of a container are rotated. Default: at 10 MiB, and five files are kept. */
  readonly logLimits?: LogLimits
}

export interface Kubelet {
  /** Registers the node, takes up the Pods that run here already, and begins. */
  start(): Promise<void>
  /** Stops working. The containers go on; the next kubelet takes them up. */
  stop(): Promise<void>
  /** The kubelet's own server: logs, exec, attach, port-forward. */
  readonly handle: Transport
}

export function createKubelet(options: KubeletOptions): Kubelet {
  const { cgroupRoot = '', services, rootDirectory, logLimits = DEFAULT_LOG_LIMITS } = options
  const context: KubeletContext = { ...options, services, cgroupRoot, directories: createDirectories(rootDirectory) }
  const statuses = createStatusManager(context)
  const kubeletStartedAt = { now: options.host.clock.now(), wall: options.host.clock.wall() }
  const volumes = createVolumes(context)
  const cgroups = createNodeCgroups(context)
  const workers = createPodWorkers(
    {
      context,
      cgroups,
      statuses,
      images: createImages(context),
      volumes,
      createProbes: poke => createPodProbes(context, { poke, kubeletStartedAt }),
    },
    (pod, others) => admitPod(pod, others, options.machine),
  )
  const stats = createStatsProvider(context, () => workers.list().map(({ pod }) => pod))
  const node = createNodeAgent(context)
  let rotation: Task | undefined

  return {
    async start() {
      await Promise.all([options.pods.synced, services?.synced, node.start(), volumes.prepare()])
      await workers.start()
      rotation = options.host.spawn('log rotation', signal => rotateLogs(context, workers, logLimits, signal))
    },
    async stop() {
      await Promise.all([node.stop(), rotation?.stop()])
      await workers.stop()
      statuses.stop()
      volumes.stop()
    },
    handle: createKubeletServer(context, workers, stats),
  }
}
