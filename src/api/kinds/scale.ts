import { objectFields, type KubernetesObject } from '../meta.ts'
import type { Kind, ScaleOf, Subresource } from '../kind.ts'
import { printLabelRequirements, requirementsOf } from '../label_selector.ts'
import { described, int32, object, present, required, string, type Infer } from '../schema.ts'
import type { LabelSelector } from '../types/label_selector.ts'
import { ageColumn, integerColumn, nameColumn } from './columns.ts'
import { declareVirtualKind } from './declare.ts'

const scaleSpec = object('io.k8s.api.autoscaling.v1.ScaleSpec', {
  replicas: int32({ default: 0, doc: 'How many instances there shall be.' }),
})

const scaleStatus = object('io.k8s.api.autoscaling.v1.ScaleStatus', {
  replicas: required(int32({ doc: 'How many instances there are.' })),
  selector: string({ doc: 'Which Pods are counted, in the form of a query.' }),
})

const schema = object(
  'io.k8s.api.autoscaling.v1.Scale',
  {
    ...objectFields,
    spec: present(scaleSpec, { doc: 'How many instances there shall be.' }),
    status: described(scaleStatus, 'How many instances there are.'),
  },
  { doc: 'The size of a workload, by itself: what is wanted and what there is.' },
)

export interface Scale extends Infer<typeof schema> {}

/** Only as the subresource `scale` of workloads. */
export const Scale: Kind<Scale> = declareVirtualKind<Scale>({
  group: 'autoscaling',
  kind: 'Scale',
  plural: 'scales',
  namespaced: true,
  schema,
  columns: [
    nameColumn,
    integerColumn('Desired', 'How many instances there shall be.', ({ spec }) => spec.replicas),
    integerColumn('Available', 'How many instances there are.', ({ status }) => status?.replicas ?? 0),
    ageColumn,
  ],
})

/** For kinds that declare how they are scaled. */
export const scaleSubresource: Subresource = { name: 'scale', verbs: ['get', 'patch', 'update'], kind: Scale }

interface Sized extends KubernetesObject {
  spec: { replicas: number }
  status?: { replicas?: number }
}

/** For workloads whose size is spec.replicas: all of Kubernetes' own. */
export const scaledByReplicas = <T extends Sized>(selectorOf: (workload: T) => LabelSelector): ScaleOf<T> => ({
  wanted: ({ spec }) => spec.replicas,
  setWanted: (draft, replicas) => void (draft.spec.replicas = replicas),
  actual: ({ status }) => status?.replicas ?? 0,
  selector: workload => printLabelRequirements(requirementsOf(selectorOf(workload))),
})
