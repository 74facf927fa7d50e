/**
 * The scheduler: gives each Pod a node.
 *
 *   Pod without a node ─▶ queue ─▶ chooseNode(pod, snapshot) ─▶ assume ─▶ bind (in the background) ─▶ Scheduled
 *                           ▲                 │ none
 *                           └── cluster changed ◀── condition PodScheduled=False, event FailedScheduling
 *
 * The loop never waits for a binding: the Pod is counted on its node at once, and uncounted if binding fails.
 */
import { Node } from '../api/kinds/node.ts'
import { Pod } from '../api/kinds/pod.ts'
import { keyOf, timestamp } from '../api/meta.ts'
import { isTerminal, podCondition } from '../api/pod.ts'
import { isReason } from '../api/status.ts'
import type { Host } from '../base/host.ts'
import type { Cache } from '../client/cache.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/event_recorder.ts'
import { chooseNode } from './choose.ts'
import { createSchedulingQueue } from './queue.ts'
import { createSnapshotKeeper } from './snapshot.ts'

export interface SchedulerParts {
  client: Client
  pods: Cache<Pod>
  nodes: Cache<Node>
  events: EventRecorder
  /** The Pods it takes care of: spec.schedulerName. */
  name?: string
}

export function startScheduler(host: Host, { client, pods, nodes, events, name = 'default-scheduler' }: SchedulerParts): { stop(): Promise<void> } {
  const queue = createSchedulingQueue(host.clock)
  const keeper = createSnapshotKeeper()
  const random = host.random.fork('scheduler')
  const log = host.log.child({ component: 'scheduler' })

  const nodeChanges = nodes.onChange(({ key, object }) => {
    keeper.setNode(key.name, object)
    queue.clusterChanged()
  })
  const podChanges = pods.onChange(({ object, previous }) => {
    const uid = (object ?? previous)!.metadata.uid!
    keeper.setPod(uid, object)
    if (object && waitsForNode(object, name)) return queue.add(object)
    queue.remove(uid)
    // A Pod that left a node has made room there.
    if (previous?.spec.nodeName && (!object || isTerminal(object))) queue.clusterChanged()
  })

  async function bind(pod: Pod, nodeName: string): Promise<void> {
    const key = keyOf(pod)
    try {
      await client.createSubresource(Pod, key, 'binding', {
        apiVersion: 'v1', kind: 'Binding', metadata: { name: key.name, namespace: key.namespace, uid: pod.metadata.uid }, target: { kind: 'Node', name: nodeName },
      })
      events.normal(pod, 'Scheduled', `Successfully assigned ${key.namespace}/${key.name} to ${nodeName}`)
    } catch (error) {
      keeper.forget(pod.metadata.uid!)
      queue.clusterChanged()
      if (isReason(error, 'NotFound') || isReason(error, 'Conflict')) return queue.remove(pod.metadata.uid!)
      log.warn('binding failed; the Pod is tried again', { pod: key.name, error: String(error) })
      queue.failed(pod)
    }
  }

  async function reportNoNode(pod: Pod, message: string): Promise<void> {
    events.warning(pod, 'FailedScheduling', message)
    const condition = podCondition(pod, 'PodScheduled')
    if (condition?.status === 'False' && condition.reason === 'Unschedulable' && condition.message === message) return
    const now = timestamp(host.clock.wall())
    await client.patch(Pod, keyOf(pod), {
      type: 'strategic',
      body: {
        metadata: { uid: pod.metadata.uid },
        status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastProbeTime: null, lastTransitionTime: condition?.status === 'False' ? condition.lastTransitionTime : now }] },
      },
    }, { subresource: 'status' }).catch((error: unknown) => log.debug('a Pod could not be told that no node was found', { pod: pod.metadata.name, error: String(error) }))
  }

  const task = host.spawn('scheduler', async signal => {
    await Promise.all([pods.synced, nodes.synced])
    for (let pod = await queue.take(); pod && !signal.aborted; pod = await queue.take()) {
      const choice = chooseNode(pod, keeper.snapshot(), random)
      if (choice.is === 'none') {
        queue.unschedulable(pod)
        void reportNoNode(pod, choice.message)
        continue
      }
      keeper.assume(pod, choice.name)
      void bind(pod, choice.name)
    }
  })

  return {
    async stop() {
      nodeChanges.stop()
      podChanges.stop()
      queue.close()
      await task.stop()
    },
  }
}

const waitsForNode = (pod: Pod, schedulerName: string): boolean =>
  !pod.spec.nodeName && pod.spec.schedulerName === schedulerName && !pod.metadata.deletionTimestamp && !isTerminal(pod) && (pod.spec.schedulingGates ?? []).length === 0
