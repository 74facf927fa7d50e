/** Old ReplicaSets that nobody needs to go back to any more (behaviour 8.1.16). Decides and touches nothing. */
import type { ReplicaSet } from '../../api/kinds/replica_set.ts'
import { revisionOf } from './annotations.ts'
import { byCreation, type Rollout } from './revisions.ts'

/** The largest limit means: keep all. */
const NO_LIMIT = 2 ** 31 - 1

/** The lowest revisions go first. One that still has Pods, or has not understood yet that it shall have none, is left for later. */
export function planHistory({ deployment, older }: Rollout): readonly ReplicaSet[] {
  const limit = deployment.spec.revisionHistoryLimit
  if (limit === NO_LIMIT) return []
  const kept = older.filter(({ metadata }) => !metadata.deletionTimestamp)
  const excess = Math.max(0, kept.length - limit)
  return kept.sort(byRevision).slice(0, excess).filter(isEmpty)
}

const isEmpty = ({ metadata, spec, status }: ReplicaSet): boolean =>
  spec.replicas === 0 && (status?.replicas ?? 0) === 0 && (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0)

function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  const [first, second] = [revisionOf(a), revisionOf(b)]
  if (first === second) return byCreation(a, b)
  return first < second ? -1 : 1
}
