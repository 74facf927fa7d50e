/**
 * The kubelet: makes the Pods of one node run.
 *
 *   API ─▶ cache ─▶ pod_workers ─▶ pod_worker ─▶ runtime ─▶ containers
 *    ▲                                 │ status, events
 *    └─────────────────────────────────┘
 */
import type { Node } from '../api/kinds/node.ts'
import type { Pod } from '../api/kinds/pod.ts'
import type { Service } from '../api/kinds/service.ts'
import type { Millis } from '../base/clock.ts'
import type { Host, Task } from '../base/host.ts'
import { silentTrace, type LifecycleTrace } from '../base/lifecycle_trace.ts'
import type { Transport } from '../base/transport.ts'
import { messageOf } from '../base/error_message.ts'
import type { Cache } from '../client/cache.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/event_recorder.ts'
import type { PodCgroups } from '../runtime/pod_cgroups.ts'
import type { ContainerRuntime } from '../runtime/runtime.ts'
import { createNodeCgroups } from './cgroup/node_cgroups.ts'
import type { KubeletContext } from './context.ts'
import { createDirectories } from './directories.ts'
import { refusalUnderPressure } from './eviction/admission.ts'
import { createEvictionManager } from './eviction/eviction.ts'
import { reclaimDisk } from './eviction/reclaim.ts'
import { DEFAULT_EVICTION, type EvictionSettings } from './eviction/settings.ts'
import { createImageGc } from './image/image_gc.ts'
import { createImages } from './image/images.ts'
import { DEFAULT_IMAGE_GC, type ImageGcSettings } from './image/plan_image_gc.ts'
import { admitPod } from './node/admission.ts'
import { allocatableOf } from './node/allocatable.ts'
import type { Machine } from './node/machine.ts'
import { DEFAULT_LOG_LIMITS, rotateLogs, type LogLimits } from './logs/log_rotation.ts'
import { createNodeAgent } from './node/node_agent.ts'
import { unregisteredNode } from './node/node_status.ts'
import { createNodeShutdown, type ShutdownGrace } from './node/shutdown.ts'
import { createPodWorkers } from './pod/pod_workers.ts'
import { createPodProbes } from './probe/probes.ts'
import { createKubeletServer } from './server/server.ts'
import type { MachineStats } from './stats/machine_stats.ts'
import { createStatsProvider } from './stats/provider.ts'
import { createMirrorPods } from './static/mirror_pods.ts'
import { createStaticPods } from './static/static_pods.ts'
import { createStatusManager } from './status/status_manager.ts'
import { createVolumes } from './volume/volumes.ts'

export interface KubeletOptions {
  readonly host: Host
  readonly client: Client
  readonly runtime: ContainerRuntime
  readonly events: EventRecorder
  /** Hears of what is done for Pods at the instant it is done. Default: nobody listens. */
  readonly trace?: LifecycleTrace
  /** The Pods of this node: filled with `spec.nodeName=<nodeName>`. */
  readonly pods: Cache<Pod>
  /** All Services, for the environment of containers. */
  readonly services?: Cache<Service>
  /** Holds this Node: its labels and taints, as others set them. Default: as they were when the kubelet last wrote to it. */
  readonly nodes?: Cache<Node>
  /** Absolute: a directory with manifests of static Pods, on the node's disk. Default: there are none. */
  readonly staticPodPath?: string
  readonly nodeName: string
  readonly machine: Machine
  readonly machineStats: MachineStats
  /** Absolute; Pods and their logs are kept below it. */
  readonly rootDirectory: string
  readonly clusterDns: readonly string[]
  readonly clusterDomain: string
  /** Below which Pods get their cgroups, such as `/kubepods`. Default: the runtime decides. */
  readonly cgroupRoot?: string
  readonly cgroups?: PodCgroups
  /** Kernel settings outside the safe set that Pods may have all the same: `net.core.somaxconn`, `kernel.msg*`. Default: none. */
  readonly allowedUnsafeSysctls?: readonly string[]
  /** When the logs of a container are rotated. Default: at 10 MiB, and five files are kept. */
  readonly logLimits?: LogLimits
  /** When the node counts as short of memory, disk or processes, and what is done then. Default: as a kubelet on Linux. */
  readonly eviction?: Partial<EvictionSettings>
  /** When images that nobody uses are removed. Default: from 85 % of the disk down to 80 %. */
  readonly imageGc?: Partial<ImageGcSettings>
  /** How often is counted what is in the volumes of Pods. Default: a minute. */
  readonly volumeStatsAggPeriodMs?: Millis
}

export interface Kubelet {
  /** Registers the node, takes up the Pods that run here already, and begins. */
  start(): Promise<void>
  /** Stops working. The containers go on; the next kubelet takes them up. */
  stop(): Promise<void>
  /**
   * The machine is about to go: Pods are ended within the grace, critical ones last, and become Failed, reason Terminated; new
   * ones are refused. Resolves when they have ended, or when time is up. There is no way back but another kubelet.
   */
  shutDown(grace: ShutdownGrace): Promise<void>
  /** The kubelet's own server: logs, exec, attach, port-forward. */
  readonly handle: Transport
}

export function createKubelet(options: KubeletOptions): Kubelet {
  const { cgroupRoot = '', services, rootDirectory, logLimits = DEFAULT_LOG_LIMITS } = options
  const context: KubeletContext = {
    ...options,
    services,
    cgroupRoot,
    cgroups: options.cgroups,
    trace: options.trace ?? silentTrace,
    directories: createDirectories(rootDirectory),
    allocatable: () => allocatable,
  }
  const { host, nodeName } = options
  const statuses = createStatusManager(context, pod => mirrors.shownBy(pod))
  const staticPods = createStaticPods({ host, path: options.staticPodPath, nodeName })
  const kubeletStartedAt = { now: host.clock.now(), wall: host.clock.wall() }
  const volumes = createVolumes(context, () => nodeNow())
  const cgroups = createNodeCgroups(context)
  const workers = createPodWorkers(
    {
      context,
      cgroups,
      allocatable: () => allocatable,
      statuses,
      images: createImages(context),
      volumes,
      createProbes: poke => createPodProbes(context, { poke, kubeletStartedAt }),
      staticPods,
      gone: pod => mirrors.look(pod),
      refreshNode: () => node.reread(),
    },
    (pod, others) =>
      refusalUnderPressure(pod, eviction.conditions()) ?? admitPod({ pod, others, node: nodeNow(), isShuttingDown: shutdown.hasBegun, abilities }),
  )
  const mirrors = createMirrorPods({ context, staticPods, node: () => node.node, phaseOf: uid => statuses.get(uid)?.phase, changed: statuses.shownAnew })
  const stats = createStatsProvider(context, () => workers.list(), options.volumeStatsAggPeriodMs)
  const imageGc = createImageGc({
    context,
    settings: { ...DEFAULT_IMAGE_GC, ...options.imageGc },
    node: () => node.node,
    imageFilesystem: async () => (await stats.read()).node.imageFilesystem,
  })
  const eviction = createEvictionManager({
    context,
    settings: { ...DEFAULT_EVICTION, ...options.eviction },
    workers,
    figures: () => stats.read(),
    reclaimDisk: () => reclaimDisk(context, workers, imageGc),
    node: () => node.node,
    changed: () => node.refresh(),
  })
  const allocatable = allocatableOf(options.machine, eviction.thresholds)
  let abilities = { hasAppArmor: options.machine.hasAppArmor === true, hasStrictGroups: false, allowedUnsafeSysctls: options.allowedUnsafeSysctls ?? [] }
  const node = createNodeAgent(context, { allocatable, conditions: eviction.conditions, seen: () => nodeNow() })
  const shutdown = createNodeShutdown({ host, workers, statuses, node })
  const nodeNow = () => newest(options.nodes?.get({ namespace: '', name: nodeName }), node.node) ?? unregisteredNode(nodeName, options.machine, allocatable)
  const tasks: Task[] = []

  const startCgroups = (pods: readonly Pod[]) =>
    cgroups.start(pods).then(
      () => true,
      (error: unknown) => host.log.warn('the cgroups of Pods could not be made', { error: messageOf(error) }),
    )

  /** Static Pods need none of what the API has, and so do not wait for it. */
  async function startOwn(): Promise<void> {
    const [{ supplementalGroupsPolicy }] = await Promise.all([options.runtime.status(), volumes.prepare(), staticPods.start()])
    abilities = { ...abilities, hasStrictGroups: supplementalGroupsPolicy }
    if (staticPods.list().length > 0) await startCgroups(staticPods.list())
    await workers.start()
  }

  return {
    async start() {
      // Its first status says what it is short of, and so does what it answers the first Pod.
      await options.host.disk.makeDirectory(rootDirectory)
      await eviction.look()
      await Promise.all([options.pods.synced, services?.synced, options.nodes?.synced, node.start(), startOwn()])
      const isEnforced = await startCgroups([...options.pods.list(), ...staticPods.list()])
      if (isEnforced && context.cgroups && node.node) options.events.normal(node.node, 'NodeAllocatableEnforced', 'Updated Node Allocatable limit across pods')
      mirrors.start()
      staticPods.onChange(({ object, previous }) => mirrors.look((object ?? previous)!))
      await workers.follow()
      tasks.push(
        host.spawn('log rotation', signal => rotateLogs(context, workers, logLimits, signal)),
        host.spawn('eviction', signal => eviction.run(signal)),
        host.spawn('image collection', signal => imageGc.run(signal)),
      )
    },
    async stop() {
      await Promise.all([node.stop(), staticPods.stop(), mirrors.stop(), ...tasks.splice(0).map(task => task.stop())])
      await workers.stop()
      statuses.stop()
      volumes.stop()
    },
    shutDown: shutdown.run,
    handle: createKubeletServer(context, workers, stats),
  }
}

const newest = (a: Node | undefined, b: Node | undefined): Node | undefined =>
  a && b ? (Number(a.metadata.resourceVersion) < Number(b.metadata.resourceVersion) ? b : a) : (a ?? b)
