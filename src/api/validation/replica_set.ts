/** ReplicaSets and their older brother, the ReplicationController. */
import { requiredValue, type FieldError } from '../field_error.ts'
import type { ReplicaSet } from '../kinds/replica_set.ts'
import type { ReplicationController } from '../kinds/replication_controller.ts'
import { nonNegative } from './rules.ts'
import { selectorUnchanged, validateLivingTemplate, validateReplicaCounts, validateWorkloadSelector } from './workload.ts'

export function validateReplicaSet({ spec }: ReplicaSet): FieldError[] {
  return [
    ...nonNegative(spec.replicas, 'spec.replicas'),
    ...nonNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...validateWorkloadSelector(spec.selector, spec.template, 'replicaset'),
    ...validateLivingTemplate(spec.template, 'ReplicaSet'),
  ]
}

export function validateReplicaSetUpdate({ spec, status }: ReplicaSet, old: ReplicaSet, subresource: string): FieldError[] {
  return subresource === 'status' ? validateReplicaCounts(status ?? {}) : selectorUnchanged(spec.selector, old.spec.selector)
}

export function validateReplicationController({ spec }: ReplicationController): FieldError[] {
  const { selector = {}, template } = spec
  const isEmpty = Object.keys(selector).length === 0
  return [
    ...nonNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...(isEmpty ? [requiredValue('spec.selector')] : []),
    ...nonNegative(spec.replicas, 'spec.replicas'),
    ...(template
      ? [
          ...(isEmpty ? [] : validateWorkloadSelector({ matchLabels: selector }, template, 'deployment')),
          ...validateLivingTemplate(template, 'ReplicationController'),
        ]
      : [requiredValue('spec.template')]),
  ]
}

export function validateReplicationControllerUpdate({ status }: ReplicationController, _old: ReplicationController, subresource: string): FieldError[] {
  return subresource === 'status' ? validateReplicaCounts(status ?? {}) : []
}
