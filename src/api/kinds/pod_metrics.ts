import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { formatQuantity, parseQuantity } from '../quantity.ts'
import { atomicList, object, required, type Infer } from '../schema.ts'
import { containerMetrics, metricsFields } from '../types/resource_metrics.ts'
import { nameColumn, textColumn } from './columns.ts'
import { declareVirtualKind } from './declare.ts'

const schema = object(
  'io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetrics',
  {
    ...objectFields,
    ...metricsFields,
    containers: required(atomicList(containerMetrics, { doc: 'Each that runs.' })),
  },
  { doc: 'What the containers of a Pod use: kubectl top pod.' },
)

export interface PodMetrics extends Infer<typeof schema> {}

export const PodMetrics: Kind<PodMetrics> = declareVirtualKind<PodMetrics>({
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  kind: 'PodMetrics',
  plural: 'pods',
  singular: '',
  namespaced: true,
  verbs: ['get', 'list'],
  schema,
  columns: [
    nameColumn,
    textColumn('cpu', 'The average over the window, of all containers.', metrics => sumOf(metrics, 'cpu', 'decimal')),
    textColumn('memory', 'The working sets of all containers.', metrics => sumOf(metrics, 'memory', 'binary')),
    textColumn('window', 'How long the time was over which CPU was averaged.', ({ window }) => window),
  ],
})

/** In its own family: a number of bytes does not tell that it is one. */
function sumOf({ containers }: PodMetrics, resource: 'cpu' | 'memory', format: 'decimal' | 'binary'): string {
  const nano = containers.reduce((sum, { usage }) => sum + (parseQuantity(String(usage[resource] ?? '0'))?.nano ?? 0n), 0n)
  return formatQuantity({ nano, format })
}
