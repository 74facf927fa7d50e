import { cloneJson } from '../deep.ts'
import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { nodeSpec } from '../types/node_spec.ts'
import { nodeStatus } from '../types/node_status.ts'
import { validateNode, validateNodeUpdate } from '../validation/node.ts'
import { declareKind, statusSubresource } from './declare.ts'
import { nodeColumns } from './node_columns.ts'

const schema = object(
  'io.k8s.api.core.v1.Node',
  {
    ...objectFields,
    spec: present(nodeSpec),
    status: present(nodeStatus),
  },
  { doc: 'A machine that runs Pods.' },
)

export interface Node extends Infer<typeof schema> {}

export const Node: Kind<Node> = declareKind<Node>({
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  schema,
  subresources: [
    { name: 'proxy', verbs: ['create', 'delete', 'get', 'patch', 'update'], kind: { group: '', version: 'v1', kind: 'NodeProxyOptions' } },
    statusSubresource,
  ],
  fieldSelectors: { 'spec.unschedulable': ({ spec }) => String(spec.unschedulable ?? false) },
  setDefaults: ({ spec, status }) => {
    if (status.capacity && !status.allocatable) status.allocatable = { ...status.capacity }
    // Whoever takes the last taint away leaves an empty list, which Kubernetes does not keep.
    if (spec.taints?.length === 0) delete spec.taints
  },
  prepareForUpdate: (draft, old, subresource) => {
    if (subresource === 'status') draft.spec = cloneJson(old.spec)
    else draft.status = cloneJson(old.status)
  },
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
  columns: nodeColumns,
})
