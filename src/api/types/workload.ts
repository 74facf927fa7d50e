/** What the parents of Pods have in common: what they count, and conditions of the kind that group apps uses. */
import { int32, int64, mapList, object, required, string, time, type Infer } from '../schema.ts'

const workloadConditionFields = {
  type: required(string()),
  status: required(string({ values: ['True', 'False', 'Unknown'] })),
  lastTransitionTime: time({ doc: 'When the status changed last.' }),
  reason: string({ doc: 'Why, in one word.' }),
  message: string({ doc: 'Why, for people.' }),
} as const

export const replicaSetCondition = object('io.k8s.api.apps.v1.ReplicaSetCondition', workloadConditionFields)
export const replicationControllerCondition = object('io.k8s.api.core.v1.ReplicationControllerCondition', workloadConditionFields)
export const daemonSetCondition = object('io.k8s.api.apps.v1.DaemonSetCondition', workloadConditionFields)
export const statefulSetCondition = object('io.k8s.api.apps.v1.StatefulSetCondition', workloadConditionFields)

export interface WorkloadCondition extends Infer<typeof replicaSetCondition> {}

/** How many Pods a ReplicaSet has, or the ReplicationController that came before it. */
export const replicaCountFields = {
  replicas: required(int32({ doc: 'How many Pods there are, without those that are being deleted.' })),
  fullyLabeledReplicas: int32({ doc: 'How many of them have all labels of the template.' }),
  readyReplicas: int32({ doc: 'How many of them are ready.' }),
  availableReplicas: int32({ doc: 'How many have been ready for minReadySeconds.' }),
  observedGeneration: int64({ doc: 'The generation of the spec that these numbers belong to.' }),
} as const

/** Conditions are merged by their type. */
export const conditionList = <const C extends ReturnType<typeof object>>(condition: C) =>
  mapList(condition, ['type'], { patchMerge: true, patchMergeKey: 'type', doc: 'What is the matter with it, if anything.' })
