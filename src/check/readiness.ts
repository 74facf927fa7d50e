/** Decides from what is seen whether a workload is as it shall be, still on its way, or stuck for a reason that time does not mend. */
import type { DaemonSet } from '../api/kinds/daemon_set.ts'
import type { Deployment } from '../api/kinds/deployment.ts'
import type { Pod } from '../api/kinds/pod.ts'
import type { ReplicaSet } from '../api/kinds/replica_set.ts'
import type { StatefulSet } from '../api/kinds/stateful_set.ts'
import { isActive, isDeleting, isReady } from '../api/pod.ts'
import { obstacleOf, type Obstacle } from './obstacles.ts'
import { isPaused, replicasOf, workloadNameOf, workloadText, type WorkloadObject } from './workload.ts'

export type Readiness =
  | { readonly is: 'ready' }
  | { readonly is: 'waiting'; readonly text: string }
  /** Not a matter of time, once it has been so for its `patienceMs`. */
  | ({ readonly is: 'stuck' } & Obstacle)

/**
 * @param pods of the workload
 * @param generation the one that was written last: a status of an older one says nothing
 */
export function judgeReadiness(workload: WorkloadObject | undefined, pods: readonly Pod[], generation = 0): Readiness {
  if (!workload) return { is: 'waiting', text: 'waiting for the workload to appear' }
  const active = pods.filter(isActive)
  const leaving = pods.filter(isDeleting)
  const text = workloadText(workloadNameOf(workload))
  const wanted = wantedOf(workload)
  const ready = active.filter(isReady).length
  const isSettled = statusAgrees(workload, generation) && wanted !== undefined && active.length === wanted && ready === wanted
  if (isSettled && leaving.length === 0) return { is: 'ready' }
  const obstacle = active.map(obstacleOf).find(one => one !== undefined) ?? refusalOf(workload) ?? pauseOf(workload, pods)
  if (obstacle) return { is: 'stuck', ...obstacle }
  const rest = leaving.length > 0 ? `, ${leaving.length} terminating` : ''
  return { is: 'waiting', text: `${text}: ${ready} of ${wanted ?? '?'} Pods are Ready${rest}` }
}

/** How many Pods there shall be; of a DaemonSet nobody knows before its controller has looked. */
function wantedOf(workload: WorkloadObject): number | undefined {
  return workload.kind === 'DaemonSet' ? (workload as DaemonSet).status?.desiredNumberScheduled : replicasOf(workload)
}

/** What the controller says of its own work, as `kubectl rollout status` reads it. */
function statusAgrees(workload: WorkloadObject, generation: number): boolean {
  if (workload.kind === 'Pod') return isReady(workload as Pod)
  if ((workload.metadata.generation ?? 0) < generation) return false
  const { observedGeneration = 0 } = (workload as Deployment).status ?? {}
  if (observedGeneration < (workload.metadata.generation ?? 0)) return false
  const wanted = wantedOf(workload)
  switch (workload.kind) {
    case 'Deployment': {
      const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = (workload as Deployment).status ?? {}
      return updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted
    }
    case 'StatefulSet': {
      const { spec, status } = workload as StatefulSet
      const { updatedReplicas = 0, availableReplicas = 0, currentRevision, updateRevision } = status ?? {}
      const partition = spec.updateStrategy.rollingUpdate?.partition ?? 0
      const isRolled =
        spec.updateStrategy.type === 'OnDelete' || currentRevision === updateRevision || (partition > 0 && updatedReplicas >= (wanted ?? 0) - partition)
      return isRolled && availableReplicas === wanted
    }
    case 'DaemonSet': {
      const { spec, status } = workload as DaemonSet
      if (!status) return false
      const { updatedNumberScheduled = 0, numberAvailable = 0, desiredNumberScheduled } = status
      return (spec.updateStrategy.type === 'OnDelete' || updatedNumberScheduled === desiredNumberScheduled) && numberAvailable === desiredNumberScheduled
    }
    default:
      return (workload as ReplicaSet).status?.availableReplicas === wanted
  }
}

/** The API refused its Pods: a quota, an admission rule. */
function refusalOf({ status }: WorkloadObject): Obstacle | undefined {
  const conditions: readonly { type: string; status: string; message?: string }[] = status?.conditions ?? []
  const failed = conditions.find(condition => condition.type === 'ReplicaFailure' && condition.status === 'True')
  return (
    failed && {
      text: `the API refuses its Pods: ${failed.message}`,
      next: 'Mend the manifest, or the quota of the namespace.',
      patienceMs: REFUSED_PATIENCE_MS,
    }
  )
}

/** A paused Deployment makes no Pods of a template that is new to it. Those that it has become Ready, and are scaled. */
function pauseOf(workload: WorkloadObject, pods: readonly Pod[]): Obstacle | undefined {
  if (!isPaused(workload) || pods.some(pod => isDeleting(pod) || !isReady(pod))) return undefined
  return {
    text: `${workloadText(workloadNameOf(workload))} is paused, and its template is not rolled out`,
    next: `Take \`paused: true\` out of the manifest, or resume it: kubectl rollout resume deployment/${workload.metadata.name}`,
    patienceMs: PAUSED_PATIENCE_MS,
  }
}

/** Its controller may be about to scale it. */
const PAUSED_PATIENCE_MS = 5_000

/** What they need may be on its way: a ServiceAccount, a quota that is just being counted. */
const REFUSED_PATIENCE_MS = 5_000
