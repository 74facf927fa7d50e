/**
 * How fast virtual time goes: whole clusters in one process, with the kubelet and the controllers of real ones.
 *
 *   npm run bench -- simulation              every scenario, about half a minute
 *   npm run bench -- simulation probed 5     one scenario, so many rounds: what to hand to a profiler
 */
import { runInNewContext } from 'node:vm'
import { setFlagsFromString } from 'node:v8'
import { Pod } from '../src/api/kinds/pod.ts'
import { startVirtualCluster, type VirtualCluster } from '../src/launch/virtual_cluster.ts'
import { median, printMachine, printTable, spread, whole } from './report.ts'
import { isReady } from './watch_pod.ts'

interface Scenario {
  readonly title: string
  readonly nodes: number
  readonly virtualMs: number
  /** What is there when the clock of the bench starts, and what will happen while it runs. */
  begin(cluster: VirtualCluster): Promise<void>
}

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const REPLACED_EVERY_MS = 30_000
const ROUNDS = 5

const crashing = { image: 'busybox', command: ['sh', '-c', 'sleep 1; exit 3'] }
const serving = { image: 'nginx' }
const probed = { image: 'nginx', readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1 } }
const probedSlowly = { image: 'nginx', readinessProbe: { httpGet: { port: 80 }, periodSeconds: 10 } }
const podOf = (name: string, container: object) =>
  ({ metadata: { name, namespace: 'default' }, spec: { containers: [{ name: 'main', ...container }] } }) as never

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  crashing: {
    title: '1 crash-looping Pod, 30 min',
    nodes: 1,
    virtualMs: 30 * MINUTE_MS,
    begin: cluster => create(cluster, 'crash', crashing),
  },
  rollout: {
    title: '10 Pods made, Ready, deleted and gone, then idle, 10 min',
    nodes: 1,
    virtualMs: 10 * MINUTE_MS,
    begin: async cluster => void cluster.world.schedule(1, () => void comeAndGo(cluster, 10), 'user'),
  },
  probed: {
    title: '10 Pods probed each second, 10 min',
    nodes: 3,
    virtualMs: 10 * MINUTE_MS,
    begin: cluster => createMany(cluster, 10, () => probed),
  },
  busy: {
    title: '10 Pods, 2 crash-looping, 8 probed each second and one of them replaced every 30 s, 10 min',
    nodes: 3,
    virtualMs: 10 * MINUTE_MS,
    async begin(cluster) {
      await createMany(cluster, 10, i => (i < 2 ? crashing : probed))
      replaceOneByOne(
        cluster,
        Array.from({ length: 8 }, (_, i) => `pod-${i + 2}`),
      )
    },
  },
  hundred: {
    title: '100 Pods, 10 crash-looping, 90 probed every 10 s, 10 min',
    nodes: 3,
    virtualMs: 10 * MINUTE_MS,
    begin: cluster => createMany(cluster, 100, i => (i % 10 === 0 ? crashing : probedSlowly)),
  },
}

const [only, rounds] = process.argv.slice(2)
if (only) {
  const scenario = SCENARIOS[only]
  if (!scenario) throw new Error(`no scenario is called ${only}: there are ${Object.keys(SCENARIOS).join(', ')}`)
  await report([scenario], Number(rounds ?? ROUNDS))
} else {
  printMachine()
  await reportStart()
  await report(Object.values(SCENARIOS), ROUNDS)
  await reportMemory()
}

async function report(scenarios: readonly Scenario[], rounds: number): Promise<void> {
  const rows: (string | number)[][] = []
  for (const scenario of scenarios) {
    const { virtualMs } = scenario
    const results: Result[] = []
    for (let i = 0; i <= rounds; i++) results.push(await run(scenario))
    const [first, ...warm] = results
    rows.push([
      scenario.title,
      whole(first!.events),
      whole(median(warm.map(({ events, ms }) => events / (ms / SECOND_MS)))),
      spread(warm.map(({ ms }) => virtualMs / ms)),
      whole(virtualMs / first!.ms),
      whole(median(warm.map(({ cpuMs }) => virtualMs / cpuMs))),
    ])
  }
  printTable('virtual time', ['scenario', 'events', 'events/s', 'times real time: median (least to most)', 'its first round', 'times CPU time'], rows)
}

interface Result {
  readonly events: number
  readonly ms: number
  /** Of all threads of the process. On a machine that is busy with something else it says more than the other. */
  readonly cpuMs: number
}

async function run({ nodes, virtualMs, begin }: Scenario): Promise<Result> {
  const cluster = await startVirtualCluster({ seed: 7, nodes })
  await begin(cluster)
  const [events, startedAt, cpu] = [cluster.world.events, performance.now(), process.cpuUsage()]
  await cluster.advance(virtualMs)
  const { user, system } = process.cpuUsage(cpu)
  const result = { events: cluster.world.events - events, ms: performance.now() - startedAt, cpuMs: (user + system) / 1_000 }
  await cluster.stop()
  return result
}

async function reportStart(): Promise<void> {
  const times: number[] = []
  for (let i = 0; i < 30; i++) {
    const startedAt = performance.now()
    const cluster = await startVirtualCluster({ seed: i, nodes: 1 })
    times.push(performance.now() - startedAt)
    await cluster.stop()
  }
  printTable(
    'a cluster with one node is started',
    ['', 'ms'],
    [
      ['the first of a process', times[0]!.toFixed(1)],
      ['later ones', spread(times.slice(20), 1)],
    ],
  )
}

async function reportMemory(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const pods = 300
  const cluster = await startVirtualCluster({ seed: 1, nodes: 3 })
  await cluster.advance(MINUTE_MS)
  collect()
  const before = process.memoryUsage().heapUsed
  await createMany(cluster, pods, () => probedSlowly)
  await cluster.advance(5 * MINUTE_MS)
  collect()
  const after = process.memoryUsage().heapUsed
  await cluster.stop()
  printTable(
    'memory',
    ['', 'KiB'],
    [[`heap for each of ${pods} running Pods, with its history and its share of the trace`, ((after - before) / 1024 / pods).toFixed(1)]],
  )
}

async function create({ run, client }: VirtualCluster, name: string, container: object): Promise<void> {
  await run(client.create(Pod, podOf(name, container)))
}

async function createMany(cluster: VirtualCluster, count: number, containerOf: (i: number) => object): Promise<void> {
  for (let i = 0; i < count; i++) await create(cluster, `pod-${i}`, containerOf(i))
}

async function comeAndGo({ world, client }: VirtualCluster, count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, i) => `pod-${i}`)
  const { clock } = world.host('user')
  const hold = async (holds: (pods: readonly Pod[]) => boolean) => {
    while (!holds((await client.list(Pod)).items)) await new Promise<void>(resolve => clock.at(clock.now() + 100, resolve, 'user looks'))
  }
  await Promise.all(names.map(name => client.create(Pod, podOf(name, serving))))
  await hold(pods => pods.every(isReady))
  await Promise.all(names.map(name => client.delete(Pod, { namespace: 'default', name })))
  await hold(pods => pods.length === 0)
}

/** As a rollout does it: a new Pod, and with it the end of the oldest one. */
function replaceOneByOne({ world, client }: VirtualCluster, names: readonly string[]): void {
  const living = [...names]
  const replace = (generation: number) => {
    const fresh = `fresh-${generation}`
    void client.create(Pod, podOf(fresh, probed))
    void client.delete(Pod, { namespace: 'default', name: living.shift()! })
    living.push(fresh)
    world.schedule(REPLACED_EVERY_MS, () => replace(generation + 1), 'rollout')
  }
  world.schedule(REPLACED_EVERY_MS, () => replace(0), 'rollout')
}
