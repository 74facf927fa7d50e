/** Counting the Pods of ReplicaSets, as they shall be and as they are. */
import type { ReplicaSet } from '../../api/kinds/replica_set.ts'

/** A ReplicaSet, and how many Pods it shall have from now on. */
export interface Resize {
  readonly replicaSet: ReplicaSet
  readonly replicas: number
}

export const isActive = ({ spec }: ReplicaSet): boolean => spec.replicas > 0

export const wantedIn = (replicaSets: readonly ReplicaSet[]): number => sum(replicaSets, ({ spec }) => spec.replicas)

/**
 * How many Pods there may be at most. One that was made smaller has its Pods until it has taken them away; while it has
 * not even acted on its newest size, nobody can tell how many there are, and the answer is infinity.
 */
export const occupiedBy = (replicaSets: readonly ReplicaSet[]): number =>
  sum(replicaSets, ({ metadata, spec, status }) => {
    const wasResized = (metadata.generation ?? 1) > 1
    return wasResized && status?.observedGeneration !== metadata.generation ? Infinity : Math.max(spec.replicas, status?.replicas ?? 0)
  })

/**
 * Those that can be counted on. A ReplicaSet that was made smaller and has not acted yet still tells of all it had: of
 * them only so many will stay as it shall have.
 */
export const availableIn = (replicaSets: readonly ReplicaSet[]): number =>
  sum(replicaSets, ({ spec, status }) => Math.min(status?.availableReplicas ?? 0, spec.replicas))

export const sum = <T>(items: readonly T[], count: (item: T) => number): number => items.reduce((total, item) => total + count(item), 0)
