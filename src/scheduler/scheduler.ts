/**
 * The scheduler: gives each Pod a node.
 *
 *   Pod without a node ─▶ queue ─▶ chooseNode(demand, snapshot) ─▶ assume ─▶ bind (in the background) ─▶ Scheduled
 *                           ▲                 │ none
 *                           │                 ▼
 *                           │           planPreemption ─▶ push Pods of lower priority out, keep the room
 *                           └── a node might take it ◀── condition PodScheduled=False, event FailedScheduling
 *
 * The loop never waits for a binding: the Pod is counted on its node at once, and uncounted if binding fails.
 */
import { Namespace } from '../api/kinds/namespace.ts'
import { Node } from '../api/kinds/node.ts'
import { Pod } from '../api/kinds/pod.ts'
import { PodDisruptionBudget } from '../api/kinds/pod_disruption_budget.ts'
import { keyOf } from '../api/meta.ts'
import { isDeleting, isTerminal } from '../api/pod.ts'
import { sleep } from '../base/clock.ts'
import { messageOf } from '../base/error_message.ts'
import type { Host } from '../base/host.ts'
import { cachesSynced } from '../client/cache.ts'
import type { CacheOf } from '../client/caches.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/event_recorder.ts'
import { chooseNode, type NoNode } from './choose.ts'
import { demandOf, type PodDemand } from './demand.ts'
import { explain } from './explain.ts'
import { planPreemption } from './preempt.ts'
import { pushOut } from './preemption.ts'
import { DEFAULT_PROFILE, profileOf, type ProfileOptions } from './profiles.ts'
import { createSchedulingQueue } from './queue.ts'
import { report } from './report.ts'
import { createSiblings } from './siblings.ts'
import { createSnapshotKeeper, type Snapshot } from './snapshot.ts'
import { defaultSpreadConstraints } from './spread_constraints.ts'
import { createVolumeBinder } from './volume_binder.ts'
import { volumePlanOn, type VolumePlan } from './volumes.ts'
import { createWakeUps } from './wake_ups.ts'

export interface SchedulerParts {
  readonly client: Client
  readonly cacheOf: CacheOf
  /** The recorder of one of the schedulers. */
  events(schedulerName: string): EventRecorder
  /** The Pods it takes care of, by spec.schedulerName, and how. Others wait for a scheduler of their own. */
  readonly profiles?: readonly ProfileOptions[]
}

/** How long decisions may follow each other before everybody else in the process gets a turn. */
const SLICE_MS = 10

export function startScheduler(host: Host, { client, cacheOf, events, profiles = [DEFAULT_PROFILE] }: SchedulerParts): { stop(): Promise<void> } {
  const { clock } = host
  const pods = cacheOf(Pod)
  const nodes = cacheOf(Node)
  const namespaces = cacheOf(Namespace)
  const budgets = cacheOf(PodDisruptionBudget)
  const siblings = createSiblings(cacheOf)
  const schedulers = new Map(profiles.map(options => [options.schedulerName, { profile: profileOf(options), events: events(options.schedulerName) }]))
  const schedulerOf = ({ spec }: Pod) => schedulers.get(spec.schedulerName ?? '')!
  const isOurs = (pod: Pod): boolean => waitsForNode(pod) && schedulers.has(pod.spec.schedulerName ?? '')

  const queue = createSchedulingQueue(clock)
  const binder = createVolumeBinder(clock, client, cacheOf)
  const keeper = createSnapshotKeeper(name => namespaces.get({ namespace: '', name })?.metadata.labels, binder.catalog)
  const wakeUps = createWakeUps(queue, keeper)
  const random = host.random.fork('scheduler')
  const log = host.log.child({ component: 'scheduler' })

  const changes = [
    nodes.onChange(({ key, object }) => {
      if (keeper.setNode(key.name, object)) wakeUps.nodeChanged(key.name)
    }),
    namespaces.onChange(() => {
      keeper.namespacesChanged()
      wakeUps.namespacesChanged()
    }),
    binder.onChange(wakeUps.volumesChanged),
    pods.onChange(({ object, previous }) => {
      const { uid } = (object ?? previous)!.metadata
      const kept = keeper.nominationOf(uid!)
      const move = keeper.setPod(uid!, object)
      if (object && isOurs(object)) {
        if (object.status.nominatedNodeName !== previous?.status.nominatedNodeName)
          keeper.nominate(demandOf(object), object.status.nominatedNodeName || undefined)
        queue.add(object)
      } else queue.remove(uid!)
      if (move) wakeUps.podMoved(move)
      if (kept && !object) wakeUps.roomMade(kept)
    }),
  ]

  async function bind(pod: Pod, nodeName: string, volumes: VolumePlan): Promise<void> {
    const key = keyOf(pod)
    const uid = pod.metadata.uid!
    const { events } = schedulerOf(pod)
    try {
      await bindVolumes(pod, nodeName, volumes)
      await client.createSubresource(Pod, key, 'binding', {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: key.name, namespace: key.namespace, uid },
        target: { kind: 'Node', name: nodeName },
      })
    } catch (error) {
      const move = keeper.forget(uid)
      if (move) wakeUps.podMoved(move)
      // Gone, or bound by somebody else: the cache says so, now or with its next change.
      const current = pods.get(key)
      if (current?.metadata.uid !== uid || !isOurs(current)) return queue.remove(uid)
      log.warn('binding failed; the Pod is tried again', { pod: key.name, error: String(error) })
      return queue.failed(uid)
    }
    events.normal(pod, 'Scheduled', `Successfully assigned ${key.namespace}/${key.name} to ${nodeName}`)
  }

  async function bindVolumes(pod: Pod, nodeName: string, plan: VolumePlan): Promise<void> {
    try {
      await binder.bind(plan, nodeName)
    } catch (error) {
      const message = `running PreBind plugin "VolumeBinding": binding volumes: ${messageOf(error)}`
      schedulerOf(pod).events.warning(pod, 'FailedScheduling', message)
      void report(client, clock, pod, { reason: 'SchedulerError', message })
      throw error
    }
  }

  function foundNoNode(demand: PodDemand, choice: NoNode, snapshot: Snapshot): void {
    const { pod } = demand
    const { events } = schedulerOf(pod)
    const plan = planPreemption(demand, choice, snapshot, { budgets: budgets.list(), random })
    const message = explain(choice, plan)
    queue.unschedulable(pod.metadata.uid!, new Set([...choice.objections.values(), ...(choice.rejection ? [choice.rejection] : [])].map(({ by }) => by)))
    events.warning(pod, 'FailedScheduling', message)
    const nominatedNodeName = plan.is === 'victims' ? plan.nodeName : plan.is === 'in vain' ? '' : undefined
    void report(client, clock, pod, { reason: 'Unschedulable', message, nominatedNodeName })
    if (plan.is === 'in vain') keeper.nominate(demand, undefined)
    if (plan.is === 'victims') {
      keeper.nominate(demand, plan.nodeName)
      void makeRoom(demand, plan.nodeName, plan.victims, snapshot)
    }
  }

  async function makeRoom(demand: PodDemand, nodeName: string, victims: readonly PodDemand[], snapshot: Snapshot): Promise<void> {
    const { pod, priority } = demand
    queue.hold(pod.metadata.uid!)
    // Less important ones that wait for this node need another one now.
    for (const other of snapshot.nominatedOn(nodeName).filter(other => other.priority < priority)) {
      keeper.nominate(other, undefined)
      const patch = { type: 'merge', body: { metadata: { uid: other.pod.metadata.uid }, status: { nominatedNodeName: null } } } as const
      void client.patch(Pod, keyOf(other.pod), patch, { subresource: 'status' }).catch(() => undefined)
    }
    const { profile, events } = schedulerOf(pod)
    const current = victims.map(victim => pods.get(keyOf(victim.pod)) ?? victim.pod)
    const done = await pushOut(host, client, current, { pod, schedulerName: profile.schedulerName, nodeName, events })
    queue.release(pod.metadata.uid!, !done || victims.length === 0)
  }

  const task = host.spawn('scheduler', async signal => {
    if (!(await cachesSynced([pods, nodes, namespaces, budgets, ...binder.caches], signal))) return
    let start = 0
    let sliceEndsAt = clock.now() + SLICE_MS
    for (let taken = await queue.take(); taken && !signal.aborted; taken = await queue.take()) {
      const { pod } = taken
      const demand = pod.spec.topologySpreadConstraints?.length ? taken : { ...taken, spread: defaultSpreadConstraints(pod, siblings.of(pod)) }
      const snapshot = keeper.snapshot()
      const choice = chooseNode(demand, snapshot, random, { profile: schedulerOf(pod).profile, start })
      start += choice.examined
      if (choice.is === 'node') {
        const volumes = volumePlanOn(demand, snapshot.node(choice.name)!.node, snapshot.volumes)
        keeper.assume(demand, choice.name)
        binder.promise(volumes, choice.name)
        void bind(pod, choice.name, volumes)
      } else foundNoNode(demand, choice, snapshot)
      if (clock.now() >= sliceEndsAt) {
        await sleep(clock, 0, signal, 'scheduler slice')
        sliceEndsAt = clock.now() + SLICE_MS
      }
    }
  })

  return {
    async stop() {
      for (const change of changes) change.stop()
      siblings.stop()
      binder.stop()
      queue.close()
      await task.stop()
    },
  }
}

const waitsForNode = (pod: Pod): boolean => !pod.spec.nodeName && !isDeleting(pod) && !isTerminal(pod) && (pod.spec.schedulingGates ?? []).length === 0
