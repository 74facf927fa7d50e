import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, required, type Infer } from '../schema.ts'
import { metricsFields, resourceUsage } from '../types/resource_metrics.ts'
import { nameColumn, textColumn } from './columns.ts'
import { declareVirtualKind } from './declare.ts'

const schema = object(
  'io.k8s.metrics.pkg.apis.metrics.v1beta1.NodeMetrics',
  {
    ...objectFields,
    ...metricsFields,
    usage: required(resourceUsage),
  },
  { doc: 'What a node uses: kubectl top node.' },
)

export interface NodeMetrics extends Infer<typeof schema> {}

export const NodeMetrics: Kind<NodeMetrics> = declareVirtualKind<NodeMetrics>({
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  kind: 'NodeMetrics',
  plural: 'nodes',
  singular: '',
  namespaced: false,
  verbs: ['get', 'list'],
  schema,
  columns: [
    nameColumn,
    textColumn('cpu', 'The average over the window.', ({ usage }) => usage.cpu ?? ''),
    textColumn('memory', 'The working set.', ({ usage }) => usage.memory ?? ''),
    textColumn('window', 'How long the time was over which CPU was averaged.', ({ window }) => window),
  ],
})
