/**
 * Whether a Node still lives. Its kubelet says so by renewing a Lease, or by a newer heartbeat in its status; what counts
 * is when this was *seen*, by our own clock, so that the clocks of nodes need not agree (behaviour 10.3, 10.4).
 */
import type { Lease } from '../../api/kinds/lease.ts'
import type { Node } from '../../api/kinds/node.ts'
import { timestamp } from '../../api/meta.ts'
import type { NodeCondition } from '../../api/types/node_status.ts'
import type { Millis } from '../../base/clock.ts'

/** So long a Node may be silent (kube-controller-manager --node-monitor-grace-period, and --node-startup-grace-period for one that never spoke). */
const GRACE_MS = 50_000
const STARTUP_GRACE_MS = 60_000

/** What is remembered of a Node from look to look. */
export interface NodeHealth {
  /** Of our clock: when the last sign of life was seen. */
  readonly seenAt: Millis
  /** The signs themselves, as they were: lastHeartbeatTime of the condition Ready, and renewTime of the Lease. */
  readonly heartbeat: string | undefined
  readonly renewed: string | undefined
}

export interface Reading {
  /** A clock's now(). */
  readonly now: Millis
  readonly wall: Millis
}

export const readyCondition = ({ status }: Node): NodeCondition | undefined => status.conditions?.find(({ type }) => type === 'Ready')

/** `True`, `False`, `Unknown`; undefined: nobody has said anything yet. */
export const readiness = (node: Node): string | undefined => readyCondition(node)?.status

/** @param before undefined: the Node is looked at for the first time */
export function noteSigns(before: NodeHealth | undefined, node: Node, lease: Lease | undefined, { now, wall }: Reading): NodeHealth {
  const ready = readyCondition(node)
  const heartbeat = ready && (ready.lastHeartbeatTime ?? '')
  // Any other time than before is a renewal: the clock of a node may also be set back.
  const renewed = lease?.spec.renewTime ?? before?.renewed
  const isRenewed = renewed !== before?.renewed
  const isSign = isRenewed || (before ? heartbeat !== before.heartbeat : ready !== undefined)
  // One that has never spoken has been silent since it was made.
  const sinceMade = now - Math.max(0, wall - (Date.parse(node.metadata.creationTimestamp ?? '') || wall))
  return { seenAt: isSign ? now : (before?.seenAt ?? sinceMade), heartbeat, renewed }
}

/** Behind these is the kubelet's word, which means nothing once the kubelet is silent. */
const KUBELET_CONDITIONS = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const

/** The conditions that have to become Unknown, or undefined: the Node is not silent for that long, or they are. */
export function silentConditions(node: Node, { seenAt }: NodeHealth, { now, wall }: Reading): NodeCondition[] | undefined {
  if (now - seenAt < (readyCondition(node) ? GRACE_MS : STARTUP_GRACE_MS)) return undefined
  const lastTransitionTime = timestamp(wall)
  const changed = KUBELET_CONDITIONS.flatMap((type): NodeCondition[] => {
    const old = node.status.conditions?.find(condition => condition.type === type)
    if (old?.status === 'Unknown') return []
    if (old) return [{ ...old, status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.', lastTransitionTime }]
    const never = { status: 'Unknown', reason: 'NodeStatusNeverUpdated', message: 'Kubelet never posted node status.' } as const
    return [{ type, ...never, lastHeartbeatTime: node.metadata.creationTimestamp, lastTransitionTime }]
  })
  return changed.length > 0 ? changed : undefined
}
