/**
 * `/metrics/resource`: CPU and memory as counters and gauges in Prometheus' text format, under Kubernetes' names.
 * Each figure carries the time of its reading, so that a rate does not suffer from how long it took to be fetched. Pure.
 */
import type { CpuStats, MemoryStats, NodeSummary } from './stats.ts'

type Labels = Readonly<Record<string, string>>

interface Sample {
  readonly labels: Labels
  readonly value: number
  /** Undefined for a fact that has no time of reading. */
  readonly at?: number
}

interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly samples: readonly Sample[]
}

export function resourceMetrics({ node, pods }: NodeSummary): string {
  const ofPods = pods.map(pod => ({ ...pod, labels: { namespace: pod.pod.namespace, pod: pod.pod.name } }))
  const containers = ofPods.flatMap(pod => pod.containers.map(container => ({ ...container, labels: { container: container.name, ...pod.labels } })))
  const started = containers.flatMap(({ startedAt, labels }) => (startedAt === undefined ? [] : [{ labels, value: startedAt / 1000 }]))
  const isWhole = node.cpu !== undefined && node.memory !== undefined
  const families: Family[] = [
    cpuSeconds('container_cpu_usage_seconds_total', 'container', containers),
    workingSet('container_memory_working_set_bytes', 'container', containers),
    { name: 'container_start_time_seconds', type: 'gauge', help: 'Start time of the container since unix epoch in seconds', samples: started },
    cpuSeconds('node_cpu_usage_seconds_total', 'node', [{ ...node, labels: {} }]),
    workingSet('node_memory_working_set_bytes', 'node', [{ ...node, labels: {} }]),
    cpuSeconds('pod_cpu_usage_seconds_total', 'pod', ofPods),
    workingSet('pod_memory_working_set_bytes', 'pod', ofPods),
    {
      name: 'resource_scrape_error',
      type: 'gauge',
      help: '1 if there was an error while getting container metrics, 0 otherwise',
      samples: [{ labels: {}, value: isWhole ? 0 : 1 }],
    },
  ]
  return families.map(printFamily).join('')
}

const cpuSeconds = (name: string, what: string, all: readonly { cpu: CpuStats | undefined; labels: Labels }[]): Family => ({
  name,
  type: 'counter',
  help: `Cumulative cpu time consumed by the ${what} in core-seconds`,
  samples: all.flatMap(({ cpu, labels }) => (cpu ? [{ labels, value: cpu.usageNanoSeconds / 1e9, at: cpu.at }] : [])),
})

const workingSet = (
  name: string,
  what: string,
  all: readonly { memory: Pick<MemoryStats, 'at' | 'workingSetBytes'> | undefined; labels: Labels }[],
): Family => ({
  name,
  type: 'gauge',
  help: `Current working set of the ${what} in bytes`,
  samples: all.flatMap(({ memory, labels }) => (memory ? [{ labels, value: memory.workingSetBytes, at: memory.at }] : [])),
})

const printFamily = ({ name, type, help, samples }: Family): string =>
  samples.length === 0 ? '' : `# HELP ${name} [STABLE] ${help}\n# TYPE ${name} ${type}\n${samples.map(sample => `${name}${printSample(sample)}\n`).join('')}`

/** Names of objects hold nothing that would have to be escaped. */
function printSample({ labels, value, at }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`)
  return `${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}${at === undefined ? '' : ` ${at}`}`
}
