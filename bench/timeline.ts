/**
 * What it costs that the timeline of every Pod is recorded: the CPU of a busy cluster with recording on, beside the same
 * cluster with recording off.
 *
 *   npm run bench -- timeline [slices]        two or three seconds a slice
 *
 * One seed is one run, so that both do the very same work in virtual time: some 1,000 API writes in each virtual second, by
 * Deployments that are rolled over behind Services on three nodes. They take turns, a virtual second each, in one process.
 * Nothing goes over a socket or to a disk, which makes a write cheaper and the share of recording larger than in a real cluster.
 * On a machine that others use the ratio is lost in the noise; the share of a CPU profile that lies in the recorder, and in what
 * it calls, is not, but knows nothing of the garbage it leaves.
 */
import { Session, type Profiler } from 'node:inspector/promises'
import { Deployment } from '../src/api/kinds/deployment.ts'
import { PodTimeline } from '../src/api/kinds/pod_timeline.ts'
import { Service } from '../src/api/kinds/service.ts'
import { startVirtualCluster, type VirtualCluster } from '../src/launch/virtual_cluster.ts'
import { median, printMachine, printTable, spread, whole } from './report.ts'

const slices = Number(process.argv.find(word => /^\d+$/.test(word)) ?? 20)
const DEPLOYMENTS = 24
const REPLICAS = 4
/** Each is rolled over this often. */
const PERIOD_MS = 4_000
const SLICE_MS = 1_000
/** Until the code is warm, and the caches are full. */
const WARM_UP_SLICES = 5
const PROFILED_SLICES = 10

printMachine()
const on = await begin(true)
const off = await begin(false)
const cpuMs: { on: number; off: number }[] = []
let writes = 0
for (let slice = 0; slice < WARM_UP_SLICES + slices; slice++) {
  const before = [on.store.revision, off.store.revision] as const
  // Who comes second finds the other's garbage.
  const taken = slice % 2 === 0 ? { on: await cpuOf(on), off: await cpuOf(off) } : { off: await cpuOf(off), on: await cpuOf(on) }
  if (on.store.revision - before[0] !== off.store.revision - before[1]) throw new Error('recording has changed what happens')
  if (slice < WARM_UP_SLICES) continue
  cpuMs.push(taken)
  writes += on.store.revision - before[0]
}

const share = await profiledShare(on)
const { items } = await on.run(on.client.list(PodTimeline))
const total = (kind: 'on' | 'off') => cpuMs.reduce((sum, taken) => sum + taken[kind], 0)
const perThousand = (kind: 'on' | 'off') => ((total(kind) / writes) * 1_000).toFixed(0)
printTable(
  `${DEPLOYMENTS} Deployments of ${REPLICAS} Pods, ${whole(writes / slices)} API writes in each of ${slices} virtual seconds, taken in turn`,
  ['recording', 'CPU ms for 1,000 writes', 'CPU ms a slice, median (least to most)'],
  (['on', 'off'] as const).map(kind => [kind, perThousand(kind), spread(cpuMs.map(taken => taken[kind]))]),
)
console.log(
  `  on costs ${((total('on') / total('off') - 1) * 100).toFixed(1)} % more in all, ${(median(cpuMs.map(taken => taken.on / taken.off - 1)) * 100).toFixed(1)} % in the median slice`,
)
console.log(`  ${(share * 100).toFixed(1)} % of the samples of a CPU profile are in the recorder`)
console.log(`  ${items.length} timelines are kept, with ${items.reduce((sum, { spans }) => sum + spans.length, 0)} spans`)
await on.stop()
await off.stop()

async function cpuOf(cluster: VirtualCluster): Promise<number> {
  const before = process.cpuUsage()
  await cluster.advance(SLICE_MS)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

/** Of the CPU that some more slices take. */
async function profiledShare(cluster: VirtualCluster): Promise<number> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.start')
  for (let slice = 0; slice < PROFILED_SLICES; slice++) await cluster.advance(SLICE_MS)
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  return shareOf(profile, url => /timeline\/record|trace_containers/.test(url))
}

function shareOf({ nodes, samples = [] }: Profiler.Profile, isMeant: (url: string) => boolean): number {
  const within = new Map<number, boolean>()
  const byId = new Map(nodes.map(node => [node.id, node]))
  const mark = (id: number, isInside: boolean): void => {
    const node = byId.get(id)!
    const inside = isInside || isMeant(node.callFrame.url)
    within.set(id, inside)
    for (const child of node.children ?? []) mark(child, inside)
  }
  mark(nodes[0]!.id, false)
  const busy = samples.filter(id => !['(idle)', '(program)'].includes(byId.get(id)!.callFrame.functionName))
  return busy.filter(id => within.get(id)).length / busy.length
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
