/**
 * The scheduler: gives each Pod a node.
 *
 *   Pod without a node ─▶ queue ─▶ chooseNode(demand, snapshot) ─▶ assume ─▶ bind (in the background) ─▶ Scheduled
 *                           ▲                 │ none
 *                           └── a node might take it ◀── condition PodScheduled=False, event FailedScheduling
 *
 * The loop never waits for a binding: the Pod is counted on its node at once, and uncounted if binding fails.
 */
import { Node } from '../api/kinds/node.ts'
import { Pod } from '../api/kinds/pod.ts'
import { keyOf, timestamp } from '../api/meta.ts'
import { isTerminal, podCondition } from '../api/pod.ts'
import { sleep } from '../base/clock.ts'
import type { Host } from '../base/host.ts'
import { cachesSynced, type Cache } from '../client/cache.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/event_recorder.ts'
import { chooseNode } from './choose.ts'
import { filterNode } from './filter.ts'
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

/** How long decisions may follow each other before everybody else in the process gets a turn. */
const SLICE_MS = 10

export function startScheduler(host: Host, { client, pods, nodes, events, name = 'default-scheduler' }: SchedulerParts): { stop(): Promise<void> } {
  const { clock } = host
  const queue = createSchedulingQueue(clock)
  const keeper = createSnapshotKeeper()
  const random = host.random.fork('scheduler')
  const log = host.log.child({ component: 'scheduler' })

  const roomOn = (nodeName: string | undefined) => {
    const info = nodeName === undefined ? undefined : keeper.node(nodeName)
    if (info) queue.roomMade(demand => filterNode(demand, info) === undefined)
  }
  const nodeChanges = nodes.onChange(({ key, object }) => {
    if (keeper.setNode(key.name, object)) roomOn(key.name)
  })
  const podChanges = pods.onChange(({ object, previous }) => {
    const uid = (object ?? previous)!.metadata.uid!
    const roomier = keeper.setPod(uid, object)
    if (object && waitsForNode(object, name)) queue.add(object)
    else queue.remove(uid)
    roomOn(roomier)
  })

  async function bind(pod: Pod, nodeName: string): Promise<void> {
    const key = keyOf(pod)
    const uid = pod.metadata.uid!
    try {
      await client.createSubresource(Pod, key, 'binding', {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: key.name, namespace: key.namespace, uid },
        target: { kind: 'Node', name: nodeName },
      })
    } catch (error) {
      roomOn(keeper.forget(uid))
      // Gone, or bound by somebody else: the cache says so, now or with its next change.
      const current = pods.get(key)
      if (current?.metadata.uid !== uid || !waitsForNode(current, name)) return queue.remove(uid)
      log.warn('binding failed; the Pod is tried again', { pod: key.name, error: String(error) })
      return queue.failed(uid)
    }
    events.normal(pod, 'Scheduled', `Successfully assigned ${key.namespace}/${key.name} to ${nodeName}`)
  }

  async function reportNoNode(pod: Pod, message: string): Promise<void> {
    events.warning(pod, 'FailedScheduling', message)
    const condition = podCondition(pod, 'PodScheduled')
    if (condition?.status === 'False' && condition.reason === 'Unschedulable' && condition.message === message) return
    const now = timestamp(clock.wall())
    await client
      .patch(
        Pod,
        keyOf(pod),
        {
          type: 'strategic',
          body: {
            metadata: { uid: pod.metadata.uid },
            status: {
              conditions: [
                {
                  type: 'PodScheduled',
                  status: 'False',
                  reason: 'Unschedulable',
                  message,
                  lastProbeTime: null,
                  lastTransitionTime: condition?.status === 'False' ? condition.lastTransitionTime : now,
                },
              ],
            },
          },
        },
        { subresource: 'status' },
      )
      .catch((error: unknown) => log.debug('a Pod could not be told that no node was found', { pod: pod.metadata.name, error: String(error) }))
  }

  const task = host.spawn('scheduler', async signal => {
    if (!(await cachesSynced([pods, nodes], signal))) return
    let start = 0
    let sliceEndsAt = clock.now() + SLICE_MS
    for (let demand = await queue.take(); demand && !signal.aborted; demand = await queue.take()) {
      const { pod } = demand
      const choice = chooseNode(demand, keeper.snapshot(), random, start)
      start += choice.examined
      if (choice.is === 'node') {
        keeper.assume(demand, choice.name)
        void bind(pod, choice.name)
      } else {
        queue.unschedulable(pod.metadata.uid!)
        void reportNoNode(pod, choice.message)
      }
      if (clock.now() >= sliceEndsAt) {
        await sleep(clock, 0, signal, 'scheduler slice')
        sliceEndsAt = clock.now() + SLICE_MS
      }
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
  !pod.spec.nodeName &&
  pod.spec.schedulerName === schedulerName &&
  !pod.metadata.deletionTimestamp &&
  !isTerminal(pod) &&
  (pod.spec.schedulingGates ?? []).length === 0
