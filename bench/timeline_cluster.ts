/**
 * One cluster of the timeline bench, in a process of its own: whatever it makes of garbage, and keeps in its heap, costs nobody
 * else. It does what it is told to, word by word, and is gone when nobody is there to tell it.
 */
import { Session, type HeapProfiler, type Profiler } from 'node:inspector/promises'
import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import { Deployment } from '../src/api/kinds/deployment.ts'
import { PodTimeline } from '../src/api/kinds/pod_timeline.ts'
import { Service } from '../src/api/kinds/service.ts'
import { startVirtualCluster, type VirtualCluster } from '../src/launch/virtual_cluster.ts'

export interface Slice {
  /** Of all threads, since the slice before. */
  readonly cpuMs: number
  /** How long the program stood still for the collector. */
  readonly collectedMs: number
  readonly writes: number
}

export interface Collected {
  /** Of what lives. */
  readonly heapBytes: number
}

export interface Looked {
  readonly timelines: number
  readonly spans: number
  /** The recorder's, of the samples of a CPU profile and of the bytes that were allocated meanwhile. */
  readonly cpuShare: number
  readonly allocatedShare: number
}

/** `slice`: a virtual second. `collect`: all garbage is collected. `look`: some more slices, with the profilers of V8. */
export type Word = 'slice' | 'collect' | 'look'

const DEPLOYMENTS = 24
const REPLICAS = 4
/** Each is rolled over this often. */
const PERIOD_MS = 4_000
const SLICE_MS = 1_000
const PROFILED_SLICES = 10
const ALLOCATION_SAMPLE_BYTES = 16_384

const { gc } = globalThis as { gc?: () => void }
let collectedMs = 0
new PerformanceObserver(list => {
  for (const { duration } of list.getEntries()) collectedMs += duration
}).observe({ entryTypes: ['gc'] })

const cluster = await begin(process.argv[2] === 'on')
let usedBefore = process.cpuUsage()
let collectedBeforeMs = 0
process.on('message', async (word: Word) => {
  process.send!(word === 'slice' ? await slice() : word === 'look' ? await look() : collect())
})
process.send!({})

async function slice(): Promise<Slice> {
  const revision = cluster.store.revision
  await cluster.advance(SLICE_MS)
  // The observer is told between two turns of the event loop.
  await setImmediate()
  const used = process.cpuUsage()
  const cpuMs = (used.user + used.system - usedBefore.user - usedBefore.system) / 1_000
  const taken = { cpuMs, collectedMs: collectedMs - collectedBeforeMs, writes: cluster.store.revision - revision }
  usedBefore = used
  collectedBeforeMs = collectedMs
  return taken
}

/** What it takes is no slice's. */
function collect(): Collected {
  gc!()
  usedBefore = process.cpuUsage()
  collectedBeforeMs = collectedMs
  return { heapBytes: process.memoryUsage().heapUsed }
}

async function look(): Promise<Looked> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.start')
  for (let turn = 0; turn < PROFILED_SLICES; turn++) await cluster.advance(SLICE_MS)
  const cpu = await session.post('Profiler.stop')
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: ALLOCATION_SAMPLE_BYTES,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  })
  for (let turn = 0; turn < PROFILED_SLICES; turn++) await cluster.advance(SLICE_MS)
  const heap = await session.post('HeapProfiler.stopSampling')
  session.disconnect()
  const { items } = await cluster.run(cluster.client.list(PodTimeline))
  return {
    timelines: items.length,
    spans: items.reduce((sum, { spans }) => sum + spans.length, 0),
    cpuShare: cpuShareOf(cpu.profile),
    allocatedShare: allocatedShareOf(heap.profile),
  }
}

const isRecorder = ({ url }: { url: string }): boolean => /timeline\/record|trace_containers/.test(url)

/** With all that it calls. */
function cpuShareOf({ nodes, samples = [] }: Profiler.Profile): number {
  const within = new Map<number, boolean>()
  const byId = new Map(nodes.map(node => [node.id, node]))
  const mark = (id: number, isInside: boolean): void => {
    const node = byId.get(id)!
    const inside = isInside || isRecorder(node.callFrame)
    within.set(id, inside)
    for (const child of node.children ?? []) mark(child, inside)
  }
  mark(nodes[0]!.id, false)
  const busy = samples.filter(id => !['(idle)', '(program)'].includes(byId.get(id)!.callFrame.functionName))
  return busy.filter(id => within.get(id)).length / busy.length
}

function allocatedShareOf({ head }: HeapProfiler.SamplingHeapProfile): number {
  let all = 0
  let recorders = 0
  const add = (node: HeapProfiler.SamplingHeapProfileNode, isInside: boolean): void => {
    const inside = isInside || isRecorder(node.callFrame)
    all += node.selfSize
    if (inside) recorders += node.selfSize
    for (const child of node.children) add(child, inside)
  }
  add(head, false)
  return recorders / all
}

async function begin(recordsTimelines: boolean): Promise<VirtualCluster> {
  const cluster = await startVirtualCluster({ seed: 'timeline', nodes: 3, machine: { podsMax: 500, cpuMilli: 64_000 }, recordsTimelines })
  const { client, run, world } = cluster
  const names = Array.from({ length: DEPLOYMENTS }, (_, index) => `web-${index}`)
  for (const name of names) {
    await run(client.create(Service, { metadata: { name, namespace: 'default' }, spec: { selector: { app: name }, ports: [{ port: 80 }] } } as never))
    await run(client.create(Deployment, deployment(name)))
  }
  names.forEach((name, index) => {
    let turn = 0
    const next = (inMs: number): void =>
      void world.schedule(
        inMs,
        () => {
          const body = { spec: { template: { metadata: { annotations: { turn: String(++turn) } } } } }
          void client.patch(Deployment, { namespace: 'default', name }, { type: 'strategic', body }).then(() => next(PERIOD_MS))
        },
        'user',
      )
    next((index / DEPLOYMENTS) * PERIOD_MS)
  })
  return cluster
}

function deployment(name: string): never {
  const probe = { tcpSocket: { port: 80 }, periodSeconds: 1 }
  return {
    metadata: { name, namespace: 'default' },
    spec: {
      replicas: REPLICAS,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'web', image: 'nginx:1', readinessProbe: probe, livenessProbe: probe }] },
      },
    },
  } as never
}
