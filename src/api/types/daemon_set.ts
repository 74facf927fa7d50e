/** One Pod on every node that is meant. */
import { described, int32, int64, intOrString, object, present, required, string, type Infer } from '../schema.ts'
import { labelSelector } from './label_selector.ts'
import { podTemplateSpec } from './pod_template_spec.ts'
import { conditionList, daemonSetCondition } from './workload.ts'

export const rollingUpdateDaemonSet = object('io.k8s.api.apps.v1.RollingUpdateDaemonSet', {
  maxSurge: intOrString({ doc: 'On how many nodes, or which share of them rounded up, the new Pod may run beside the old one. Left out, on none.' }),
  maxUnavailable: intOrString({ doc: 'On how many nodes, or which share of them rounded up, no Pod may be available meanwhile. Left out, on one.' }),
})

export const daemonSetUpdateStrategy = object('io.k8s.api.apps.v1.DaemonSetUpdateStrategy', {
  rollingUpdate: described(rollingUpdateDaemonSet, 'How fast a rolling update goes.'),
  type: string({ default: 'RollingUpdate', doc: 'RollingUpdate replaces the Pods node by node; OnDelete waits until somebody deletes them.' }),
})

export const daemonSetSpec = object('io.k8s.api.apps.v1.DaemonSetSpec', {
  minReadySeconds: int32({ doc: 'How long a Pod must have been ready before it counts as available.' }),
  revisionHistoryLimit: int32({ default: 10, doc: 'How many old revisions are kept to go back to.' }),
  selector: required(labelSelector),
  template: present(podTemplateSpec, { doc: 'What its Pods are like.' }),
  updateStrategy: present(daemonSetUpdateStrategy, { doc: 'How Pods of an older template are replaced.' }),
})

export const daemonSetStatus = object('io.k8s.api.apps.v1.DaemonSetStatus', {
  collisionCount: int32({ doc: 'How often the name for a revision was taken by another one.' }),
  conditions: conditionList(daemonSetCondition),
  currentNumberScheduled: required(int32({ doc: 'Nodes that should have the Pod, and do.' })),
  desiredNumberScheduled: required(int32({ doc: 'Nodes that should have the Pod.' })),
  numberAvailable: int32({ doc: 'Nodes that should have the Pod, and it has been ready for minReadySeconds.' }),
  numberMisscheduled: required(int32({ doc: 'Nodes that have the Pod, and should not.' })),
  numberReady: required(int32({ doc: 'Nodes that should have the Pod, and it is ready.' })),
  numberUnavailable: int32({ doc: 'Nodes that should have the Pod, and none is available.' }),
  observedGeneration: int64({ doc: 'The generation of the spec that these numbers belong to.' }),
  updatedNumberScheduled: int32({ doc: 'Nodes that have the Pod of the newest template.' }),
})

export interface DaemonSetUpdateStrategy extends Infer<typeof daemonSetUpdateStrategy> {}
export interface DaemonSetStatus extends Infer<typeof daemonSetStatus> {}
