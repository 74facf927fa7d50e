/**
 * A Deployment whose replicas were changed, or that is paused: the Pods it has are made more or fewer, and no revision
 * takes the place of another (behaviour 8.1.9 and 8.1.10). Decides and touches nothing.
 *
 *   one ReplicaSet with Pods, or none ─▶ it gets all
 *   the newest has come all the way   ─▶ the older ones get none
 *   in the middle of a rolling update ─▶ each gets its share of what is added or taken
 */
import type { ReplicaSet } from '../../api/kinds/replica_set.ts'
import { DESIRED_REPLICAS, MAX_REPLICAS, notedNumber } from './annotations.ts'
import { boundsOf } from './bounds.ts'
import { byCreation, type Rollout } from './revisions.ts'
import { isActive, wantedIn, type Resize } from './sizes.ts'

/** Somebody has changed spec.replicas since a ReplicaSet with Pods was sized last. */
export const isBeingScaled = ({ deployment, newest, older }: Rollout): boolean =>
  withNewest(newest, older)
    .filter(isActive)
    .some(replicaSet => (notedNumber(replicaSet, DESIRED_REPLICAS) ?? deployment.spec.replicas) !== deployment.spec.replicas)

/** Every ReplicaSet whose size, or notes on it, are to be written; the size may be what it is. */
export function planScaling(rollout: Rollout): readonly Resize[] {
  const { deployment, newest, older } = rollout
  const { replicas } = deployment.spec
  const active = withNewest(newest, older).filter(isActive)
  if (active.length <= 1) {
    const only = active[0] ?? newest ?? older.at(-1)
    return only ? [{ replicaSet: only, replicas }] : []
  }
  if (newest && isComplete(newest, replicas)) return older.filter(isActive).map(replicaSet => ({ replicaSet, replicas: 0 }))
  return deployment.spec.strategy.type === 'RollingUpdate' ? planShares(rollout, active) : []
}

/** All of its Pods are there, and they are as many as were wanted all along. */
const isComplete = (newest: ReplicaSet, replicas: number): boolean =>
  newest.spec.replicas === replicas && notedNumber(newest, DESIRED_REPLICAS) === replicas && newest.status?.availableReplicas === replicas

/**
 * The largest first; it also gets what rounding leaves. Of equal ones the newer grows first and the older shrinks first.
 * What the largest cannot give, because it has no more, the next ones do. Kubernetes leaves it at that, and there are more
 * Pods than replicas and surge.
 */
function planShares({ deployment }: Rollout, active: readonly ReplicaSet[]): readonly Resize[] {
  const { replicas } = deployment.spec
  const sizeMax = replicas > 0 ? replicas + boundsOf(deployment.spec).maxSurge : 0
  const change = sizeMax - wantedIn(active)
  const direction = change > 0 ? -1 : 1
  const inOrder = [...active].sort((a, b) => b.spec.replicas - a.spec.replicas || direction * byCreation(a, b))
  let left = change
  const shares = inOrder.map(replicaSet => {
    const wish = change === 0 ? 0 : shareOf(replicaSet, rolloutSizeOf(deployment.status?.replicas ?? 0, replicaSet), { replicas, sizeMax })
    const share = change > 0 ? Math.min(wish, left) : Math.max(wish, left)
    left -= share
    return { replicaSet, replicas: replicaSet.spec.replicas + share }
  })
  return shares.map(share => {
    const size = Math.max(0, share.replicas + left)
    left -= size - share.replicas
    return { ...share, replicas: size }
  })
}

/** How large all ReplicaSets together could be when this one was sized; what there is now, where that was not noted. */
const rolloutSizeOf = (now: number, replicaSet: ReplicaSet): number => notedNumber(replicaSet, MAX_REPLICAS) || now

/** What it gains or loses so that it stays the same part of the whole. */
function shareOf({ spec }: ReplicaSet, sizeBefore: number, { replicas, sizeMax }: { replicas: number; sizeMax: number }): number {
  if (replicas === 0) return -spec.replicas
  return sizeBefore === 0 ? 0 : Math.round((spec.replicas * sizeMax) / sizeBefore) - spec.replicas
}

const withNewest = (newest: ReplicaSet | undefined, older: readonly ReplicaSet[]): readonly ReplicaSet[] => (newest ? [...older, newest] : older)
