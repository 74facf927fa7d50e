/**
 * The fate of Nodes, looked at every 5 s (behaviour 10):
 *
 *   Lease, status ─▶ silent for 50 s? ─▶ conditions Unknown ─▶ waits in its zone ─▶ taint NoExecute, at the zone's rate
 *                                             │                                        └▶ taint_eviction.ts: its Pods go
 *                                             └▶ lost_pods.ts: its Pods are not ready; node_taints.ts: taint NoSchedule
 *
 * A Node that is ready again loses the taint with the next look.
 */
import { Lease } from '../../api/kinds/lease.ts'
import { Node } from '../../api/kinds/node.ts'
import { keyOf } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import { sleep, type Millis } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Host } from '../../base/host.ts'
import { forEachAtOnce } from '../../base/at_once.ts'
import { cachesSynced, type Cache } from '../../client/cache.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../client/event_recorder.ts'
import { EVICTION_RATE, planDisruption, zoneOf } from './disruption.ts'
import { evictionTaintOf, evictionTaintsOn, setEvictionTaint } from './eviction_taints.ts'
import { noteSigns, readiness, silentConditions, type NodeHealth } from './node_health.ts'
import { createTaintQueue, type TaintQueue } from './taint_queue.ts'

const MONITOR_PERIOD_MS = 5_000
const LEASE_NAMESPACE = 'kube-node-lease'
/** Looked after at once. */
const NODES_AT_ONCE = 16
const CONFLICTS_MAX = 5

export interface NodeLifecycleParts {
  readonly nodes: Cache<Node>
  readonly leases: Cache<Lease>
  readonly events: EventRecorder
}

export function startNodeLifecycleController(host: Host, client: Client, { nodes, leases, events }: NodeLifecycleParts): { stop(): Promise<void> } {
  const { clock, log } = host
  const known = new Map<string, Node>()
  const healths = new Map<string, NodeHealth>()
  const queues = new Map<string, TaintQueue>()
  let wasTotal = false
  let lookedAt: Millis | undefined

  async function look(): Promise<void> {
    forgiveOwnSleep()
    const listed = nodes.list().toSorted((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1))
    greet(listed)
    const judged: Node[] = []
    await forEachAtOnce(listed, NODES_AT_ONCE, async (node, index) => {
      judged[index] = await judge(node)
    })
    await forEachAtOnce(judged, NODES_AT_ONCE, queueOrFree)
    await adjustRates(judged)
  }

  /** While we were stopped ourselves we have seen no sign of anybody: that time does not count against them. */
  function forgiveOwnSleep(): void {
    const lateMs = lookedAt === undefined ? 0 : clock.now() - lookedAt - MONITOR_PERIOD_MS
    if (lateMs > MONITOR_PERIOD_MS) for (const [name, health] of healths) healths.set(name, { ...health, seenAt: health.seenAt + lateMs })
    lookedAt = clock.now()
  }

  function greet(listed: readonly Node[]): void {
    const say = (node: Node, reason: string, what: string) => events.normal(node, reason, `Node ${node.metadata.name} event: ${what}`)
    const there = new Set(listed.map(({ metadata }) => metadata.name!))
    for (const node of listed) {
      const name = node.metadata.name!
      if (!known.has(name)) say(node, 'RegisteredNode', `Registered Node ${name} in Controller`)
      // Another one of the same name has its own life.
      if (known.get(name)?.metadata.uid !== node.metadata.uid) healths.delete(name)
      known.set(name, node)
    }
    for (const [name, node] of known) {
      if (there.has(name)) continue
      say(node, 'RemovingNode', `Removing Node ${name} from Controller`)
      known.delete(name)
      healths.delete(name)
      for (const queue of queues.values()) queue.remove(name)
    }
  }

  /** The Node as it is after that. */
  async function judge(node: Node): Promise<Node> {
    const key = keyOf(node)
    for (let conflicts = 0; ; conflicts++) {
      const reading = { now: clock.now(), wall: clock.wall() }
      const health = noteSigns(healths.get(key.name), node, leases.get({ namespace: LEASE_NAMESPACE, name: key.name }), reading)
      healths.set(key.name, health)
      const conditions = silentConditions(node, health, reading)
      if (!conditions) return node
      try {
        const body = { metadata: { resourceVersion: node.metadata.resourceVersion }, status: { conditions } }
        const silent = await client.patch(Node, key, { type: 'strategic', body }, { subresource: 'status' })
        if (readiness(node) === 'True') events.normal(silent, 'NodeNotReady', `Node ${key.name} status is now: NodeNotReady`)
        return silent
      } catch (error) {
        const newer = isReason(error, 'Conflict') && conflicts < CONFLICTS_MAX ? await client.get(Node, key).catch(() => undefined) : undefined
        if (!newer) {
          if (!isReason(error, 'NotFound')) log.warn('the health of a node could not be written', { node: key.name, error: messageOf(error) })
          return node
        }
        node = newer
      }
    }
  }

  async function queueOrFree(node: Node): Promise<void> {
    const name = node.metadata.name!
    const zone = zoneOf(node)
    const there = evictionTaintsOn(node)
    const wanted = evictionTaintOf(node)
    const isWaiting = wanted !== undefined && there.length === 0
    for (const [other, queue] of queues) if (!isWaiting || other !== zone) queue.remove(name)
    if (isWaiting) queueOf(zone).add(name)
    // From the one to the other, and to none, needs no turn.
    else if (there.some(key => key !== wanted)) await setTaint(name)
  }

  function queueOf(zone: string): TaintQueue {
    const queue = queues.get(zone) ?? createTaintQueue(EVICTION_RATE)
    queues.set(zone, queue)
    return queue
  }

  async function adjustRates(judged: readonly Node[]): Promise<void> {
    const { isTotal, rates } = planDisruption(judged)
    for (const [zone, rate] of rates) queueOf(zone).setRate(rate, clock.now())
    for (const zone of queues.keys()) if (!judged.some(node => zoneOf(node) === zone)) queues.delete(zone)
    if (isTotal && !wasTotal) {
      log.warn('no node is ready: evictions stop')
      await forEachAtOnce(judged, NODES_AT_ONCE, async node => {
        if (evictionTaintsOn(node).length > 0) await setTaint(node.metadata.name!, false)
      })
    }
    // The others get the time to speak that they did not have while nobody was heard.
    if (!isTotal && wasTotal) for (const [name, health] of healths) healths.set(name, { ...health, seenAt: clock.now() })
    wasTotal = isTotal
  }

  async function taintWhoseTurnItIs(): Promise<void> {
    for (const queue of queues.values()) {
      for (let name = queue.take(clock.now()); name !== undefined; name = queue.take(clock.now())) await setTaint(name)
    }
  }

  const setTaint = (name: string, mayHave?: boolean) =>
    setEvictionTaint(client, clock, name, mayHave).catch((error: unknown) =>
      log.warn('the taints of a node could not be written; the next look tries again', { node: name, error: messageOf(error) }),
    )

  const task = host.spawn('node lifecycle', async signal => {
    if (!(await cachesSynced([nodes, leases], signal))) return
    for (let lookAt = clock.now(); !signal.aborted;) {
      if (clock.now() >= lookAt) {
        await look()
        lookAt = lookedAt! + MONITOR_PERIOD_MS
      }
      await taintWhoseTurnItIs()
      const dueAt = Math.min(lookAt, ...[...queues.values()].map(queue => queue.dueAt))
      await sleep(clock, Math.max(0, dueAt - clock.now()), signal, 'every node monitor').catch(() => undefined)
    }
  })
  return { stop: () => task.stop() }
}
