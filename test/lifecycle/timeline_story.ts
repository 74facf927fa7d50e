/** A cluster of even calls in virtual time, and its timelines as lines that a story can state. */
import { Pod } from '../../src/api/kinds/pod.ts'
import { PodTimeline } from '../../src/api/kinds/pod_timeline.ts'
import type { TimelineSpan } from '../../src/api/types/pod_timeline.ts'
import { startVirtualCluster, type VirtualCluster, type VirtualClusterOptions } from '../../src/launch/virtual_cluster.ts'
import type { RuntimeLatency } from '../../src/sim/latency.ts'

/** Every call takes as long each time, so that every instant can be told beforehand. */
export const EVEN: RuntimeLatency = {
  runSandbox: [100, 100],
  stopSandbox: [50, 50],
  removeSandbox: [1, 1],
  createContainer: [20, 20],
  startContainer: [50, 50],
  stopContainer: [10, 10],
  removeContainer: [1, 1],
  exec: [5, 5],
  query: [1, 1],
  event: [1, 1],
}

export interface TimelineStory extends VirtualCluster {
  /** Runs a Pod called web, in default, if it is called nothing else. */
  begin(pod: { metadata?: object; spec: object }): Promise<void>
  timelines(): Promise<readonly PodTimeline[]>
  /** The newest of that name. */
  timelineOf(pod?: string): Promise<PodTimeline>
  /** Its spans of these types, each as `Sandbox 0.200..0.300 Reason`: seconds since its creation. */
  lines(types: readonly string[], pod?: string): Promise<string[]>
  deletePod(name?: string): Promise<void>
}

export async function beginTimelineStory(options: Partial<VirtualClusterOptions> = {}): Promise<TimelineStory> {
  const cluster = await startVirtualCluster({
    seed: 1,
    ...options,
    runtime: { latency: EVEN, programMs: [200, 200], images: ['nginx:1', 'busybox:1'], pullMs: [1_000, 1_000], ...options.runtime },
  })
  const { client, run } = cluster
  const timelines = async () => (await run(client.list(PodTimeline))).items
  const timelineOf = async (name = 'web') => (await timelines()).findLast(({ pod }) => pod.name === name)!
  return {
    ...cluster,
    timelines,
    timelineOf,
    begin: async ({ metadata, spec }) => void (await run(client.create(Pod, { metadata: { name: 'web', namespace: 'default', ...metadata }, spec } as never))),
    async lines(types, pod) {
      const { spans } = await timelineOf(pod)
      const createdMs = spans.find(({ type }) => type === 'Scheduling')!.startMs!
      return spans.filter(({ type }) => types.includes(type)).map(span => line(span, createdMs))
    },
    deletePod: async (name = 'web') => void (await run(client.delete(Pod, { namespace: 'default', name }))),
  }
}

function line(span: TimelineSpan, createdMs: number): string {
  const at = (ms: number | undefined) => (ms === undefined ? '' : ((ms - createdMs) / 1_000).toFixed(3))
  const { container, restart, probe, result, count, service, node, reason, exitCode } = span
  const isOver = span.finishMs !== undefined
  const when = span.startMs === span.finishMs ? at(span.startMs) : `${at(span.startMs)}..${isOver ? at(span.finishMs) : ''}`
  const words = [service, node, container, probe, result, count !== undefined && `x${count}`, reason, exitCode !== undefined && `exit ${exitCode}`]
  return [span.type, when, ...words, restart ? `restart ${restart}` : ''].filter(Boolean).join(' ')
}
