/**
 * The node's presence in the API:
 *
 *   register ─▶ status every 10 s when something changed, every 5 min in any case
 *            └▶ Lease renewed every 10 s: that is what tells others that this node lives
 */
import { Lease } from '../../api/kinds/lease.ts'
import { Node } from '../../api/kinds/node.ts'
import { deepEqual } from '../../api/deep.ts'
import { microTimestamp, timestamp } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import { backoffMs } from '../../base/backoff.ts'
import { every, sleep, withTimeout, type Millis } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import type { KubeletContext } from '../context.ts'
import type { PressureCondition } from '../eviction/signals.ts'
import type { Allocatable } from './allocatable.ts'
import { computeNodeStatus, nodeLabels, type NodeStatus } from './node_status.ts'

export interface NodeAgent {
  /** Resolves when the Node is in the API. */
  start(): Promise<void>
  stop(): Promise<void>
  /** Something has changed that its status tells, and the next time would be late. Never waits. */
  refresh(): void
  /** As it was last seen in the API: what Events are about. */
  readonly node: Node | undefined
  /** Asks the API, so that `node` is as new as can be. Never rejects. */
  reread(): Promise<void>
  /** From now on the Node is not Ready, because it goes. Resolves when the API knows. */
  shutDown(): Promise<void>
}

export interface NodeGuard {
  /** What the node is short of. */
  conditions(): readonly PressureCondition[]
  readonly allocatable: Allocatable
  /** The Node as the API has it now, as far as that is known: others may cordon it. */
  seen(): Node | undefined
}

const STATUS_EVERY_MS = 10_000
/** A heartbeat for those who look at the status only. */
const REPORT_EVERY_MS = 300_000
const LEASE_EVERY_MS = 10_000
const LEASE_SECONDS = 40
/** Longer than that nobody waits for the answer to a heartbeat: the next one may find a connection that works. */
const HEARTBEAT_TIMEOUT_MS = 10_000
const LEASE_NAMESPACE = 'kube-node-lease'
/** So long a runtime may be silent until it counts as down. */
const RUNTIME_TIMEOUT_MS = 30_000
const RETRY = { baseMs: 200, maxMs: 7_000 }

export function createNodeAgent(context: KubeletContext, guard: NodeGuard): NodeAgent {
  const { host, client, runtime, events, machine, nodeName } = context
  const { clock, log } = host
  const key = { namespace: '', name: nodeName }
  const podRange = machine.podCidr ? { podCIDR: machine.podCidr, podCIDRs: [machine.podCidr] } : undefined
  const stopping = new AbortController()
  const tasks: { stop(): Promise<void> }[] = []
  let reported: NodeStatus | undefined
  /** What the API made of it. */
  let answered: NodeStatus | undefined
  let reportedAt: Millis = -Infinity
  let wasUnschedulable = false
  let node: Node | undefined
  let isShuttingDown = false

  /** A runtime that hangs is as good as none. */
  const answer = <T>(call: Promise<T>): Promise<T | undefined> => withTimeout(clock, RUNTIME_TIMEOUT_MS, () => call).catch(() => undefined)

  async function currentStatus(previous: NodeStatus | undefined): Promise<NodeStatus> {
    const [status, version, images = []] = await Promise.all([answer(runtime.status()), answer(runtime.version()), answer(runtime.listImages())])
    return computeNodeStatus({
      nodeName,
      machine,
      images,
      runtime: status,
      allocatable: guard.allocatable,
      pressures: guard.conditions(),
      isShuttingDown,
      previous: previous?.conditions ?? [],
      now: timestamp(clock.wall()),
      runtimeVersion: version ? `${version.runtimeName}://${version.runtimeVersion.replace(/^v/, '')}` : `${runtimeNameOf(previous)}://Unknown`,
    })
  }

  async function register(): Promise<void> {
    const labels = nodeLabels(nodeName, machine)
    const annotations = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' }
    try {
      node = await client.create(Node, {
        metadata: { name: nodeName, labels, annotations },
        ...(podRange && { spec: podRange }),
        status: await currentStatus(undefined),
      } as never)
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error
      node = await client.get(Node, key)
      // Somebody may have made it before us, or have taken off what is ours. What else it has is left as it is.
      if (!includesAll(node.metadata.labels, labels) || !includesAll(node.metadata.annotations, annotations))
        node = await client.patch(Node, key, { type: 'strategic', body: { metadata: { labels, annotations } } })
    }
    if (podRange && !node.spec?.podCIDR) node = await client.patch(Node, key, { type: 'strategic', body: { spec: podRange } })
    // The first of its Events, as of a kubelet on Kubernetes.
    events.normal(node, 'Starting', 'Starting kubelet.')
    await report(true)
  }

  function noteSchedulable(): void {
    const isUnschedulable = guard.seen()?.spec?.unschedulable === true
    if (isUnschedulable === wasUnschedulable || !node) return
    wasUnschedulable = isUnschedulable
    const reason = isUnschedulable ? 'NodeNotSchedulable' : 'NodeSchedulable'
    events.normal(node, reason, `Node ${nodeName} status is now: ${reason}`)
  }

  async function report(force: boolean): Promise<void> {
    noteSchedulable()
    const before = guard.seen()?.status ?? reported
    const status = await currentStatus(before)
    const now = clock.now()
    // Whoever took the node for lost has written so: that it lives is news then, though nothing about it has changed.
    const isNews = !isSame(status, reported) || !isSame(answered, before)
    if (!force && !isNews && now - reportedAt < REPORT_EVERY_MS) return
    node = await withTimeout(clock, HEARTBEAT_TIMEOUT_MS, signal =>
      client.patch(Node, key, { type: 'strategic', body: { status } }, { subresource: 'status', signal }),
    )
    answered = node.status
    if (before?.nodeInfo?.bootID && before.nodeInfo.bootID !== machine.bootId) {
      events.warning(node, 'Rebooted', `Node ${nodeName} has been rebooted, boot id: ${machine.bootId}`)
    }
    reported = status
    reportedAt = now
    for (const condition of status.conditions ?? []) {
      if (before?.conditions?.find(({ type }) => type === condition.type)?.status === condition.status && !force) continue
      const reason =
        condition.type === 'Ready' ? (condition.status === 'True' ? 'NodeReady' : 'NodeNotReady') : `Node${(condition.reason ?? '').replace('Kubelet', '')}`
      events.normal(node, reason, `Node ${nodeName} status is now: ${reason}`)
    }
  }

  async function renewLease(signal: AbortSignal): Promise<void> {
    const renewTime = microTimestamp(clock.wall())
    const spec = { holderIdentity: nodeName, leaseDurationSeconds: LEASE_SECONDS, renewTime }
    const leaseKey = { namespace: LEASE_NAMESPACE, name: nodeName }
    try {
      await client.patch(Lease, leaseKey, { type: 'merge', body: { spec } }, { signal })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
      // It belongs to the Node and goes with it. Where somebody has removed the Node there is nothing to renew.
      const owner = await client.get(Node, key).catch(unlessNotFound)
      if (!owner) return
      const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: owner.metadata.uid! }]
      await client.create(Lease, { metadata: { ...leaseKey, ownerReferences }, spec } as never, { signal })
    }
  }

  /** What fails is tried again soon: whether the node counts as lost hangs on it. */
  async function keepLease(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted;) {
      try {
        await withTimeout(clock, HEARTBEAT_TIMEOUT_MS, renewLease, signal, 'node lease')
        failures = 0
      } catch (error) {
        failures++
        if (!signal.aborted) log.warn('the lease of the node could not be renewed', { node: nodeName, error: messageOf(error) })
      }
      await sleep(clock, failures ? backoffMs(failures, RETRY) : LEASE_EVERY_MS, signal, 'every node lease').catch(() => undefined)
    }
  }

  const tolerant = (what: string, work: () => Promise<void>) => () =>
    work().catch((error: unknown) => {
      if (!stopping.signal.aborted) log.warn(what, { node: nodeName, error: messageOf(error) })
    })

  /** One at a time: each tells what differs from the one before. */
  let lastReport = Promise.resolve()
  const reportOnce = tolerant('the status of the node could not be written', () => report(false))
  const reportInTurn = () => (lastReport = lastReport.then(reportOnce))

  return {
    refresh() {
      if (node) void reportInTurn()
    },
    get node() {
      return node
    },
    reread: tolerant('the node could not be read', async () => {
      node = await client.get(Node, key)
    }),
    async shutDown() {
      isShuttingDown = true
      if (node) events.normal(node, 'Shutdown', 'Shutdown manager detected shutdown event')
      await reportInTurn()
    },
    async start() {
      for (let failures = 0; ;) {
        try {
          await register()
          break
        } catch (error) {
          log.warn('the node could not be registered; trying again', { node: nodeName, error: messageOf(error) })
          await sleep(clock, backoffMs(++failures, RETRY), stopping.signal, 'node registration')
        }
      }
      tasks.push(
        host.spawn('node status', signal => every(clock, STATUS_EVERY_MS, signal, reportInTurn, 'every node status')),
        host.spawn('node lease', keepLease),
      )
    },
    async stop() {
      stopping.abort(new Error('the kubelet stops'))
      await Promise.all(tasks.map(task => task.stop()))
    },
  }
}

function unlessNotFound(error: unknown): undefined {
  if (!isReason(error, 'NotFound')) throw error
}

/** Of a runtime that does not answer: as it was called last. */
const runtimeNameOf = (previous: NodeStatus | undefined): string => previous?.nodeInfo?.containerRuntimeVersion?.split('://', 1)[0] || 'unknown'

/** But for the heartbeats. What others may have added is no difference. */
const isSame = (ours: NodeStatus | undefined, other: NodeStatus | undefined): boolean =>
  deepEqual(withoutHeartbeats(ours, ours), withoutHeartbeats(other, ours))

function withoutHeartbeats(status: NodeStatus | undefined, like: NodeStatus | undefined): unknown {
  const conditions = (status?.conditions ?? [])
    .filter(({ type }) => like?.conditions?.some(own => own.type === type))
    .map(condition => ({ ...condition, lastHeartbeatTime: undefined }))
  return status && { ...Object.fromEntries(Object.keys(like ?? {}).map(field => [field, status[field as keyof NodeStatus]])), conditions }
}

const includesAll = (there: Readonly<Record<string, string>> | undefined, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([key, value]) => there?.[key] === value)
