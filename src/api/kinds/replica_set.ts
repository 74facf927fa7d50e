import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { described, int32, object, present, required, type Infer } from '../schema.ts'
import { labelSelector } from '../types/label_selector.ts'
import { podTemplateSpec } from '../types/pod_template_spec.ts'
import { conditionList, replicaCountFields, replicaSetCondition } from '../types/workload.ts'
import { validateReplicaSet, validateReplicaSetUpdate } from '../validation/replica_set.ts'
import { ageColumn, integerColumn, nameColumn } from './columns.ts'
import { declareKind, keepOtherPart, statusSubresource } from './declare.ts'
import { setPodSpecDefaults } from './pod_defaults.ts'
import { scaledByReplicas, scaleSubresource } from './scale.ts'
import { containersColumn, imagesColumn, selectorColumn } from './workload_columns.ts'

const replicaSetSpec = object('io.k8s.api.apps.v1.ReplicaSetSpec', {
  replicas: int32({ default: 1, doc: 'How many Pods there shall be.' }),
  minReadySeconds: int32({ doc: 'How long a Pod must have been ready before it counts as available.' }),
  selector: required(labelSelector),
  template: present(podTemplateSpec, { doc: 'What its Pods are like.' }),
})

const replicaSetStatus = object('io.k8s.api.apps.v1.ReplicaSetStatus', {
  ...replicaCountFields,
  terminatingReplicas: int32({ doc: 'How many Pods are being deleted.' }),
  conditions: conditionList(replicaSetCondition),
})

const schema = object(
  'io.k8s.api.apps.v1.ReplicaSet',
  {
    ...objectFields,
    spec: present(replicaSetSpec, { doc: 'How many Pods of which kind there shall be.' }),
    status: described(replicaSetStatus, 'How many there are.'),
  },
  { doc: 'Keeps a number of equal Pods running. Deployments make them; few people write one themselves.' },
)

export interface ReplicaSet extends Infer<typeof schema> {}

export const ReplicaSet: Kind<ReplicaSet> = declareKind<ReplicaSet>({
  group: 'apps',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  namespaced: true,
  schema,
  generation: true,
  subresources: [scaleSubresource, statusSubresource],
  scale: scaledByReplicas(({ spec }) => spec.selector),
  fieldSelectors: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  setDefaults: ({ spec }) => setPodSpecDefaults(spec.template.spec),
  prepareForCreate: draft => void (draft.status = { replicas: 0 }),
  prepareForUpdate: keepOtherPart,
  validate: validateReplicaSet,
  validateUpdate: validateReplicaSetUpdate,
  columns: [
    nameColumn,
    integerColumn('Desired', 'How many Pods there shall be.', ({ spec }) => spec.replicas),
    integerColumn('Current', 'How many Pods there are.', ({ status }) => status?.replicas ?? 0),
    integerColumn('Ready', 'How many of them are ready.', ({ status }) => status?.readyReplicas ?? 0),
    ageColumn,
    containersColumn,
    imagesColumn,
    selectorColumn,
  ],
})
