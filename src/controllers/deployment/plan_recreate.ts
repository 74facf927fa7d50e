/**
 * The next step of Recreate (behaviour 8.1.8): old and new Pods never run at the same time. Decides and touches nothing.
 *
 *   older ReplicaSets to 0 ─▶ wait until the last of their Pods has gone or ended ─▶ the newest
 */
import type { Pod } from '../../api/kinds/pod.ts'
import type { ReplicaSet } from '../../api/kinds/replica_set.ts'
import { isTerminal } from '../../api/pod.ts'
import type { Rollout } from './revisions.ts'
import { isActive, type Resize } from './sizes.ts'

export type RecreateStep = { readonly is: 'stop'; readonly resizes: readonly Resize[] } | { readonly is: 'wait' } | { readonly is: 'start' }

/** @param podsOf the Pods of a ReplicaSet, those that are being deleted among them */
export function planRecreate({ older }: Rollout, podsOf: (replicaSet: ReplicaSet) => readonly Pod[]): RecreateStep {
  const active = older.filter(isActive)
  if (active.length > 0) return { is: 'stop', resizes: active.map(replicaSet => ({ replicaSet, replicas: 0 })) }
  return older.every(replicaSet => hasStopped(replicaSet, podsOf(replicaSet))) ? { is: 'start' } : { is: 'wait' }
}

/** It knows that it shall have none, has none, and those it had before have gone or ended. */
const hasStopped = ({ metadata, status }: ReplicaSet, pods: readonly Pod[]): boolean =>
  (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) && (status?.replicas ?? 0) === 0 && pods.every(isTerminal)
