/**
 * Asks every node's kubelet what it uses, every 15 seconds, and keeps the last two answers: what metrics-server does.
 *
 *   every 15 s ─▶ all nodes at once ─▶ /stats/summary ─▶ last two readings ─▶ usage, when somebody asks
 *
 * A node that does not answer in time has no figures until it has answered twice again.
 */
import type { Node } from '../api/kinds/node.ts'
import type { UsageReadings } from '../api/usage.ts'
import { every, withTimeout, type Millis } from '../base/clock.ts'
import { messageOf } from '../base/error_message.ts'
import type { Host } from '../base/host.ts'
import type { Transport, User } from '../base/transport.ts'
import type { Cache } from '../client/cache.ts'
import { nodeUsage, podUsage, withReading, type NodePairs } from './readings.ts'
import { readSummary } from './summary.ts'

export interface MetricsCollector extends UsageReadings {
  /** Begins with the nodes there are. Once. */
  start(nodes: Cache<Node>): { stop(): Promise<void> }
}

export interface MetricsCollectorParts {
  readonly host: Host
  readonly kubelets: (nodeName: string) => Transport | undefined
  /** Who asks the kubelets. */
  readonly user: User
}

/** metrics-server's --metric-resolution and --kubelet-request-timeout. */
const RESOLUTION_MS: Millis = 15_000
const REQUEST_TIMEOUT_MS: Millis = 10_000

export function createMetricsCollector({ host, kubelets, user }: MetricsCollectorParts): MetricsCollector {
  const { clock, log } = host
  let known: ReadonlyMap<string, NodePairs> = new Map()

  async function ask(nodeName: string, signal: AbortSignal): Promise<NodePairs | undefined> {
    const kubelet = kubelets(nodeName)
    if (!kubelet) return undefined
    const request = {
      method: 'GET',
      path: '/stats/summary',
      query: new URLSearchParams({ only_cpu_and_memory: 'true' }),
      headers: {},
      body: { is: 'none' },
      user,
    } as const
    try {
      const response = await withTimeout(clock, REQUEST_TIMEOUT_MS, timed => kubelet({ ...request, signal: timed }), signal, 'metrics of a node')
      return withReading(known.get(nodeName), readSummary(response))
    } catch (error) {
      if (!signal.aborted) log.warn('the metrics of a node could not be read', { node: nodeName, error: messageOf(error) })
      return undefined
    }
  }

  async function askAll(nodes: Cache<Node>, signal: AbortSignal): Promise<void> {
    const names = nodes.list().map(({ metadata: { name = '' } }) => name)
    const answers = await Promise.all(names.map(async name => [name, await ask(name, signal)] as const))
    known = new Map(answers.flatMap(([name, pairs]) => (pairs ? [[name, pairs] as const] : [])))
  }

  return {
    node(name) {
      const pairs = known.get(name)
      return pairs && nodeUsage(pairs)
    },
    pod(namespace, name) {
      const key = `${namespace}/${name}`
      for (const { pods } of known.values()) {
        const containers = pods.get(key)
        if (containers) return podUsage(containers)
      }
      return undefined
    },
    start: nodes => host.spawn('metrics collector', signal => every(clock, RESOLUTION_MS, signal, () => askAll(nodes, signal), 'metrics of all nodes')),
  }
}
