import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { podSpec } from '../types/pod_spec.ts'
import { podStatus } from '../types/pod_status.ts'
import { podWarnings, validatePod, validatePodCreate } from '../validation/pod.ts'
import { validatePodUpdate } from '../validation/pod_update.ts'
import { Binding } from './binding.ts'
import { declareKind, statusSubresource } from './declare.ts'
import { Eviction } from './eviction.ts'
import { podColumns, podRowConditions } from './pod_columns.ts'
import { setPodDefaults } from './pod_defaults.ts'
import { preparePodForCreate, preparePodForUpdate } from './pod_strategy.ts'

const schema = object(
  'io.k8s.api.core.v1.Pod',
  {
    ...objectFields,
    spec: present(podSpec),
    status: present(podStatus),
  },
  { doc: 'Containers that run together on one node, share its network address and volumes, and live and die as one.' },
)

export interface Pod extends Infer<typeof schema> {}

export const Pod: Kind<Pod> = declareKind<Pod>({
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  schema,
  generation: true,
  subresources: [
    { name: 'attach', verbs: ['create', 'get'], kind: optionsOf('PodAttachOptions') },
    { name: 'binding', verbs: ['create'], kind: Binding },
    { name: 'ephemeralcontainers', verbs: ['get', 'patch', 'update'] },
    { name: 'eviction', verbs: ['create'], kind: Eviction },
    { name: 'exec', verbs: ['create', 'get'], kind: optionsOf('PodExecOptions') },
    { name: 'log', verbs: ['get'] },
    { name: 'portforward', verbs: ['create', 'get'], kind: optionsOf('PodPortForwardOptions') },
    { name: 'proxy', verbs: ['create', 'delete', 'get', 'patch', 'update'], kind: optionsOf('PodProxyOptions') },
    { name: 'resize', verbs: ['get', 'patch', 'update'] },
    statusSubresource,
  ],
  setDefaults: setPodDefaults,
  prepareForCreate: preparePodForCreate,
  prepareForUpdate: preparePodForUpdate,
  validate: validatePod,
  validateCreate: validatePodCreate,
  validateUpdate: validatePodUpdate,
  warnings: podWarnings,
  graceSeconds,
  fieldSelectors: {
    'spec.nodeName': pod => pod.spec.nodeName ?? '',
    'spec.restartPolicy': pod => pod.spec.restartPolicy,
    'spec.schedulerName': pod => pod.spec.schedulerName,
    'spec.serviceAccountName': pod => pod.spec.serviceAccountName ?? '',
    'spec.hostNetwork': pod => String(pod.spec.hostNetwork ?? false),
    'status.phase': pod => pod.status.phase,
    'status.podIP': pod => pod.status.podIP ?? '',
    'status.podIPs': pod => (pod.status.podIPs ?? []).map(({ ip }) => ip).join(','),
    'status.nominatedNodeName': pod => pod.status.nominatedNodeName ?? '',
  },
  columns: podColumns,
  rowConditions: podRowConditions,
})

/** A Pod no node has, or whose containers have all stopped, has nothing to shut down: it goes at once. */
function graceSeconds({ spec, status }: Pod, requested: number | undefined): number {
  if (!spec.nodeName || status.phase === 'Failed' || status.phase === 'Succeeded') return 0
  const grace = requested ?? spec.terminationGracePeriodSeconds
  return grace < 0 ? 1 : grace
}

function optionsOf(kind: string) {
  return { group: '', version: 'v1', kind }
}
