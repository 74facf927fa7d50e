import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { statefulSetSpec, statefulSetStatus } from '../types/stateful_set.ts'
import { dnsLabel } from '../validation/names.ts'
import { statefulSetWarnings, validateStatefulSet, validateStatefulSetUpdate } from '../validation/stateful_set.ts'
import { ageColumn, nameColumn, textColumn } from './columns.ts'
import { declareKind, keepOtherPart, statusSubresource } from './declare.ts'
import { setPodSpecDefaults } from './pod_defaults.ts'
import { scaledByReplicas, scaleSubresource } from './scale.ts'
import { containersColumn, imagesColumn } from './workload_columns.ts'

const schema = object(
  'io.k8s.api.apps.v1.StatefulSet',
  {
    ...objectFields,
    spec: present(statefulSetSpec, { doc: 'Which Pods there shall be.' }),
    status: present(statefulSetStatus, { doc: 'Which there are.' }),
  },
  { doc: 'Pods that each have a name and storage of their own, and find both again when they are replaced: databases, members of a cluster.' },
)

export interface StatefulSet extends Infer<typeof schema> {}

export const StatefulSet: Kind<StatefulSet> = declareKind<StatefulSet>({
  group: 'apps',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  namespaced: true,
  schema,
  generation: true,
  // It becomes the beginning of host names.
  validateName: dnsLabel,
  subresources: [scaleSubresource, statusSubresource],
  scale: scaledByReplicas(({ spec }) => spec.selector),
  setDefaults: setStatefulSetDefaults,
  prepareForCreate: draft => void (draft.status = { replicas: 0, availableReplicas: 0 }),
  prepareForUpdate: keepOtherPart,
  validate: validateStatefulSet,
  validateUpdate: validateStatefulSetUpdate,
  warnings: statefulSetWarnings,
  columns: [
    nameColumn,
    textColumn('Ready', 'How many of its Pods are ready, of those there shall be.', ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas}`),
    ageColumn,
    containersColumn,
    imagesColumn,
  ],
})

function setStatefulSetDefaults({ spec }: StatefulSet): void {
  setPodSpecDefaults(spec.template.spec)
  // Without its only default there would be nothing to say in it.
  if (spec.updateStrategy.type === 'RollingUpdate') spec.updateStrategy.rollingUpdate ??= { partition: 0 }
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion ||= 'v1'
    claim.kind ||= 'PersistentVolumeClaim'
  }
}
