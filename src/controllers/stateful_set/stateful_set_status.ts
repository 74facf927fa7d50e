import type { Pod } from '../../api/kinds/pod.ts'
import type { StatefulSet } from '../../api/kinds/stateful_set.ts'
import { isAvailable, isDeleting, isReady } from '../../api/pod.ts'
import type { StatefulSetStatus } from '../../api/types/stateful_set.ts'
import type { Millis } from '../../base/clock.ts'
import { revisionOf } from './identity.ts'

export interface ObservedRevisions {
  readonly currentRevision: string
  readonly updateRevision: string
  readonly collisionCount: number
}

/**
 * What the set says about its Pods. When the last one is of the new revision and ready, that becomes the current one.
 * @param pods those of the set, of every ordinal
 */
export function statefulSetStatusOf(set: StatefulSet, pods: readonly Pod[], revisions: ObservedRevisions, wallMs: Millis): StatefulSetStatus {
  const { updateRevision, collisionCount } = revisions
  const ready = pods.filter(pod => pod.status.phase === 'Running' && isReady(pod))
  const of = (revision: string) => pods.filter(pod => !isDeleting(pod) && revisionOf(pod) === revision).length
  const { replicas, updateStrategy, minReadySeconds = 0 } = set.spec
  const updatedReplicas = of(updateRevision)
  const isComplete = updateStrategy.type === 'RollingUpdate' && [updatedReplicas, ready.length, pods.length].every(count => count === replicas)
  const currentRevision = isComplete ? updateRevision : revisions.currentRevision
  const counts = { readyReplicas: ready.length, currentReplicas: of(currentRevision), updatedReplicas }
  return {
    ...(set.status.conditions && { conditions: set.status.conditions }),
    observedGeneration: set.metadata.generation!,
    replicas: pods.length,
    availableReplicas: ready.filter(pod => isAvailable(pod, minReadySeconds, wallMs)).length,
    // Numbers that are 0 are left out, as in Kubernetes.
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    currentRevision,
    updateRevision,
    collisionCount,
  }
}
