/**
 * What counts as running out on a machine that is not the cluster's own.
 *
 * Kubernetes' thresholds are shares of the disk (10 % and 15 %), made for nodes that have nothing else on it. A developer's
 * disk is 92 % full of other things most of the time: by these rules the cluster would remove images and refuse Pods for
 * ever, and nothing it could remove would help. So the disk counts as short when 1 GiB is left, which is when whatever runs
 * there begins to fail, and images are removed then and not before. Memory is as in Kubernetes.
 */
import type { NodeParts } from '../cluster/node.ts'
import type { Machine } from '../kubelet/node/machine.ts'

export type NodeGuard = Pick<NodeParts, 'eviction' | 'imageGc' | 'volumeStatsAggPeriodMs'>

const DISK_LEFT_BYTES = 2 ** 30

/** @param chosen goes before it, option by option */
export function nodeGuard(kind: 'containerd' | 'simulated', machine: Machine, { eviction, imageGc, ...chosen }: NodeGuard = {}): NodeGuard {
  const guard = guardOf(kind, machine)
  return { ...chosen, eviction: { ...guard.eviction, ...eviction }, imageGc: { ...guard.imageGc, ...imageGc } }
}

function guardOf(kind: 'containerd' | 'simulated', { ephemeralStorageBytes }: Machine): NodeGuard {
  const memory = { 'memory.available': '100Mi' }
  // Simulated containers take no disk: nothing would be won.
  if (kind === 'simulated') return { eviction: { evictionHard: memory }, imageGc: NEVER_BY_SHARE }
  // Of a disk that small 1 GiB would be more than Kubernetes asks for.
  const left = (share: number) => (ephemeralStorageBytes * share < DISK_LEFT_BYTES ? `${share * 100}%` : '1Gi')
  return {
    eviction: {
      evictionHard: {
        ...memory,
        'nodefs.available': left(0.1),
        'nodefs.inodesFree': '1%',
        'imagefs.available': left(0.15),
        'imagefs.inodesFree': '1%',
      },
    },
    imageGc: NEVER_BY_SHARE,
  }
}

const NEVER_BY_SHARE = { imageGCHighThresholdPercent: 100 }
