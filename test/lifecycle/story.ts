/** One node in virtual time: a kubelet over the simulated runtime and a small API, and the verbs a story is told with. */
import assert from 'node:assert/strict'
import { Pod } from '../../src/api/kinds/pod.ts'
import { containerStatusNamed } from '../../src/api/pod.ts'
import type { Client } from '../../src/client/client.ts'
import { createCache } from '../../src/client/reflector.ts'
import type { KubernetesObject } from '../../src/api/meta.ts'
import type { Disk } from '../../src/base/disk.ts'
import type { Mounts } from '../../src/base/mounts.ts'
import { createKubelet, type Kubelet, type KubeletOptions } from '../../src/kubelet/kubelet.ts'
import type { LogLimits } from '../../src/kubelet/logs/log_rotation.ts'
import type { Machine } from '../../src/kubelet/node/machine.ts'
import type { ContainerRuntime, ContainerStatus } from '../../src/runtime/runtime.ts'
import { FAST_LATENCY } from '../../src/sim/latency.ts'
import { createSimulatedMachineStats, type SimulatedMachineStats } from '../../src/sim/machine_stats.ts'
import { createSimulatedRuntime, type SimulatedRuntime } from '../../src/sim/runtime.ts'
import { createWorld, type World } from '../../src/sim/world.ts'
import { createFakeApi, type FakeApi } from './fake_api.ts'
import { overhear, type RuntimeCalls } from './runtime_calls.ts'

export interface Story {
  readonly world: World
  readonly api: FakeApi
  readonly runtime: SimulatedRuntime
  readonly machineStats: SimulatedMachineStats
  /** What the kubelet asked of its runtime. */
  readonly calls: RuntimeCalls
  /** Seconds since the story began. */
  seconds(): number
  /** Events as `12.345 Normal Pulled …`, with their times. */
  readonly events: { at: number; type: string; reason: string; message: string; fieldPath: string | undefined; name: string }[]
  /** Those about the node. */
  readonly nodeEvents: Story['events']
  run(pod: object): Pod
  pod(name?: string): Pod | undefined
  until(predicate: (pod: Pod) => boolean, limitSeconds?: number): Promise<Pod>
  gone(name?: string, limitSeconds?: number): Promise<void>
  delete(name?: string, gracePeriodSeconds?: number): Promise<void>
  /** Somebody changes the spec, or the metadata, of the Pod: the draft is theirs to change. */
  edit(change: (draft: Pod) => void, name?: string): Promise<Pod>
  /** Lets time pass until this second of the story. */
  at(second: number): Promise<void>
  /** `Killing: Stopping container web`: what the events of these reasons say, or all. */
  said(...reasons: string[]): string[]
  /** Every status the Pod has had in the API, oldest first. */
  statuses(name?: string): Pod['status'][]
  /** The kubelet's process dies and a new one takes its place; containers go on. */
  restartKubelet(): Promise<void>
  /** What the runtime has of a container, newest first. */
  instances(container: string): Promise<ContainerStatus[]>
  /** How many sandboxes the runtime has. */
  sandboxes(): Promise<number>
  readonly epochMs: number
  readonly kubelet: Kubelet
  /** The node's. */
  readonly disk: Disk
  readonly mounts: Mounts
}

export const MACHINE: Machine = {
  hostname: 'node-a',
  addresses: ['10.0.0.1'],
  cpuMilli: 4000,
  memoryBytes: 8 * 2 ** 30,
  ephemeralStorageBytes: 100 * 2 ** 30,
  podsMax: 110,
  machineId: 'machine',
  systemUuid: 'system',
  bootId: 'boot',
  kernelVersion: '6.1.0',
  osImage: 'Debian GNU/Linux 12 (bookworm)',
  architecture: 'amd64',
  dns: { servers: ['10.0.0.53'], searches: ['example.com'], options: [] },
}

export interface StoryOptions {
  readonly images?: readonly string[]
  readonly logLimits?: LogLimits
  /** When the node counts as short of something; which images may go. */
  readonly eviction?: KubeletOptions['eviction']
  readonly imageGc?: KubeletOptions['imageGc']
  /** Where manifests of static Pods are on the node's disk. */
  readonly staticPodPath?: string
  /** Puts something between the kubelet and its runtime: calls that fail, or are listened to. */
  readonly between?: (runtime: ContainerRuntime) => Partial<ContainerRuntime>
}

export async function beginStory(seed: string | number = 1, options: StoryOptions = {}): Promise<Story> {
  const world = createWorld({ seed, periodic: /^(every|resync|workload|pod |cache)/ })
  let host = world.host('node-a')
  const api = createFakeApi(host.machine.clock)
  const runtime = createSimulatedRuntime(host, { latency: FAST_LATENCY, images: options.images ?? ['busybox:1', 'nginx:1'], pullMs: [1000, 1000] })
  const machineStats = createSimulatedMachineStats({ clock: host.machine.clock, machine: MACHINE, runtime, storage: host.machine.storage })
  const events: Story['events'] = []
  const nodeEvents: Story['nodeEvents'] = []
  const record = (type: string) => (about: KubernetesObject, reason: string, message: string, fieldPath?: string) =>
    void (about.kind === 'Pod' ? events : nodeEvents).push({ at: world.now() / 1000, type, reason, message, fieldPath, name: about.metadata.name ?? '' })

  const calls: RuntimeCalls = { stops: [], execs: [], starts: [] }
  const names = new Map<string, string>()
  let kubelets = 0
  const start = async (connected: ContainerRuntime) => {
    const own = ++kubelets
    const heard = overhear(connected, () => world.now() / 1000, names, calls)
    const client = unlessLost(api.client, () => own !== kubelets)
    const kubelet = createKubelet({
      host,
      client,
      runtime: { ...heard, ...options.between?.(heard) },
      nodeName: 'node-a',
      machine: MACHINE,
      machineStats,
      rootDirectory: '/var/lib/poise',
      clusterDns: ['10.96.0.10'],
      clusterDomain: 'cluster.local',
      cgroupRoot: '/kubepods',
      cgroups: runtime.cgroups,
      pods: createCache(host, client, Pod),
      logLimits: options.logLimits,
      staticPodPath: options.staticPodPath,
      eviction: options.eviction,
      imageGc: options.imageGc,
      events: { normal: record('Normal'), warning: record('Warning') },
    })
    await world.finish(kubelet.start())
    return kubelet
  }
  let connection: ContainerRuntime = runtime
  let kubelet = await start(connection)
  const pod = (name = 'web') => api.get(Pod, name)

  return {
    world,
    api,
    runtime,
    machineStats,
    events,
    nodeEvents,
    calls,
    pod,
    get disk() {
      return host.disk
    },
    get mounts() {
      return host.mounts
    },
    get kubelet() {
      return kubelet
    },
    seconds: () => world.now() / 1000,
    run: object => {
      const { metadata, spec, status } = object as { metadata?: object; spec: object; status?: object }
      return api.create(Pod as never, {
        metadata: { name: 'web', namespace: 'default', ...metadata },
        spec: { nodeName: 'node-a', restartPolicy: 'Always', ...spec },
        status: status ?? { phase: 'Pending', qosClass: 'BestEffort' },
      }) as Pod
    },
    async until(predicate, limitSeconds = 3600) {
      await world.until(
        () => {
          const seen = pod()
          return seen !== undefined && predicate(seen)
        },
        limitSeconds * 1000,
        String(predicate),
      )
      return pod()!
    },
    gone: (name = 'web', limitSeconds = 3600) => world.until(() => pod(name) === undefined, limitSeconds * 1000, `${name} gone`),
    async delete(name = 'web', gracePeriodSeconds) {
      await world.finish(api.client.delete(Pod, { namespace: 'default', name }, { gracePeriodSeconds }))
    },
    async edit(change, name = 'web') {
      const draft = structuredClone(pod(name)!)
      change(draft)
      return (await world.finish(api.client.update(Pod, draft))) as Pod
    },
    at: second => world.advance(second * 1000 - world.now()),
    said: (...reasons) => events.filter(({ reason }) => reasons.length === 0 || reasons.includes(reason)).map(({ reason, message }) => `${reason}: ${message}`),
    statuses: (name = 'web') => api.writes.flatMap(write => (write.kind === 'Pod' && write.name === name && write.object ? (write.object as Pod).status : [])),
    epochMs: host.machine.clock.wall() - world.now(),
    sandboxes: async () => (await world.finish(connection.listPodSandboxes())).length,
    async instances(container) {
      const list = await world.finish(connection.listContainers())
      const statuses = await world.finish(
        Promise.all(list.filter(({ metadata }) => metadata.name === container).map(({ id }) => connection.containerStatus(id).catch(() => undefined))),
      )
      return statuses.filter(status => status !== undefined).sort((a, b) => b.metadata.attempt - a.metadata.attempt)
    },
    async restartKubelet() {
      host = host.restart()
      connection = runtime.connect(host)
      kubelet = await start(connection)
    },
  }
}

export const isReady = (pod: Pod): boolean => pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
export const conditionOf = (pod: Pod, type: string) => pod.status.conditions?.find(condition => condition.type === type)
/** `False ContainersNotReady: containers with unready status: [web]` */
export function verdictOf(pod: Pod, type: string): string {
  const { status = '', reason, message } = conditionOf(pod, type) ?? {}
  return `${status}${reason ? ` ${reason}` : ''}${message ? `: ${message}` : ''}`
}
export const statusOf = (pod: Pod | undefined, container: string) => pod && containerStatusNamed(pod, container)
/** `Running`, `Waiting CrashLoopBackOff` or `Terminated Error 1`. */
export function stateOf(pod: Pod | undefined, container: string): string {
  const { waiting, running, terminated } = statusOf(pod, container)?.state ?? {}
  if (running) return 'Running'
  return terminated ? `Terminated ${terminated.reason} ${terminated.exitCode}` : `Waiting ${waiting?.reason ?? ''}`.trimEnd()
}
/** For the simulated workload of a container: `simulated('listen=80, term=ignore')`. */
export const simulated = (settings: string, container = 'web') => ({ annotations: { [`simulate.poise.dev/${container}`]: settings } })
/** Of several containers, by name. */
export const simulatedAll = (settings: Record<string, string>) => ({
  annotations: Object.fromEntries(Object.entries(settings).map(([container, text]) => [`simulate.poise.dev/${container}`, text])),
})
/** A Pod of one container called web. */
export const web = (container: object = {}, spec: object = {}) => ({ containers: [{ name: 'web', image: 'nginx:1', ...container }], ...spec })
/** At this instant, give or take the calls to the runtime (some milliseconds each). */
export function isAt(actualSeconds: number, wantedSeconds: number, what = ''): void {
  assert.ok(actualSeconds >= wantedSeconds - 0.005 && actualSeconds < wantedSeconds + 0.15, `${what} at ${actualSeconds} s, not at ${wantedSeconds} s`)
}
export const isRunning = (pod: Pod): boolean => pod.status.phase === 'Running'
export const sh = (script: string) => ['sh', '-c', script]

/** Whoever has crashed hears nothing any more, and nobody hears him. */
function unlessLost(client: Client, isLost: () => boolean): Client {
  return new Proxy(client, {
    get: (target, verb: keyof Client) =>
      verb === 'watch'
        ? (...[kind, options, sink]: Parameters<Client['watch']>) => target.watch(kind, options, { ...sink, event: event => isLost() || sink.event(event) })
        : (...request: unknown[]) => (isLost() ? new Promise(() => undefined) : (target[verb] as (...request: unknown[]) => unknown)(...request)),
  })
}
