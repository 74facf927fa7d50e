/**
 * How fast Pods are given nodes.
 *
 *   npm run bench -- scheduler                      everything, some minutes
 *   npm run bench -- scheduler 'zone spread' 5000   one kind of Pods through the API, once: what to hand to a profiler
 *
 * First the decisions alone, each Pod counted on its
 * node before the next is decided on, as in life; then the whole way through the API, in this process: created, seen by the
 * scheduler, bound, and seen to be bound. Kubernetes' own threshold is 270 Pods/s among 5,000 nodes.
 */
import { Node } from '../src/api/kinds/node.ts'
import { Pod } from '../src/api/kinds/pod.ts'
import { kinds } from '../src/api/kinds/index.ts'
import { ServiceAccount } from '../src/api/kinds/service_account.ts'
import { keyOf, stampResourceVersion } from '../src/api/meta.ts'
import { seededRandom } from '../src/base/random.ts'
import { createApiServer } from '../src/apiserver/api_server.ts'
import { createClient } from '../src/client/api_client.ts'
import { createCaches } from '../src/client/caches.ts'
import { administrator, schedulerUser } from '../src/cluster/identities.ts'
import { createHost } from '../src/host/host.ts'
import { createLog } from '../src/host/log.ts'
import { chooseNode } from '../src/scheduler/choose.ts'
import { demandOf } from '../src/scheduler/demand.ts'
import { startScheduler } from '../src/scheduler/scheduler.ts'
import { createSnapshotKeeper } from '../src/scheduler/snapshot.ts'
import { createSimulatedTokenIssuer } from '../src/sim/tokens.ts'
import { createMemoryStore } from '../src/store/memory_store.ts'
import { printMachine, printTable, spread, whole } from './report.ts'

const PODS = 2_000
const ROUNDS = 3
/** Pods of so many workloads come in turn. */
const WORKLOADS = 20
const IN_FLIGHT = 32

const NO_EVENTS = { normal: () => undefined, warning: () => undefined }

/** Of a second of the clock, and of a second of CPU: where others use the machine too the second one is what it can do. */
interface Rate {
  readonly perSecond: number
  readonly perCpuSecond: number
}

type MakePod = (i: number) => Pod

const appOf = (i: number) => `app-${i % WORKLOADS}`
const selector = (i: number) => ({ matchLabels: { app: appOf(i) } })
const preference = { weight: 5, preference: { matchExpressions: [{ key: 'zone', operator: 'In', values: ['z1'] }] } }
const HOSTNAME = 'kubernetes.io/hostname'
const constraint = (i: number, topologyKey: string) => ({ topologyKey, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', labelSelector: selector(i) })

const KINDS: Readonly<Record<string, MakePod>> = {
  plain: i => pod(i, {}),
  'node preference': i => pod(i, { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [preference] } } }),
  'zone spread': i => pod(i, { topologySpreadConstraints: [constraint(i, 'topology.kubernetes.io/zone')] }),
  'host spread': i => pod(i, { topologySpreadConstraints: [constraint(i, HOSTNAME)] }),
  'anti-affinity': i =>
    pod(i, { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: HOSTNAME, labelSelector: selector(i) }] } } }),
}

printMachine()
const sizes = [1_000, 5_000]
const [onlyKind, onlySize] = process.argv.slice(2)
if (onlyKind) {
  const rates = [await schedule(Number(onlySize ?? 5_000), KINDS[onlyKind]!)]
  printTable('created and bound through the API', ['Pods', 'Pods/s', 'Pods per CPU second'], [[onlyKind, ...columns(rates)]])
  process.exit(0)
}

const decisions: string[][] = []
for (const count of sizes)
  for (const [kind, make] of Object.entries(KINDS)) decisions.push([whole(count), kind, ...columns(Array.from({ length: ROUNDS }, () => decide(count, make)))])
printTable('decisions, one after the other', ['nodes', 'Pods', 'Pods/s', 'Pods per CPU second'], decisions)

const through: string[][] = []
for (const count of sizes)
  for (const kind of ['plain', 'zone spread', 'anti-affinity']) {
    const rounds: Rate[] = []
    for (let round = 0; round < ROUNDS; round++) rounds.push(await schedule(count, KINDS[kind]!))
    through.push([whole(count), kind, ...columns(rounds)])
  }
printTable(
  `created and bound through the API, ${whole(PODS)} Pods, ${IN_FLIGHT} creates in flight`,
  ['nodes', 'Pods', 'Pods/s', 'Pods per CPU second'],
  through,
)

const nowhere = sizes.map(count => [
  whole(count),
  spread(
    Array.from({ length: ROUNDS }, () => findNone(count)),
    2,
  ),
])
printTable('a Pod that fits nowhere', ['nodes', 'ms'], nowhere)
process.exit(0)

function keeperWith(count: number) {
  const keeper = createSnapshotKeeper()
  for (let i = 0; i < count; i++) keeper.setNode(`n${i}`, node(i))
  return keeper
}

function decide(count: number, make: MakePod): Rate {
  const keeper = keeperWith(count)
  const random = seededRandom('bench')
  let start = 0
  let placed = 0
  const rate = measureRate()
  for (let i = 0; i < PODS; i++) {
    const demand = demandOf(make(i))
    const choice = chooseNode(demand, keeper.snapshot(), random, { start })
    start += choice.examined
    if (choice.is !== 'node') continue
    keeper.assume(demand, choice.name)
    placed++
  }
  const measured = rate()
  if (placed !== PODS) throw new Error(`only ${placed} of ${PODS} Pods found a node`)
  return measured
}

function measureRate(): () => Rate {
  const began = performance.now()
  const usage = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(usage)
    return { perSecond: PODS / ((performance.now() - began) / 1_000), perCpuSecond: PODS / ((user + system) / 1_000_000) }
  }
}

function columns(rates: readonly Rate[]): string[] {
  return [spread(rates.map(({ perSecond }) => perSecond)), spread(rates.map(({ perCpuSecond }) => perCpuSecond))]
}

function findNone(count: number): number {
  const keeper = keeperWith(count)
  const tooBig = demandOf(pod(0, {}, '1000000'))
  const began = performance.now()
  for (let i = 0; i < 20; i++) chooseNode(tooBig, keeper.snapshot(), seededRandom('x'))
  return (performance.now() - began) / 20
}

/** Pods per second, from the first create to the last binding seen by a watch. As Kubernetes measures it: nobody else is there. */
async function schedule(count: number, make: MakePod): Promise<Rate> {
  const log = createLog({ level: 'error' })
  const host = createHost({ log, seed: 'bench' })
  const { clock, random } = host
  const apiServer = createApiServer({
    kinds,
    store: createMemoryStore({ stamp: stampResourceVersion }),
    tokens: createSimulatedTokenIssuer(clock),
    serviceCidr: '10.96.0.0/16',
    clock,
    random,
    log,
    kubelets: () => undefined,
  })
  await apiServer.bootstrap()
  const client = createClient(apiServer.handle, { user: administrator })
  await client.create(ServiceAccount, { metadata: { name: 'default', namespace: 'default' } })
  await inFlight(count, async i => {
    const { metadata } = await client.create(Node, node(i))
    // Nobody is there to find the new node ready.
    await client.patch(Node, keyOf({ metadata }), { type: 'merge', body: { spec: { taints: null } } })
  })
  const caches = createCaches(host, client)
  const scheduler = startScheduler(host, { client: createClient(apiServer.handle, { user: schedulerUser }), cacheOf: caches.of, events: () => NO_EVENTS })
  await caches.synced()
  const bound = new Set<string>()
  const done = new Promise<void>(resolve => {
    const event = ({ object }: { object: unknown }) => {
      const { metadata, spec } = object as Pod
      if (spec?.nodeName) bound.add(metadata.name!)
      if (bound.size === PODS) resolve()
    }
    client.watch(Pod, { namespace: 'default' }, { event, ended: () => undefined })
  })
  const rate = measureRate()
  await inFlight(PODS, async i => void (await client.create(Pod, make(i))))
  await done
  const measured = rate()
  await scheduler.stop()
  caches.stop()
  apiServer.close()
  return measured
}

async function inFlight(count: number, act: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  const work = async () => {
    while (next < count) await act(next++)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, work))
}

function node(i: number): Node {
  const name = `n${i}`
  return {
    metadata: { name, labels: { zone: `z${i % 3}`, 'topology.kubernetes.io/zone': `z${i % 3}`, [HOSTNAME]: name } },
    spec: {},
    status: { allocatable: { cpu: '64', memory: '256Gi', pods: '110', 'ephemeral-storage': '100Gi' } },
  } as unknown as Node
}

function pod(i: number, spec: object, cpu = '100m'): Pod {
  const name = `pod-${i}`
  return {
    metadata: { uid: name, name, namespace: 'default', labels: { app: appOf(i) } },
    status: {},
    spec: {
      tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }],
      containers: [{ name: 'main', image: 'nginx:1', resources: { requests: { cpu, memory: '100Mi' } } }],
      ...spec,
    },
  } as unknown as Pod
}
