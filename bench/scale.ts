/**
 * Large clusters in one process, with the kubelets, the scheduler and the controllers of real ones over simulated containers:
 * how long until they are there, on this machine's clock, and what they need of its memory.
 *
 *   npm run bench -- scale                   a Deployment of 1,000 Pods; 5,000 nodes with 10,000 Pods: minutes
 *   npm run bench -- scale 500 1000          so many nodes, so many Pods
 */
import { runInNewContext } from 'node:vm'
import { setFlagsFromString } from 'node:v8'
import { Deployment } from '../src/api/kinds/deployment.ts'
import { Pod } from '../src/api/kinds/pod.ts'
import type { Draft } from '../src/client/client.ts'
import { startVirtualCluster, type VirtualCluster } from '../src/launch/virtual_cluster.ts'
import { printMachine, printTable, whole } from './report.ts'

const STEP_MS = 500
/** Virtual. Nothing takes so long that goes on at all. */
const LIMIT_MS = 600_000

const key = { namespace: 'default', name: 'web' }
const labels = { app: 'web' }

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const heapBytes = () => {
  collect()
  return process.memoryUsage().heapUsed
}

const [nodes, pods] = process.argv.slice(2).map(Number)
printMachine()
if (nodes) await grow(nodes, pods ?? 2 * nodes)
else {
  await grow(10, 1_000)
  await grow(5_000, 10_000)
}

async function grow(nodeCount: number, podCount: number): Promise<void> {
  const rows: (string | number)[][] = []
  const timed = async <T>(what: string, count: number, act: () => Promise<T>): Promise<T> => {
    process.stderr.write(`${what} …\n`)
    const startedAt = performance.now()
    const cpu = process.cpuUsage()
    const result = await act()
    const { user, system } = process.cpuUsage(cpu)
    const seconds = (performance.now() - startedAt) / 1_000
    rows.push([what, seconds.toFixed(1), ((user + system) / 1e6).toFixed(1), whole(count / seconds)])
    return result
  }
  const empty = heapBytes()
  const cluster = await timed(`${whole(nodeCount)} nodes Ready`, nodeCount, () =>
    startVirtualCluster({
      seed: 1,
      nodes: nodeCount,
      world: { eventsMax: Infinity },
      machine: { podsMax: Math.max(110, Math.ceil((1.2 * podCount) / nodeCount)) },
    }),
  )
  const withNodes = heapBytes()
  await timed(`a Deployment of ${whole(podCount)} Pods Ready`, podCount, async () => {
    await cluster.run(cluster.client.create(Deployment, deployment(podCount)))
    await until(cluster, async () => (await cluster.client.get(Deployment, key)).status?.readyReplicas === podCount)
  })
  const withPods = heapBytes()
  await timed('it is deleted, and all its Pods are gone', podCount, async () => {
    await cluster.run(cluster.client.delete(Deployment, key, { propagationPolicy: 'Background' }))
    await until(cluster, async () => (await cluster.client.list(Pod, { namespace: key.namespace, limit: 1 })).items.length === 0)
  })
  printTable(`${whole(nodeCount)} nodes, ${whole(podCount)} Pods`, ['', 'seconds', 'of CPU', 'a second'], rows)
  printTable(
    'heap',
    ['', 'KiB'],
    [
      ['for each node', ((withNodes - empty) / nodeCount / 1024).toFixed(1)],
      ['for each Pod', ((withPods - withNodes) / podCount / 1024).toFixed(1)],
    ],
  )
  await cluster.stop()
}

function deployment(replicas: number): Draft<Deployment> {
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'nginx' }], terminationGracePeriodSeconds: 1 } }
  return { metadata: key, spec: { replicas, selector: { matchLabels: labels }, template } } as unknown as Draft<Deployment>
}

async function until(cluster: VirtualCluster, holds: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < LIMIT_MS; waitedMs += STEP_MS) {
    if (await cluster.run(holds())) return
    await cluster.advance(STEP_MS)
  }
  throw new Error(`not within ${LIMIT_MS / 1_000} virtual seconds`)
}
