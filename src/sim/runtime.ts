/**
 * The simulated container runtime: the contract of `runtime/` over workload models.
 *
 *   kubelet ─ call, in the caller's time ─▶ sandboxes, containers, images, in the machine's time ─▶ reply, in the caller's time
 *
 * It belongs to the machine. When the kubelet crashes, its calls' replies are lost and containers run on; the next
 * life of the kubelet gets its own view by `connect`. It also runs in real time, on a Host of `host/`.
 */
import type { Clock } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import type { Host } from '../base/host.ts'
import type { Random } from '../base/random.ts'
import { RuntimeError } from '../runtime/runtime.ts'
import type { ContainerRuntime } from '../runtime/runtime.ts'
import { createSimulatedCgroups, type SimulatedCgroups } from './cgroups.ts'
import { CONTAINERD_LATENCY } from './latency.ts'
import type { Range, RuntimeLatency } from './latency.ts'
import { createFabric } from './network.ts'
import type { Fabric } from './network.ts'
import { createRegistry } from './registry.ts'
import type { Registry } from './registry.ts'
import type { MachineGround } from './machine.ts'
import { createRuntimeCore } from './runtime_core.ts'
import type { RuntimeCore } from './runtime_core.ts'
import { createRuntimeView } from './runtime_view.ts'
import type { Witness } from './witness.ts'
import type { Signal } from './workload/process.ts'
import { createServiceRoutes, type ServiceRoutes } from './service_routes.ts'

export interface SimulatedRuntimeOptions {
  /** Where Pods get their addresses from. */
  readonly podCidr?: string
  /** Of the machine: Pods on the host's network listen here. */
  readonly nodeAddress?: string
  readonly latency?: RuntimeLatency
  /** How long an image takes to come, unless the registry is told otherwise. */
  readonly pullMs?: Range
  /** Images that are on the machine from the start. */
  readonly images?: readonly string[]
  /** Answers one complete name, as a DNS server does; search domains have been applied. Default: nothing resolves. */
  resolve?(name: string): Promise<readonly string[]>
  readonly fabric?: Fabric
  /** How long a node takes until it sends requests where the endpoints are now. */
  readonly programMs?: Range
  /** Told of everything that happens to containers. */
  readonly witness?: Witness
}

export interface SimulatedRuntime extends ContainerRuntime {
  /** The same runtime, for the next life of the process that uses it. */
  connect(host: Pick<Host, 'clock' | 'random'>): ContainerRuntime
  readonly registry: Registry
  readonly fabric: Fabric
  /** Of the machine, where its node ports are. */
  readonly nodeAddress: string
  /** Of the machine: where its containers' requests to Services go. */
  readonly serviceRoutes: ServiceRoutes
  /** Of the machine, above those of containers. */
  readonly cgroups: SimulatedCgroups
  /** The first process of each container that runs, as /proc would show it. */
  firstProcesses(): readonly FirstProcess[]
  /** What a scenario does to a container. */
  outOfMemory(containerId: string): void
  /** PID 1 is killed by somebody who is not the kubelet. */
  killContainer(containerId: string): void
  /** Power loss of the machine: every container ends, and its sandboxes are not ready any more. */
  rebootMachine(): void
  /** What all its containers use of the machine. */
  usage(): RuntimeUsage
}

export interface FirstProcess {
  readonly podUid: string
  readonly container: string
  /** Of the image. */
  readonly stopSignal: Signal
  /** Has a handler for it. */
  readonly isCaught: boolean
  readonly command: readonly string[]
}

export interface RuntimeUsage {
  /** Since the machine has started, of containers that are no more, too. */
  readonly cpuNanoSeconds: number
  readonly memoryBytes: number
  readonly processes: number
  readonly imagesBytes: number
  readonly imagesInodes: number
  readonly writableBytes: number
  readonly writableInodes: number
}

export function createSimulatedRuntime(host: Host & { readonly machine?: MachineGround }, options: SimulatedRuntimeOptions = {}): SimulatedRuntime {
  const { clock, random, disk, fabric }: { clock: Clock; random: Random; disk: Disk; fabric?: Fabric } = host.machine ?? host
  const ownRandom = random.fork('runtime')
  const network = options.fabric ?? fabric ?? createFabric({ clock, random: ownRandom.fork('network') })
  const nodeAddress = options.nodeAddress ?? '10.0.0.1'
  const serviceRoutes = createServiceRoutes({ clock, random: ownRandom.fork('service routes'), nodeAddress, programMs: options.programMs ?? PROGRAM_MS })
  const registry = createRegistry({ clock, random: ownRandom.fork('registry'), pullMs: options.pullMs ?? PULL_MS, preloaded: options.images ?? [] })
  const core: RuntimeCore = createRuntimeCore({
    clock,
    disk,
    random: ownRandom,
    fabric: network,
    routes: serviceRoutes,
    registry,
    note: text => host.machine?.note(text),
    witness: options.witness,
    latency: options.latency ?? CONTAINERD_LATENCY,
    podCidr: options.podCidr ?? '10.244.0.0/24',
    nodeAddress,
    resolve: options.resolve?.bind(options) ?? (async () => []),
  })
  const connect = (caller: Pick<Host, 'clock' | 'random'>) => createRuntimeView(core, { clock: caller.clock, random: caller.random.fork('runtime calls') })
  const need = (containerId: string) => {
    const container = core.containers.get(containerId)
    if (!container) throw new RuntimeError('NotFound', `no container ${containerId}`)
    return container
  }
  return {
    ...connect(host),
    connect,
    registry,
    fabric: network,
    nodeAddress,
    serviceRoutes,
    cgroups: createSimulatedCgroups(),
    firstProcesses: () =>
      [...core.containers.values()].flatMap(({ sandbox, config, guest, state, stopSignal }) => {
        const first = state === 'running' ? guest?.processes().find(({ pid }) => pid === 1) : undefined
        if (!first) return []
        return [
          { podUid: sandbox.config.metadata.uid, container: config.metadata.name, stopSignal, isCaught: first.catches(stopSignal), command: [...first.args] },
        ]
      }),
    outOfMemory: containerId => need(containerId).outOfMemory(),
    killContainer: containerId => need(containerId).kill(),
    rebootMachine: () => core.rebootMachine(),
    usage() {
      const all = [...core.containers.values()].map(container => container.usage())
      const images = registry.list()
      return {
        cpuNanoSeconds: core.cpuNanoSeconds(),
        memoryBytes: all.reduce((sum, each) => sum + each.memoryBytes, 0),
        processes: all.reduce((sum, each) => sum + each.processes, 0),
        imagesBytes: images.reduce((sum, image) => sum + image.sizeBytes, 0),
        imagesInodes: images.length * INODES_OF_IMAGE,
        writableBytes: all.reduce((sum, each) => sum + each.writableLayer.bytes, 0),
        writableInodes: all.reduce((sum, each) => sum + each.writableLayer.inodes, 0),
      }
    },
  }
}

const INODES_OF_IMAGE = 400
/** kube-proxy writes its rules once a second at most. */
const PROGRAM_MS: Range = [10, 1_000]
const PULL_MS: Range = [500, 2_500]
