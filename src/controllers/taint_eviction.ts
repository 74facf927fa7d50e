/**
 * Pods leave a Node that gets a taint NoExecute which they do not tolerate; at once, or when tolerationSeconds are over.
 *
 *   watch Pod, Node ─▶ toleratedMs ─▶ 0: evict now │ n: plan, look again then │ for ever: forget the plan
 *
 * What is planned stands: a taint more, or other seconds, do not move it, as in Kubernetes. It is given up when the
 * taints go, or when the Pod comes to tolerate them for ever. A plan is lost with the process and made anew, so that the
 * seconds then count from the start of the new one (behaviour 10.8).
 */
import { Node } from '../api/kinds/node.ts'
import { Pod } from '../api/kinds/pod.ts'
import { deepEqual } from '../api/deep.ts'
import { keyOf, keyText, timestamp } from '../api/meta.ts'
import { isDeleting, podCondition, setCondition, tolerates } from '../api/pod.ts'
import { isReason } from '../api/status.ts'
import type { Taint, Toleration } from '../api/types/scheduling.ts'
import type { Millis } from '../base/clock.ts'
import type { Host } from '../base/host.ts'
import type { Cache, CacheChange } from '../client/cache.ts'
import type { CacheIndex } from '../client/cache_index.ts'
import type { Client } from '../client/client.ts'
import { settled, startController, watches } from '../client/controller.ts'
import type { EventRecorder } from '../client/event_recorder.ts'

export interface TaintEvictionParts {
  readonly pods: Cache<Pod>
  readonly nodes: Cache<Node>
  /** By the name of their Node. */
  readonly podsOn: CacheIndex<Pod>
  readonly events: EventRecorder
}

export function startTaintEvictionController(host: Host, client: Client, { pods, nodes, podsOn, events }: TaintEvictionParts) {
  const { clock } = host
  /** By key; never more than there are Pods on tainted Nodes. */
  const planned = new Map<string, { readonly uid: string | undefined; readonly at: Millis }>()

  return startController(host, client, {
    name: 'taint-eviction-controller',
    sources: [
      watches(Pod, pods, change => (concernsPlacement(change) ? [change.key] : [])),
      watches(Node, nodes, change => (concernsTaints(change) ? podsOn.find(change.key.name).map(keyOf) : [])),
    ],
    async reconcile(key, api) {
      const pod = pods.get(key)
      const before = planned.get(keyText(key))
      if (before && before.uid !== pod?.metadata.uid) planned.delete(keyText(key))
      // What is on its way out already needs no second push.
      if (!pod || isDeleting(pod)) {
        planned.delete(keyText(key))
        return settled
      }
      const stayMs = toleratedMs(pod.spec.tolerations, noExecuteTaints(nodes.get({ namespace: '', name: pod.spec.nodeName ?? '' })))
      if (stayMs === Infinity) {
        if (planned.delete(keyText(key))) events.normal(pod, REASON, `Cancelling deletion of Pod ${keyText(key)}`)
        return settled
      }
      const at = stayMs === 0 ? clock.now() : (planned.get(keyText(key))?.at ?? clock.now() + stayMs)
      if (at > clock.now()) {
        planned.set(keyText(key), { uid: pod.metadata.uid, at })
        return { again: at - clock.now() }
      }
      await evict(api, pod)
      planned.delete(keyText(key))
      return settled
    },
  })

  async function evict(api: Client, pod: Pod): Promise<void> {
    const key = keyOf(pod)
    events.normal(pod, REASON, `Marking for deletion Pod ${keyText(key)}`)
    const conditions = setCondition(pod.status.conditions, DISRUPTION, timestamp(clock.wall()))
    const condition = podCondition({ status: { ...pod.status, conditions } }, DISRUPTION.type)
    try {
      await api.patch(
        Pod,
        key,
        { type: 'strategic', body: { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } } },
        { subresource: 'status' },
      )
      await api.delete(Pod, key, { uid: pod.metadata.uid })
    } catch (error) {
      // Somebody else was faster, or another Pod of this name has come.
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
    }
  }
}

const REASON = 'TaintManagerEviction'
const DISRUPTION = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'DeletionByTaintManager',
  message: 'Taint manager: deleting due to NoExecute taint',
} as const

/**
 * How long a Pod may stay: the fewest seconds of the tolerations that answer the taints, the first one for each taint.
 * Infinity without taints, or when every one is tolerated without an end; 0 when one is not tolerated.
 */
export function toleratedMs(tolerations: readonly Toleration[] = [], taints: readonly Taint[]): Millis {
  const answers = taints.map(taint => tolerations.find(toleration => tolerates(toleration, taint)))
  return Math.min(...answers.map(answer => (answer ? Math.max(0, (answer.tolerationSeconds ?? Infinity) * 1000) : 0)))
}

const noExecuteTaints = (node: Node | undefined): Taint[] => (node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute')

/** Heartbeats change Nodes all the time. */
const concernsTaints = ({ object, previous }: CacheChange<Node>): boolean => !deepEqual(noExecuteTaints(object), noExecuteTaints(previous))

const concernsPlacement = ({ object, previous }: CacheChange<Pod>): boolean =>
  object?.metadata.uid !== previous?.metadata.uid ||
  object?.spec.nodeName !== previous?.spec.nodeName ||
  !deepEqual(object?.spec.tolerations, previous?.spec.tolerations)
