/**
 * Pods of a Node that is lost count as not ready: Services send them nothing any more. Only the condition says so; what is
 * known of their containers is left as it was, because nobody knows better (behaviour 10.5, 15.1).
 *
 *   watch Node: Ready ─▶ Unknown │ Pod: bound to such a Node ──▶ its Pods ─▶ Ready? ─▶ patch the condition, Event NodeNotReady
 *
 * When the kubelet is back it writes what is true.
 */
import { Node } from '../../api/kinds/node.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { keyOf, timestamp } from '../../api/meta.ts'
import { isReady } from '../../api/pod.ts'
import { isReason } from '../../api/status.ts'
import type { Host } from '../../base/host.ts'
import type { Cache, CacheChange } from '../../client/cache.ts'
import type { CacheIndex } from '../../client/cache_index.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches } from '../../client/controller.ts'
import type { EventRecorder } from '../../client/event_recorder.ts'
import { readiness } from './node_health.ts'

export interface LostPodsParts {
  readonly nodes: Cache<Node>
  readonly pods: Cache<Pod>
  /** By the name of their Node. */
  readonly podsOn: CacheIndex<Pod>
  readonly events: EventRecorder
}

export function startLostPodsController(host: Host, client: Client, { nodes, pods, podsOn, events }: LostPodsParts) {
  const nodeOf = (pod: Pod | undefined) => nodes.get({ namespace: '', name: pod?.spec.nodeName ?? '' })
  const isOnLostNode = (pod: Pod | undefined) => {
    const node = nodeOf(pod)
    return node !== undefined && isLost(node)
  }
  return startController(host, client, {
    name: 'pods-of-lost-nodes',
    sources: [
      watches(Pod, pods, ({ key, object, previous }) => (object?.spec.nodeName !== previous?.spec.nodeName && isOnLostNode(object) ? [key] : [])),
      watches(Node, nodes, change => (hasBeenLost(change) ? podsOn.find(change.key.name).map(keyOf) : [])),
    ],
    async reconcile(key, api) {
      const pod = pods.get(key)
      if (!pod || !isOnLostNode(pod) || !isReady(pod)) return settled
      const ready = { type: 'Ready', status: 'False', lastTransitionTime: timestamp(host.clock.wall()) }
      try {
        const body = { metadata: { uid: pod.metadata.uid }, status: { conditions: [ready] } }
        events.warning(await api.patch(Pod, key, { type: 'strategic', body }, { subresource: 'status' }), 'NodeNotReady', 'Node is not ready')
      } catch (error) {
        // It has gone, or another Pod of this name has come.
        if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
      }
      return settled
    },
  })
}

/** A kubelet that says False can still tell which of its Pods are ready. */
const isLost = (node: Node): boolean => readiness(node) === 'Unknown'

const hasBeenLost = ({ object, previous }: CacheChange<Node>): boolean =>
  object !== undefined && isLost(object) && (!previous || readiness(previous) === 'True')
