/** The taints by which the Pods of a lost Node are evicted: the same keys as those that keep new Pods away, with NoExecute. */
import { Node } from '../../api/kinds/node.ts'
import { timestamp } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import type { Taint } from '../../api/types/scheduling.ts'
import type { Clock } from '../../base/clock.ts'
import type { Client } from '../../client/client.ts'
import { readiness } from './node_health.ts'

const NOT_READY = 'node.kubernetes.io/not-ready'
const UNREACHABLE = 'node.kubernetes.io/unreachable'

const isOurs = ({ key, effect }: Taint): boolean => effect === 'NoExecute' && (key === NOT_READY || key === UNREACHABLE)

/** Which one the Node should have, by its condition Ready; undefined: none. */
export function evictionTaintOf(node: Node): string | undefined {
  const ready = readiness(node)
  if (ready === 'False') return NOT_READY
  return ready === 'Unknown' ? UNREACHABLE : undefined
}

export const evictionTaintsOn = (node: Node): string[] => (node.spec.taints ?? []).filter(isOurs).map(({ key }) => key)

/**
 * The taints of a Node with this one of ours, and without the other; undefined when they are so already. Those of others stay.
 * @param at RFC 3339
 */
export function planEvictionTaints(taints: readonly Taint[] = [], wanted: string | undefined, at: string): Taint[] | undefined {
  const kept = taints.filter(taint => !isOurs(taint) || taint.key === wanted)
  if (wanted && !kept.some(isOurs)) return [...kept, { key: wanted, effect: 'NoExecute', timeAdded: at }]
  return kept.length === taints.length ? undefined : kept
}

const CONFLICTS_MAX = 5

/**
 * Gives the Node the taint its condition asks for now, or none. The API itself is asked how it is: others write to it, too.
 * Throws ApiError when that does not succeed.
 * @param mayHave false: whatever the condition says, it gets none
 */
export async function setEvictionTaint(client: Client, clock: Clock, name: string, mayHave = true): Promise<void> {
  const key = { namespace: '', name }
  for (let conflicts = 0; ; conflicts++) {
    try {
      const node = await client.get(Node, key)
      const taints = planEvictionTaints(node.spec.taints, mayHave ? evictionTaintOf(node) : undefined, timestamp(clock.wall()))
      if (taints) await client.patch(Node, key, { type: 'merge', body: { metadata: { resourceVersion: node.metadata.resourceVersion }, spec: { taints } } })
      return
    } catch (error) {
      if (isReason(error, 'NotFound')) return
      if (!isReason(error, 'Conflict') || conflicts >= CONFLICTS_MAX) throw error
    }
  }
}
