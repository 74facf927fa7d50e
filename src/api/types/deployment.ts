/** Equal Pods that are replaced step by step when their template changes. */
import { boolean, described, int32, int64, intOrString, object, presentUnion, required, requiredObject, string, time, type Infer } from '../schema.ts'
import { labelSelector } from './label_selector.ts'
import { podTemplateSpec } from './pod_template_spec.ts'
import { conditionList } from './workload.ts'

export const rollingUpdateDeployment = object('io.k8s.api.apps.v1.RollingUpdateDeployment', {
  maxSurge: intOrString({ doc: 'How many Pods there may be beyond replicas meanwhile: a number, or a share of replicas, rounded up. Without it, 25%.' }),
  maxUnavailable: intOrString({ doc: 'How many of the replicas may be unavailable meanwhile: a number, or a share, rounded down. Without it, 25%.' }),
})

export const deploymentStrategy = object('io.k8s.api.apps.v1.DeploymentStrategy', {
  type: string({ default: 'RollingUpdate', doc: 'RollingUpdate replaces Pods step by step; Recreate makes new ones when the last old one is gone.' }),
  rollingUpdate: described(rollingUpdateDeployment, 'How far the number of Pods may stray meanwhile.'),
})

export const deploymentSpec = object('io.k8s.api.apps.v1.DeploymentSpec', {
  replicas: int32({ default: 1, doc: 'How many Pods there shall be.' }),
  selector: { ...required(labelSelector), doc: 'Which Pods are its own: those with these labels. It never changes.' },
  template: requiredObject(podTemplateSpec, 'What its Pods are like. A change of it is rolled out.'),
  strategy: presentUnion(deploymentStrategy, 'How Pods of an older template are replaced.'),
  minReadySeconds: int32({ doc: 'How long a Pod must have been ready before it counts as available.' }),
  revisionHistoryLimit: int32({ default: 10, doc: 'How many old ReplicaSets are kept to go back to.' }),
  paused: boolean({ doc: 'True keeps a change of the template from being rolled out; scaling works meanwhile.' }),
  progressDeadlineSeconds: int32({ default: 600, doc: 'After how long without progress a rollout counts as stuck.' }),
})

export const deploymentCondition = object('io.k8s.api.apps.v1.DeploymentCondition', {
  type: required(string()),
  status: required(string({ values: ['True', 'False', 'Unknown'] })),
  lastUpdateTime: time({ doc: 'When it was said last; of Progressing, when there was progress last.' }),
  lastTransitionTime: time({ doc: 'When the status changed last.' }),
  reason: string({ doc: 'Why, in one word.' }),
  message: string({ doc: 'Why, for people.' }),
})

export const deploymentStatus = object('io.k8s.api.apps.v1.DeploymentStatus', {
  observedGeneration: int64({ doc: 'The generation of the spec that these numbers belong to.' }),
  replicas: int32({ doc: 'How many Pods there are, without those that are being deleted.' }),
  updatedReplicas: int32({ doc: 'How many of them are as the template says now.' }),
  readyReplicas: int32({ doc: 'How many of them are ready.' }),
  availableReplicas: int32({ doc: 'How many have been ready for minReadySeconds.' }),
  unavailableReplicas: int32({ doc: 'How many are still missing until all that are wanted are available.' }),
  terminatingReplicas: int32({ doc: 'How many Pods are being deleted.' }),
  collisionCount: int32({ doc: 'How often the name for a new ReplicaSet was taken by another one.' }),
  conditions: conditionList(deploymentCondition),
})

export interface DeploymentSpec extends Infer<typeof deploymentSpec> {}
export interface DeploymentStatus extends Infer<typeof deploymentStatus> {}
export interface DeploymentCondition extends Infer<typeof deploymentCondition> {}
