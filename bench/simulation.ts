/**
 * How fast virtual time goes: whole clusters in one process, with the kubelet and the controllers of real ones.
 *
 *   npm run bench -- simulation [rounds]
 */
import { Pod } from '../src/api/kinds/pod.ts'
import { startVirtualCluster, type VirtualCluster } from '../src/launch/virtual_cluster.ts'
import { median, printMachine, printTable, spread, whole } from './report.ts'
import { isReady } from './watch_pod.ts'

const rounds = Number(process.argv.find(word => /^\d+$/.test(word)) ?? 5)
const MINUTE_MS = 60_000

interface Sample {
  readonly realMs: number
  readonly virtualMs: number
  readonly events: number
}

printMachine()
await sample(tenPods)
await table('ten Pods made, Ready, deleted and gone; then idle up to ten minutes', tenPods)
await table('a container that crashes, ten minutes of CrashLoopBackOff', crashLoop)

async function table(what: string, scenario: (cluster: VirtualCluster) => Promise<void>): Promise<void> {
  const starts: number[] = []
  const samples: Sample[] = []
  for (let round = 0; round < rounds; round++) {
    const { startMs, ...rest } = await sample(scenario, `bench ${round}`)
    starts.push(startMs)
    samples.push(rest)
  }
  printTable(`${what}; ${rounds} rounds: median (least to most)`, ['figure', 'result'], [
    ['a cluster with one node, ms', spread(starts)],
    ['the scenario, real ms', spread(samples.map(({ realMs }) => realMs))],
    ['virtual seconds', spread(samples.map(({ virtualMs }) => virtualMs / 1_000))],
    ['times real time', whole(median(samples.map(({ virtualMs, realMs }) => virtualMs / realMs)))],
    ['events/s', whole(median(samples.map(({ events, realMs }) => events / realMs * 1_000)))],
  ])
}

async function sample(scenario: (cluster: VirtualCluster) => Promise<void>, seed = 'warm'): Promise<Sample & { startMs: number }> {
  const start = performance.now()
  await using cluster = await startVirtualCluster({ seed })
  const started = performance.now()
  const { world } = cluster
  const [eventsBefore, virtualBefore] = [world.events, world.now()]
  await scenario(cluster)
  return { startMs: started - start, realMs: performance.now() - started, virtualMs: world.now() - virtualBefore, events: world.events - eventsBefore }
}

async function tenPods({ client, run, until, advance, store, world }: VirtualCluster): Promise<void> {
  const end = world.now() + 10 * MINUTE_MS
  const names = Array.from({ length: 10 }, (_, i) => `pod-${i}`)
  for (const name of names) await run(create(client, name, 'Always', ['sleep', '3600']))
  const stored = new Map<string, Pod>()
  const watch = store.watch('/pods/', 0, ({ key, stored: now }) => void (now ? stored.set(key, now.value as Pod) : stored.delete(key)))
  await until(() => stored.size === 10 && [...stored.values()].every(isReady))
  for (const name of names) await run(client.delete(Pod, { namespace: 'default', name }))
  await until(() => stored.size === 0)
  watch.stop()
  await advance(end - world.now())
}

async function crashLoop({ client, run, advance }: VirtualCluster): Promise<void> {
  await run(create(client, 'crash', 'Always', ['sh', '-c', 'exit 1']))
  await advance(10 * MINUTE_MS)
  const { status } = await run(client.get(Pod, { namespace: 'default', name: 'crash' }))
  const restarts = status.containerStatuses?.[0]?.restartCount ?? 0
  // 10, 20, 40, 80, 160 and 300 s apart.
  if (restarts !== 6) throw new Error(`after ten minutes there should have been 6 restarts, there were ${restarts}`)
}

function create(client: VirtualCluster['client'], name: string, restartPolicy: string, command: readonly string[]): Promise<Pod> {
  const spec = { restartPolicy, terminationGracePeriodSeconds: 5, containers: [{ name: 'main', image: 'example/main:1', command }] }
  return client.create(Pod, { metadata: { namespace: 'default', name }, spec: spec as never })
}
