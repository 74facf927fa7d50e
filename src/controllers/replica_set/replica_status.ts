/** What a ReplicaSet says about its Pods. Decides and touches nothing. */
import type { Pod } from '../../api/kinds/pod.ts'
import { isAvailable, isReady } from '../../api/pod.ts'
import type { WorkloadCondition } from '../../api/types/workload.ts'
import type { Millis } from '../../base/clock.ts'

export interface ReplicaStatus {
  readonly replicas: number
  readonly fullyLabeledReplicas?: number
  readonly readyReplicas?: number
  readonly availableReplicas?: number
  readonly observedGeneration?: number
  readonly conditions?: readonly WorkloadCondition[]
}

export interface Observed {
  readonly generation: number | undefined
  /** Active ones. */
  readonly pods: readonly Pod[]
  readonly templateLabels: { readonly [key: string]: string } | undefined
  readonly minReadySeconds: number
  readonly conditions: readonly WorkloadCondition[]
}

/** Numbers that are 0 are left out, as in Kubernetes. */
export function replicaStatusOf({ generation, pods, templateLabels, minReadySeconds, conditions }: Observed, wallMs: Millis): ReplicaStatus {
  const labels = Object.entries(templateLabels ?? {})
  const counts = {
    fullyLabeledReplicas: pods.filter(({ metadata }) => labels.every(([key, value]) => metadata.labels?.[key] === value)).length,
    readyReplicas: pods.filter(isReady).length,
    availableReplicas: pods.filter(pod => isAvailable(pod, minReadySeconds, wallMs)).length,
  }
  return {
    replicas: pods.length,
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    ...(generation !== undefined && { observedGeneration: generation }),
    ...(conditions.length > 0 && { conditions }),
  }
}

/** ReplicaFailure stands while Pods cannot be made or deleted, and goes with the first pass that can. */
export function withFailure(
  conditions: readonly WorkloadCondition[],
  failure: { readonly reason: 'FailedCreate' | 'FailedDelete'; readonly message: string } | undefined,
  at: string,
): readonly WorkloadCondition[] {
  const old = conditions.find(({ type }) => type === 'ReplicaFailure')
  const others = conditions.filter(condition => condition !== old)
  if (!failure) return others
  // The first reason stays until it is over, as in Kubernetes.
  return [...others, old ?? { type: 'ReplicaFailure', status: 'True', lastTransitionTime: at, ...failure }]
}
