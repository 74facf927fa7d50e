import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { described, int32, map, object, present, string, type Infer } from '../schema.ts'
import { podTemplateSpec } from '../types/pod_template_spec.ts'
import { conditionList, replicaCountFields, replicationControllerCondition } from '../types/workload.ts'
import { validateReplicationController, validateReplicationControllerUpdate } from '../validation/replica_set.ts'
import { ageColumn, integerColumn, nameColumn, printLabels, wideColumn } from './columns.ts'
import { declareKind, keepOtherPart, statusSubresource } from './declare.ts'
import { setPodSpecDefaults } from './pod_defaults.ts'
import { scaledByReplicas, scaleSubresource } from './scale.ts'
import { containersColumn, imagesColumn } from './workload_columns.ts'

const replicationControllerSpec = object('io.k8s.api.core.v1.ReplicationControllerSpec', {
  replicas: int32({ default: 1, doc: 'How many Pods there shall be.' }),
  minReadySeconds: int32({ default: 0, doc: 'How long a Pod must have been ready before it counts as available.' }),
  selector: map(string(), { atomic: true, doc: 'Which Pods are its own; the labels of the template, if nothing is said.' }),
  template: described(podTemplateSpec, 'What its Pods are like.'),
})

const replicationControllerStatus = object('io.k8s.api.core.v1.ReplicationControllerStatus', {
  ...replicaCountFields,
  conditions: conditionList(replicationControllerCondition),
})

const schema = object(
  'io.k8s.api.core.v1.ReplicationController',
  {
    ...objectFields,
    spec: present(replicationControllerSpec, { doc: 'How many Pods of which kind there shall be.' }),
    status: described(replicationControllerStatus, 'How many there are.'),
  },
  { doc: 'Keeps a number of equal Pods running. It is what there was before ReplicaSets and Deployments.' },
)

export interface ReplicationController extends Infer<typeof schema> {}

export const ReplicationController: Kind<ReplicationController> = declareKind<ReplicationController>({
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  shortNames: ['rc'],
  categories: ['all'],
  namespaced: true,
  schema,
  generation: true,
  subresources: [scaleSubresource, statusSubresource],
  scale: scaledByReplicas(({ spec }) => ({ matchLabels: spec.selector })),
  fieldSelectors: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  setDefaults: setReplicationControllerDefaults,
  prepareForCreate: draft => void (draft.status = { replicas: 0 }),
  prepareForUpdate: keepOtherPart,
  validate: validateReplicationController,
  validateUpdate: validateReplicationControllerUpdate,
  columns: [
    nameColumn,
    integerColumn('Desired', 'How many Pods there shall be.', ({ spec }) => spec.replicas),
    integerColumn('Current', 'How many Pods there are.', ({ status }) => status?.replicas ?? 0),
    integerColumn('Ready', 'How many of them are ready.', ({ status }) => status?.readyReplicas ?? 0),
    ageColumn,
    containersColumn,
    imagesColumn,
    wideColumn('Selector', 'Which Pods are its own.', ({ spec }) => printLabels(spec.selector)),
  ],
})

/** Whoever names no selector, or no labels, means those of the Pods. */
function setReplicationControllerDefaults({ metadata, spec }: ReplicationController): void {
  const labels = spec.template?.metadata.labels
  if (spec.template) setPodSpecDefaults(spec.template.spec)
  if (!labels) return
  if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels }
  if (Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels }
}
