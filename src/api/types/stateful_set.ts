/** Pods with names, and storage, of their own. */
import { objectFields } from '../meta.ts'
import { atomicList, described, int32, int64, intOrString, object, present, required, string, type Infer } from '../schema.ts'
import { labelSelector } from './label_selector.ts'
import { persistentVolumeClaimSpec, persistentVolumeClaimStatus } from './persistent_volume_claim.ts'
import { podTemplateSpec } from './pod_template_spec.ts'
import { conditionList, statefulSetCondition } from './workload.ts'

/** A claim as every one of the Pods gets it. It is no object of the API, and has the form of one all the same. */
export const volumeClaimTemplate = object('io.k8s.api.core.v1.PersistentVolumeClaim', {
  ...objectFields,
  spec: present(persistentVolumeClaimSpec),
  status: present(persistentVolumeClaimStatus),
})

export const rollingUpdateStatefulSetStrategy = object('io.k8s.api.apps.v1.RollingUpdateStatefulSetStrategy', {
  maxUnavailable: intOrString({ doc: 'How many Pods, or which share of them rounded up, may be unavailable meanwhile.' }),
  partition: int32({ default: 0, doc: 'Pods with a lower ordinal stay as they are.' }),
})

export const statefulSetUpdateStrategy = object('io.k8s.api.apps.v1.StatefulSetUpdateStrategy', {
  rollingUpdate: described(rollingUpdateStatefulSetStrategy, 'How far and how fast a rolling update goes.'),
  type: string({
    default: 'RollingUpdate',
    doc: 'RollingUpdate replaces the Pods one by one, the last one first; OnDelete waits until somebody deletes them.',
  }),
})

export const statefulSetOrdinals = object('io.k8s.api.apps.v1.StatefulSetOrdinals', {
  start: int32({ default: 0, doc: 'The number of the first Pod.' }),
})

export const claimRetentionPolicy = object('io.k8s.api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy', {
  whenDeleted: string({ default: 'Retain', doc: 'Retain keeps the claims when the StatefulSet is deleted, Delete deletes them.' }),
  whenScaled: string({ default: 'Retain', doc: 'Retain keeps the claim of a Pod that is one too many, Delete deletes it.' }),
})

export const statefulSetSpec = object('io.k8s.api.apps.v1.StatefulSetSpec', {
  minReadySeconds: int32({ doc: 'How long a Pod must have been ready before it counts as available.' }),
  ordinals: described(statefulSetOrdinals, 'How the Pods are numbered; from 0, if nothing is said.'),
  persistentVolumeClaimRetentionPolicy: present(claimRetentionPolicy, { doc: 'Whether claims go with their Pods.' }),
  podManagementPolicy: string({
    default: 'OrderedReady',
    doc: 'OrderedReady makes Pods one by one, each when the one before it is ready, and removes them in the opposite order; Parallel waits for none.',
  }),
  replicas: int32({ default: 1, doc: 'How many Pods there shall be.' }),
  revisionHistoryLimit: int32({ default: 10, doc: 'How many old revisions are kept to go back to.' }),
  selector: required(labelSelector),
  serviceName: string({ doc: 'The headless Service through which each Pod has a name of its own.' }),
  template: present(podTemplateSpec, { doc: 'What its Pods are like.' }),
  updateStrategy: present(statefulSetUpdateStrategy, { doc: 'How Pods of an older template are replaced.' }),
  volumeClaimTemplates: atomicList(volumeClaimTemplate, { doc: 'Claims that each Pod gets for itself, and finds again after it was replaced.' }),
})

export const statefulSetStatus = object('io.k8s.api.apps.v1.StatefulSetStatus', {
  availableReplicas: int32({ doc: 'How many Pods have been ready for minReadySeconds.' }),
  collisionCount: int32({ doc: 'How often the name for a revision was taken by another one.' }),
  conditions: conditionList(statefulSetCondition),
  currentReplicas: int32({ doc: 'How many Pods are of currentRevision.' }),
  currentRevision: string({ doc: 'The revision that the Pods were made from before this update.' }),
  observedGeneration: int64({ doc: 'The generation of the spec that these numbers belong to.' }),
  readyReplicas: int32({ doc: 'How many Pods are ready.' }),
  replicas: required(int32({ doc: 'How many Pods there are.' })),
  updateRevision: string({ doc: 'The newest revision; it becomes currentRevision when all Pods are of it.' }),
  updatedReplicas: int32({ doc: 'How many Pods are of updateRevision.' }),
})

export interface StatefulSetUpdateStrategy extends Infer<typeof statefulSetUpdateStrategy> {}
export interface StatefulSetSpec extends Infer<typeof statefulSetSpec> {}
export interface StatefulSetStatus extends Infer<typeof statefulSetStatus> {}
