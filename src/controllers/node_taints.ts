/**
 * Keeps the taints that stand for a node's conditions: Pods that cannot live with them are not sent there. With the same
 * write it keeps the annotation of node_ttl.ts, because every new Node needs both.
 *
 *   watch Node ─▶ planConditionTaints, ttl ─▶ changed? patch spec.taints, annotation
 *
 * The API server gives a new Node the taint not-ready; it goes when the kubelet has reported Ready. Eviction of Pods
 * that run there already (the same keys with NoExecute) is the affair of node_lifecycle.
 */
import { Node } from '../api/kinds/node.ts'
import { timestamp } from '../api/meta.ts'
import { isReason } from '../api/status.ts'
import type { Taint } from '../api/types/scheduling.ts'
import type { Host } from '../base/host.ts'
import type { Cache } from '../client/cache.ts'
import type { Client } from '../client/client.ts'
import { settled, startController, watches } from '../client/controller.ts'
import { createNodeTtl } from './node_ttl.ts'

export function startNodeTaintController(host: Host, client: Client, { nodes }: { nodes: Cache<Node> }) {
  const ttl = createNodeTtl(nodes)
  const controller = startController(host, client, {
    name: 'node-taints',
    sources: [watches(Node, nodes)],
    async reconcile(key, api) {
      const node = nodes.get(key)
      if (!node) return settled
      const taints = planConditionTaints(node, timestamp(host.clock.wall()))
      const annotations = ttl.wanted(node)
      if (!taints && !annotations) return settled
      try {
        const metadata = { resourceVersion: node.metadata.resourceVersion, ...(annotations && { annotations }) }
        await api.patch(Node, key, { type: 'merge', body: { metadata, ...(taints && { spec: { taints } }) } })
      } catch (error) {
        // Somebody else was faster; what he has written is on its way here, and then it is looked at again.
        if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound')) throw error
      }
      return settled
    },
  })
  return {
    async stop() {
      ttl.stop()
      await controller.stop()
    },
  }
}

/** Which taint each condition stands for, and in which states (node-lifecycle-controller's table). */
const TAINTS: readonly { key: string; condition: string; holds: (status: string | undefined) => boolean }[] = [
  { key: 'node.kubernetes.io/not-ready', condition: 'Ready', holds: status => status === 'False' || status === undefined },
  { key: 'node.kubernetes.io/unreachable', condition: 'Ready', holds: status => status === 'Unknown' },
  { key: 'node.kubernetes.io/memory-pressure', condition: 'MemoryPressure', holds: status => status === 'True' },
  { key: 'node.kubernetes.io/disk-pressure', condition: 'DiskPressure', holds: status => status === 'True' },
  { key: 'node.kubernetes.io/pid-pressure', condition: 'PIDPressure', holds: status => status === 'True' },
  { key: 'node.kubernetes.io/network-unavailable', condition: 'NetworkUnavailable', holds: status => status === 'True' },
]
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable'

/**
 * The taints the node should have, or undefined when it has them. Taints of others are left as they are.
 * @param at RFC 3339: when a new one is added
 */
export function planConditionTaints(node: Node, at: string): Taint[] | undefined {
  const current = node.spec?.taints ?? []
  const statusOf = (type: string) => node.status?.conditions?.find(condition => condition.type === type)?.status
  const wanted = TAINTS.filter(({ condition, holds }) => holds(statusOf(condition))).map(({ key }) => key)
  if (node.spec?.unschedulable) wanted.push(UNSCHEDULABLE)
  const ours = (taint: Taint) => taint.effect === 'NoSchedule' && (taint.key === UNSCHEDULABLE || TAINTS.some(({ key }) => key === taint.key))
  const missing = wanted.filter(key => !current.some(taint => ours(taint) && taint.key === key))
  const kept = current.filter(taint => !ours(taint) || wanted.includes(taint.key))
  if (missing.length === 0 && kept.length === current.length) return undefined
  return [...kept, ...missing.map((key): Taint => ({ key, effect: 'NoSchedule', timeAdded: at }))]
}
