import { cloneJson } from '../deep.ts'
import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { described, object, present, type Infer } from '../schema.ts'
import { deploymentSpec, deploymentStatus } from '../types/deployment.ts'
import { validateDeployment, validateDeploymentUpdate } from '../validation/deployment.ts'
import { workloadWarnings } from '../validation/workload_warnings.ts'
import { ageColumn, integerColumn, nameColumn, textColumn } from './columns.ts'
import { declareKind, keepOtherPart, statusSubresource } from './declare.ts'
import { setPodSpecDefaults } from './pod_defaults.ts'
import { scaledByReplicas, scaleSubresource } from './scale.ts'
import { containersColumn, imagesColumn, selectorColumn } from './workload_columns.ts'

const schema = object(
  'io.k8s.api.apps.v1.Deployment',
  {
    ...objectFields,
    spec: present(deploymentSpec, { doc: 'How many Pods of which kind there shall be, and how they are replaced.' }),
    status: described(deploymentStatus, 'How far it has come.'),
  },
  { doc: 'Keeps a number of equal Pods running, and replaces them step by step when their template changes.' },
)

export interface Deployment extends Infer<typeof schema> {}

/** Of replicas: how many more there may be meanwhile, and how many fewer. */
const SHARE_BY_DEFAULT = '25%'

export const Deployment: Kind<Deployment> = declareKind<Deployment>({
  group: 'apps',
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  namespaced: true,
  schema,
  generation: true,
  generationCountsAnnotations: true,
  subresources: [scaleSubresource, statusSubresource],
  scale: scaledByReplicas(({ spec }) => spec.selector),
  setDefaults: ({ spec }) => {
    setPodSpecDefaults(spec.template.spec)
    if (spec.strategy.type !== 'RollingUpdate') return
    const { maxSurge = SHARE_BY_DEFAULT, maxUnavailable = SHARE_BY_DEFAULT } = spec.strategy.rollingUpdate ?? {}
    spec.strategy.rollingUpdate = { maxSurge, maxUnavailable }
  },
  prepareForCreate: draft => void (draft.status = {}),
  prepareForUpdate: (draft, old, subresource) => {
    keepOtherPart(draft, old, subresource)
    if (subresource !== 'status') return
    // Annotations may be changed with the status: the controller writes the revision so.
    if (old.metadata.labels) draft.metadata.labels = cloneJson(old.metadata.labels)
    else delete draft.metadata.labels
  },
  validate: validateDeployment,
  validateUpdate: validateDeploymentUpdate,
  warnings: workloadWarnings,
  columns: [
    nameColumn,
    textColumn('Ready', 'How many Pods are ready, of how many that are wanted.', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas}`),
    integerColumn('Up-to-date', 'How many Pods are as the template says now.', ({ status }) => status?.updatedReplicas ?? 0),
    integerColumn('Available', 'How many Pods have been ready for minReadySeconds.', ({ status }) => status?.availableReplicas ?? 0),
    ageColumn,
    containersColumn,
    imagesColumn,
    selectorColumn,
  ],
})
