import { deepEqual } from '../deep.ts'
import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { daemonSetSpec, daemonSetStatus } from '../types/daemon_set.ts'
import { validateDaemonSet, validateDaemonSetUpdate } from '../validation/daemon_set.ts'
import { workloadWarnings } from '../validation/workload_warnings.ts'
import { ageColumn, integerColumn, nameColumn, printLabels, textColumn } from './columns.ts'
import { declareKind, keepOtherPart, statusSubresource } from './declare.ts'
import { setPodSpecDefaults } from './pod_defaults.ts'
import { containersColumn, imagesColumn, selectorColumn } from './workload_columns.ts'

const schema = object(
  'io.k8s.api.apps.v1.DaemonSet',
  {
    ...objectFields,
    spec: present(daemonSetSpec, { doc: 'Which Pod every node shall have.' }),
    status: present(daemonSetStatus, { doc: 'Which nodes have it.' }),
  },
  { doc: 'One Pod on every node, or on every node of a sort: for what belongs to nodes, such as collectors of logs.' },
)

export interface DaemonSet extends Infer<typeof schema> {}

export const DaemonSet: Kind<DaemonSet> = declareKind<DaemonSet>({
  group: 'apps',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  namespaced: true,
  schema,
  generation: true,
  subresources: [statusSubresource],
  setDefaults: setDaemonSetDefaults,
  prepareForCreate: draft => {
    draft.status = { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 }
    setTemplateGeneration(draft, 1)
  },
  prepareForUpdate: (draft, old, subresource) => {
    keepOtherPart(draft, old, subresource)
    const isChanged = !deepEqual(draft.spec.template, old.spec.template)
    setTemplateGeneration(draft, templateGeneration(old) + (isChanged ? 1 : 0))
  },
  validate: validateDaemonSet,
  validateUpdate: validateDaemonSetUpdate,
  warnings: workloadWarnings,
  columns: [
    nameColumn,
    integerColumn('Desired', 'How many nodes should have the Pod.', ({ status }) => status.desiredNumberScheduled),
    integerColumn('Current', 'How many of them have it.', ({ status }) => status.currentNumberScheduled),
    integerColumn('Ready', 'On how many it is ready.', ({ status }) => status.numberReady),
    integerColumn('Up-to-date', 'On how many it is of the newest template.', ({ status }) => status.updatedNumberScheduled ?? 0),
    integerColumn('Available', 'On how many it has been ready for minReadySeconds.', ({ status }) => status.numberAvailable ?? 0),
    textColumn('Node Selector', 'Which nodes are meant, by their labels.', ({ spec }) => printLabels(spec.template.spec.nodeSelector)),
    ageColumn,
    containersColumn,
    imagesColumn,
    selectorColumn,
  ],
})

function setDaemonSetDefaults({ spec }: DaemonSet): void {
  setPodSpecDefaults(spec.template.spec)
  const { updateStrategy } = spec
  if (updateStrategy.type !== 'RollingUpdate') return
  updateStrategy.rollingUpdate ??= {}
  updateStrategy.rollingUpdate.maxUnavailable ??= 1
  updateStrategy.rollingUpdate.maxSurge ??= 0
}

const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'

/** How many templates it has had: the older way to tell Pods of different templates apart, which Kubernetes still keeps. */
export const templateGeneration = ({ metadata }: DaemonSet): number => Number(metadata.annotations?.[TEMPLATE_GENERATION] ?? 1)

function setTemplateGeneration({ metadata }: DaemonSet, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(generation) }
}
