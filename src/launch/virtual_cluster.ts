/**
 * A whole cluster in virtual time: the same API server, scheduler, controllers and kubelets over a simulated machine for
 * each node. Nothing happens but what the caller lets happen, and the same seed gives the same run.
 */
import { Node } from '../api/kinds/node.ts'
import { stampResourceVersion } from '../api/meta.ts'
import type { Millis } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import type { Host } from '../base/host.ts'
import type { Transport } from '../base/transport.ts'
import type { Client } from '../client/client.ts'
import { createCluster, type Cluster } from '../cluster/cluster.ts'
import { builtInServices } from '../cluster/built_in_services.ts'
import { administrator } from '../cluster/identities.ts'
import type { Kubelet } from '../kubelet/kubelet.ts'
import type { Machine } from '../kubelet/node/machine.ts'
import { addressesOf } from '../network/dns/records.ts'
import { checkStore } from '../sim/checkers/checker.ts'
import { podCheckers } from '../sim/checkers/pods.ts'
import { revisionsGrow } from '../sim/checkers/revisions.ts'
import { createSimulatedBackends } from '../sim/backends.ts'
import { createLink, type Link } from '../sim/link.ts'
import type { SimulatedHost } from '../sim/machine.ts'
import { within, type Range } from '../sim/latency.ts'
import { createSimulatedMachineStats, type SimulatedMachineStats } from '../sim/machine_stats.ts'
import { createSimulatedRuntime, type SimulatedRuntime, type SimulatedRuntimeOptions } from '../sim/runtime.ts'
import { traceStore } from '../sim/store_trace.ts'
import { createSimulatedTokenIssuer } from '../sim/tokens.ts'
import { createWorld, type World, type WorldOptions } from '../sim/world.ts'
import type { ProfileOptions } from '../scheduler/profiles.ts'
import { createMemoryStore } from '../store/memory_store.ts'
import type { Store } from '../store/store.ts'

export interface VirtualClusterOptions {
  /** Runs with the same seed, on the same version of Poise, are the same to the millisecond. */
  readonly seed: string | number
  /** How many nodes, or their names. */
  readonly nodes?: number | readonly string[]
  readonly world?: Omit<WorldOptions, 'seed'>
  /** Puts a wire between the API server and the scheduler and controllers, so that it can fail. Default: they are one process. */
  readonly wired?: boolean
  /** Schedulers by the names Pods ask for; the default one alone, if nothing is said. */
  readonly schedulerProfiles?: readonly ProfileOptions[]
  /** What each node is, where it is not four cores, 8 GiB and 110 Pods. */
  readonly machine?: Partial<Pick<Machine, 'cpuMilli' | 'memoryBytes' | 'podsMax'>>
  /**
   * How long it takes, beyond what the wire takes, until a node hears that endpoints have changed: what the load on the API
   * server and the period of kube-proxy make of it. Each node draws its own once, and keeps it. Default: none.
   */
  readonly propagationMs?: Range
  /** Whether timelines of Pods are recorded. Default: true. */
  readonly recordsTimelines?: boolean
  readonly runtime?: Pick<SimulatedRuntimeOptions, 'latency' | 'pullMs' | 'images' | 'programMs' | 'witness'>
}

export interface VirtualCluster {
  readonly world: World
  readonly cluster: Cluster
  readonly store: Store
  /** The administrator's. Await its calls through `run`, because time does not move by itself. */
  readonly client: Client
  readonly nodes: ReadonlyMap<string, VirtualNode>
  /** Between the API server and the scheduler and controllers; only of a cluster that is wired. */
  readonly link: Link | undefined
  /** Lets time pass until the promise is settled, and gives what it holds. */
  run<T>(promise: Promise<T>): Promise<T>
  advance(ms: number): Promise<void>
  /** Lets time pass until the predicate holds; throws with what everybody waits for when it never does. */
  until(predicate: () => boolean, limitMs?: number): Promise<void>
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface VirtualNode {
  readonly name: string
  readonly runtime: SimulatedRuntime
  readonly kubelet: Kubelet
  /** How much later than the wire would have it this node hears of endpoints. */
  readonly propagationMs: Millis
  /** The node's. It outlives the kubelet. */
  readonly disk: Disk
  /** Where manifests of static Pods are put on it. */
  readonly staticPodPath: string
  /** What its machine uses beside the containers is for a story to say. */
  readonly machineStats: SimulatedMachineStats
  /** Between this node and the API server: where requests, replies and watches can be lost. */
  readonly link: Link
  /** The kubelet's process dies without a word; its containers go on. Between events only, as `world.schedule` does. */
  crash(): void
  /** The machine loses its power: kubelet and containers are gone. Between events only. `restart` boots it. */
  powerOff(): void
  /** A new kubelet on the same disk and runtime. Crashes the old one first, if it still lives. */
  restart(): Promise<void>
}

export const CLUSTER_DOMAIN = 'cluster.local'
const STATIC_POD_PATH = '/etc/kubernetes/manifests'
/** Beside the nodes', which begin at 10.0.0.1. */
const CONTROL_PLANE_ADDRESS = '10.0.255.254'
const START_LIMIT_MS = 60_000

export async function startVirtualCluster({
  seed,
  nodes = 1,
  world: worldOptions = {},
  wired = false,
  machine: machineOptions = {},
  runtime: runtimeOptions = {},
  schedulerProfiles,
  recordsTimelines,
  propagationMs,
}: VirtualClusterOptions): Promise<VirtualCluster> {
  const world = createWorld({ ...worldOptions, seed })
  const controlPlane = world.host('control-plane')
  const store = createMemoryStore({ stamp: stampResourceVersion })
  traceStore(world, store)
  checkStore(world, store, [revisionsGrow(), ...podCheckers()])
  let link: Link | undefined
  const cluster = createCluster({
    host: controlPlane,
    connect: handle => (wired ? (link = createLink({ caller: controlPlane, handle })).transport : handle),
    store,
    tokens: createSimulatedTokenIssuer(controlPlane.clock),
    caCertificate: 'simulated',
    serviceCidr: '10.96.0.0/16',
    clusterDomain: CLUSTER_DOMAIN,
    dnsIP: '10.96.0.10',
    schedulerProfiles,
    recordsTimelines,
    backends: createSimulatedBackends(controlPlane.network),
    builtIn: builtInServices({ apiServerIP: '10.96.0.1', dnsIP: '10.96.0.10', gateway: CONTROL_PLANE_ADDRESS }),
  })
  const client = cluster.client(administrator)
  await world.finish(cluster.start(), START_LIMIT_MS)

  const names = typeof nodes === 'number' ? Array.from({ length: nodes }, (_, index) => `node-${index}`) : nodes
  const started = new Map<string, VirtualNode>()
  for (const [index, name] of names.entries()) {
    const host = world.host(name)
    const nodeAddress = `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}`
    const podCidr = podCidrOf(index)
    const runtime = createSimulatedRuntime(host, {
      ...runtimeOptions,
      nodeAddress,
      podCidr,
      resolve: async question => addressesOf(cluster.dns, CLUSTER_DOMAIN, question),
    })
    const node = createVirtualNode(name, {
      world,
      cluster,
      host,
      runtime,
      machine: { ...simulatedMachine(name, { address: nodeAddress, podCidr, host }), ...machineOptions },
      propagationMs: propagationMs && within(world.random.fork(`propagation/${name}`), propagationMs),
    })
    started.set(name, node)
  }
  await world.finish(Promise.all([...started.values()].map(node => node.restart())), START_LIMIT_MS)
  await world.finish(untilReady(controlPlane, client, names), START_LIMIT_MS)

  return {
    world,
    cluster,
    store,
    client,
    nodes: started,
    link,
    run: promise => world.finish(promise),
    advance: ms => world.advance(ms),
    until: (predicate, limitMs) => world.until(predicate, limitMs),
    stop: () => world.finish(cluster.stop()),
    [Symbol.asyncDispose]: () => world.finish(cluster.stop()),
  }
}

function createVirtualNode(
  name: string,
  {
    world,
    cluster,
    host: firstHost,
    runtime,
    machine,
    propagationMs,
  }: { world: World; cluster: Cluster; host: SimulatedHost; runtime: SimulatedRuntime; machine: Machine; propagationMs: Millis | undefined },
): VirtualNode {
  const machineStats = createSimulatedMachineStats({ clock: firstHost.machine.clock, machine, runtime, storage: firstHost.machine.storage })
  let life: { host: SimulatedHost; kubelet: Kubelet | undefined; link: Link } | undefined
  let boots = 1
  const living = () => {
    if (!life) throw new Error(`${name} has not been started`)
    return life
  }
  const begin = async (host: SimulatedHost) => {
    const link = createLink({ caller: host, handle: cluster.handle })
    const next = { host, kubelet: undefined as Kubelet | undefined, link }
    life = next
    next.kubelet = await cluster.addNode({
      name,
      host,
      runtime: runtime.connect(host),
      rootDirectory: '/var/lib/kubelet',
      staticPodPath: STATIC_POD_PATH,
      cgroupRoot: '/kubepods',
      cgroups: runtime.cgroups,
      machine: boots === 1 ? machine : { ...machine, bootId: `${machine.bootId}-${boots}` },
      machineStats,
      serviceRules: runtime.serviceRoutes,
      connect: () => link.transport,
      ...(propagationMs !== undefined && {
        connectProxy: (handle: Transport) => createLink({ caller: host, handle, latencyMs: [0, 0], watchLatencyMs: [propagationMs, propagationMs] }).transport,
      }),
    })
  }
  function crash(): void {
    world.host(name).crash()
    cluster.lostNode(name)
  }
  return {
    name,
    runtime,
    disk: firstHost.machine.disk,
    staticPodPath: STATIC_POD_PATH,
    machineStats,
    propagationMs: propagationMs ?? 0,
    get kubelet() {
      const { kubelet } = living()
      if (!kubelet) throw new Error(`the kubelet of ${name} has not started yet`)
      return kubelet
    },
    get link() {
      return living().link
    },
    crash,
    powerOff() {
      crash()
      runtime.rebootMachine()
      boots++
    },
    async restart() {
      if (life) cluster.lostNode(name)
      await begin(life ? world.host(name).restart() : firstHost)
    },
  }
}

/** 256 nodes have theirs in 10.244.0.0/16, as kubeadm's examples do; more have them in what is free below it. */
const podCidrOf = (index: number): string => `10.${index < 256 ? 244 : 127 + Math.floor(index / 256)}.${index % 256}.0/24`

/** What a node of the simulation is: four cores, 8 GiB. */
const simulatedMachine = (hostname: string, { address, podCidr, host: { random } }: { address: string; podCidr: string; host: Host }): Machine => ({
  hostname,
  addresses: [address],
  podCidr,
  cpuMilli: 4_000,
  memoryBytes: 8 * 1024 ** 3,
  ephemeralStorageBytes: 100 * 1024 ** 3,
  podsMax: 110,
  machineId: `simulated-${hostname}`,
  systemUuid: `simulated-${hostname}`,
  bootId: `boot-${random.fork('boot').below(1_000_000)}`,
  kernelVersion: 'simulated',
  osImage: 'Simulated machine',
  architecture: 'amd64',
  dns: { servers: [], searches: [], options: [] },
})

async function untilReady(host: Host, client: Client, names: readonly string[]): Promise<void> {
  const { clock } = host
  for (const name of names) {
    for (;;) {
      const node = await client.get(Node, { namespace: '', name }).catch(() => undefined)
      if (node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')) break
      await new Promise<void>(resolve => clock.at(clock.now() + 100, resolve, 'node ready'))
    }
  }
}
