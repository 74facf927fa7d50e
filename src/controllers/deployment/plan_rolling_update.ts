/**
 * The next step of a rolling update (behaviour 8.1.6). Decides and touches nothing.
 *
 *   room below replicas + surge? ─▶ more of the newest, and that is all for now
 *                   └ no ─▶ more available than must be? ─▶ fewer of the older ones: first what is unavailable anyway
 *
 * So at each step there are at most replicas + surge Pods, and what is taken away leaves replicas - maxUnavailable
 * available, as far as the ReplicaSets' own counts are true.
 */
import type { ReplicaSet } from '../../api/kinds/replica_set.ts'
import { boundsOf } from './bounds.ts'
import type { Rollout } from './revisions.ts'
import { availableIn, occupiedBy, wantedIn, type Resize } from './sizes.ts'

export function planRollingUpdate(rollout: Rollout & { newest: ReplicaSet }): readonly Resize[] {
  const { newest } = rollout
  const replicas = sizeOfNewest(rollout)
  if (replicas !== newest.spec.replicas) return [{ replicaSet: newest, replicas }]
  return planShrinking(rollout)
}

/**
 * As many as there is room for: beside the Pods there are, not beside those there shall be. Kubernetes counts what shall
 * be, and for a moment there can be more Pods than replicas and surge; a quota of just that many then stops the rollout.
 * One that has more than are wanted loses them at once.
 */
export function sizeOfNewest({ deployment, newest, older }: Rollout & { newest: ReplicaSet }): number {
  const { spec } = deployment
  const size = newest.spec.replicas
  if (size >= spec.replicas) return spec.replicas
  const room = spec.replicas + boundsOf(spec).maxSurge - occupiedBy([...older, newest])
  return Math.min(size + Math.max(0, room), spec.replicas)
}

function planShrinking({ deployment, newest, older }: Rollout & { newest: ReplicaSet }): readonly Resize[] {
  const availableMin = deployment.spec.replicas - boundsOf(deployment.spec).maxUnavailable
  const notYetAvailable = newest.spec.replicas - availableIn([newest])
  const mayGo = wantedIn([...older, newest]) - availableMin - notYetAvailable
  if (mayGo <= 0) return []
  // Pods that are unavailable anyway are no loss, however few others there are; and they could keep a rollout waiting for ever.
  const healthier = shrink(sizesOf(older), mayGo, ({ replicaSet, replicas }) => replicas - availableIn([replicaSet]))
  const smaller = shrink(healthier, availableIn([...older, newest]) - availableMin, ({ replicas }) => replicas)
  return smaller.filter(({ replicaSet, replicas }) => replicas !== replicaSet.spec.replicas)
}

const sizesOf = (replicaSets: readonly ReplicaSet[]): Resize[] => replicaSets.map(replicaSet => ({ replicaSet, replicas: replicaSet.spec.replicas }))

/** Takes up to `count` in all: of each what it can spare, the oldest first. */
function shrink(sizes: readonly Resize[], count: number, spare: (size: Resize) => number): readonly Resize[] {
  let left = Math.max(0, count)
  return sizes.map(size => {
    const taken = Math.min(left, spare(size))
    left -= taken
    return { ...size, replicas: size.replicas - taken }
  })
}
