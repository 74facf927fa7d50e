/**
 * What this node and its Pods use, from three sources:
 *
 *   machine (port) ───────▶ node
 *   runtime ──────────────▶ CPU, memory and writable layer of each container
 *   disk, in background ──▶ volumes and logs
 *
 * A reading asks the machine and the runtime anew; those who ask at the same time share one. What fails is left out.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { isTerminal } from '../../api/pod.ts'
import type { Millis } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import type { ContainerStats } from '../../runtime/runtime.ts'
import { podUidOf } from '../container/labels.ts'
import { cgroupParent } from '../container/sandbox_config.ts'
import type { KubeletContext } from '../context.ts'
import type { ObservedPod } from '../pod/pod_state.ts'
import { createCpuRates } from './cpu_rates.ts'
import { createDirectorySizes } from './directory_sizes.ts'
import { podStats, podDirectories } from './pod_stats.ts'
import type { NodeStats, NodeSummary } from './stats.ts'

export interface StatsProvider {
  /** Never rejects. Pods that have ended are left out. */
  read(): Promise<NodeSummary>
  /** CPU and memory only, which costs little: nothing else in it is complete. */
  readUsage(): Promise<NodeSummary>
  /** Resolves when the directories that `read` asked for have been counted; the next `read` has their figures. */
  directoriesCounted(): Promise<void>
}

/** A Pod of this node, and what its worker has seen of it in the runtime. */
export interface RunningPod {
  readonly pod: Pod
  readonly worker: { readonly observed: Pick<ObservedPod, 'containers'> }
}

const NODE = 'node'

/** As often as Kubernetes' kubelet counts what is in volumes. */
const VOLUME_STATS_AGG_PERIOD_MS = 60_000

export function createStatsProvider(
  context: KubeletContext,
  pods: () => readonly RunningPod[],
  volumeAgeMs: Millis = VOLUME_STATS_AGG_PERIOD_MS,
): StatsProvider {
  const { host, runtime, machineStats, directories, cgroupRoot } = context
  const rates = createCpuRates()
  const sizes = createDirectorySizes(host)
  const inFlight = new Map<boolean, Promise<NodeSummary>>()

  async function tolerant<T>(what: string, reading: Promise<T>): Promise<T | undefined> {
    try {
      return await reading
    } catch (error) {
      host.log.warn('a figure of the node could not be read', { figure: what, error: messageOf(error) })
      return undefined
    }
  }

  async function nodeStats(usageOnly: boolean): Promise<NodeStats> {
    const [[cpu, memory], [filesystem, imageFilesystem, processes]] = await Promise.all([
      Promise.all([tolerant('cpu', machineStats.cpu()), tolerant('memory', machineStats.memory())]),
      usageOnly ? [] : readSpace(),
    ])
    return { cpu: cpu && rates.with(NODE, cpu), memory, filesystem, imageFilesystem, processes }
  }

  const readSpace = () =>
    Promise.all([
      tolerant('filesystem', machineStats.filesystem(directories.root)),
      tolerant('image filesystem', readImageFilesystem()),
      tolerant('processes', machineStats.processes()),
    ])

  async function readImageFilesystem(): Promise<NonNullable<NodeStats['imageFilesystem']>> {
    const { mountpoint, usedBytes } = await runtime.imageFilesystem()
    return { ...(await machineStats.filesystem(mountpoint)), imagesBytes: usedBytes }
  }

  async function processesOf(pod: Pod, containers: readonly ContainerStats[]): Promise<number | undefined> {
    if (containers.some(({ processes }) => processes !== undefined)) return containers.reduce((sum, { processes = 0 }) => sum + processes, 0)
    const cgroup = cgroupParent(cgroupRoot, pod)
    return cgroup ? machineStats.cgroupProcesses(cgroup).catch(() => undefined) : undefined
  }

  async function readAll(usageOnly: boolean): Promise<NodeSummary> {
    const living = pods().filter(({ pod }) => !isTerminal(pod))
    const [node, containers = []] = await Promise.all([nodeStats(usageOnly), tolerant('containers', runtime.listContainerStats())])
    const byPod = new Map<string, ContainerStats[]>()
    for (const container of containers) {
      const uid = podUidOf(container) ?? ''
      const known = byPod.get(uid)
      if (known) known.push(container)
      else byPod.set(uid, [container])
    }
    const sizeOf = (path: string, maxAgeMs: Millis) => (usageOnly ? undefined : sizes.of(path, maxAgeMs))
    const summaries = await Promise.all(
      living.map(async ({ pod, worker }) => {
        const own = byPod.get(pod.metadata.uid ?? '') ?? []
        return podStats(pod, own, {
          startedAt: id => worker.observed.containers.find(container => container.id === id)?.startedAt,
          processes: usageOnly ? undefined : await processesOf(pod, own),
          directories,
          rates,
          volumeAgeMs,
          sizeOf,
          at: host.clock.wall(),
        })
      }),
    )
    rates.keep(new Set([NODE, ...containers.map(({ containerId }) => containerId)]))
    if (!usageOnly) sizes.keep(new Set(living.flatMap(({ pod }) => podDirectories(directories, pod))))
    return { node, pods: summaries }
  }

  const shared = (usageOnly: boolean): Promise<NodeSummary> => {
    const already = inFlight.get(usageOnly)
    if (already) return already
    const reading = readAll(usageOnly).finally(() => inFlight.delete(usageOnly))
    inFlight.set(usageOnly, reading)
    return reading
  }

  return { read: () => shared(false), readUsage: () => shared(true), directoriesCounted: () => sizes.settled() }
}
