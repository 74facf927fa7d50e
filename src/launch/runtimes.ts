/** The container runtime of a node: containerd where it can be had, the simulated one otherwise. */
import { messageOf } from '../base/error_message.ts'
import type { Backends } from '../apiserver/subresources/workload_proxy.ts'
import type { Host } from '../base/host.ts'
import type { AddressRanges } from '../host/address_ranges.ts'
import { forgetFlows } from '../host/conntrack.ts'
import type { Containerd } from '../host/containerd/containerd.ts'
import { inspectMachine, MachineNotReady } from '../host/containerd/machine.ts'
import { loadRealContainers } from '../host/containers.ts'
import { createMachineStats } from '../host/machine_stats.ts'
import { createBackends } from '../host/http/backends.ts'
import { runNft } from '../host/nftables.ts'
import type { Machine } from '../kubelet/node/machine.ts'
import type { MachineStats } from '../kubelet/stats/machine_stats.ts'
import { createNftablesRules } from '../network/proxy/nftables.ts'
import type { RuleProgrammer } from '../network/proxy/proxy.ts'
import type { ContainerRuntime } from '../runtime/runtime.ts'
import { createSimulatedBackends } from '../sim/backends.ts'
import { createSimulatedMachineStats } from '../sim/machine_stats.ts'
import { createPretendedMounts } from '../sim/mounts.ts'
import { createSimulatedRuntime } from '../sim/runtime.ts'

/** `auto`, `containerd`, `containerd=/run/containerd/containerd.sock` (one that is running already), `simulated`. */
export type RuntimeChoice =
  | { readonly is: 'auto' }
  | { readonly is: 'containerd' }
  | { readonly is: 'socket'; readonly path: string }
  | { readonly is: 'simulated' }

export interface NodeRuntime {
  readonly kind: 'containerd' | 'simulated'
  readonly runtime: ContainerRuntime
  readonly containerd: Containerd | undefined
  readonly socketPath: string | undefined
  /** The machine as the node's kubelet sees it: with simulated containers, probes go to the simulated network. */
  readonly host: Host
  /** What its machine uses: with simulated containers, a machine that does what they do. */
  machineStats(machine: Machine): MachineStats
  /** Where its Pods' requests to Services are sent on their way. */
  readonly serviceRules: RuleProgrammer
  /** The way to what its Pods serve. */
  readonly backends: Backends
  /** Why `auto` did not take real containers. */
  readonly note: string | undefined
  /** Leaves containers as they are. */
  close(): Promise<void>
}

export function parseRuntimeChoice(text: string): RuntimeChoice | undefined {
  if (text === 'auto' || text === 'containerd' || text === 'simulated') return { is: text }
  if (text.startsWith('containerd=/')) return { is: 'socket', path: text.slice('containerd='.length) }
  return undefined
}

export interface RuntimeParts {
  readonly host: Host
  readonly ranges: AddressRanges
  /** Of containerd, if one is started. */
  readonly stateDirectory: string
  /** The cluster's name server, for simulated containers; real ones ask it over the network. */
  resolve(name: string): Promise<readonly string[]>
}

export async function startRuntime(choice: RuntimeChoice, parts: RuntimeParts): Promise<NodeRuntime> {
  switch (choice.is) {
    case 'simulated':
      return simulated(parts, undefined)
    case 'socket':
      return overSocket(parts, choice.path)
    case 'containerd':
      return ownContainerd(parts)
    case 'auto':
      try {
        await inspectMachine()
      } catch (error) {
        if (error instanceof MachineNotReady) return simulated(parts, error.message)
        throw error
      }
      return ownContainerd(parts)
  }
}

async function ownContainerd({ host, ranges, stateDirectory }: RuntimeParts): Promise<NodeRuntime> {
  const { podCidr, networkName } = ranges
  const { startContainerd, clearRemains, createCriRuntime } = await loadRealContainers()
  const started = await startContainerd({ stateDirectory, podCidr, networkName, host })
  const containerd: Containerd = {
    ...started,
    get pid() {
      return started.pid
    },
    async stop() {
      await started.stop()
      await clearRemains({ stateDirectory, networkName, host })
    },
  }
  const { socketPath, hostPortHandler, pinnedImages } = containerd
  const runtime = createCriRuntime({ socketPath, clock: host.clock, log: host.log, hostPortHandler, pinnedImages })
  return {
    kind: 'containerd',
    runtime,
    containerd,
    host,
    socketPath: containerd.socketPath,
    machineStats: () => createMachineStats(),
    serviceRules: serviceRules(ranges, host),
    backends: createBackends(),
    note: undefined,
    async close() {
      await runtime.close()
      await containerd.close()
    },
  }
}

async function overSocket({ host, ranges }: RuntimeParts, socketPath: string): Promise<NodeRuntime> {
  const { createCriRuntime } = await loadRealContainers()
  // Its images are somebody else's: none is removed there, however full the disk.
  const runtime = createCriRuntime({ socketPath, clock: host.clock, log: host.log, pinnedImages: async () => 'all' })
  await runtime.version().catch(async (error: unknown) => {
    await runtime.close()
    throw new MachineNotReady(
      `no container runtime answers at ${socketPath}: ${messageOf(error)}. Next: start it, or let Poise start its own with --runtime containerd`,
    )
  })
  return {
    kind: 'containerd',
    runtime,
    containerd: undefined,
    host,
    socketPath,
    machineStats: () => createMachineStats(),
    serviceRules: serviceRules(ranges, host),
    backends: createBackends(),
    note: undefined,
    close: () => runtime.close(),
  }
}

const serviceRules = ({ networkName, podCidr, serviceCidr }: AddressRanges, { processes, log }: Host): RuleProgrammer =>
  createNftablesRules(
    { table: `${networkName}-proxy`, podCidr, serviceCidr, nodePortsFrom: podCidr },
    transaction => runNft(processes, transaction),
    flows => forgetFlows(processes, flows, log.child({ component: 'proxy' })),
  )

/** In virtual time an image takes as long as from a registry; here somebody waits for it. */
const PULL_MS = [50, 150] as const
/** As long as nft takes. */
const PROGRAM_MS = [2, 20] as const

function simulated({ host, ranges, resolve }: RuntimeParts, note: string | undefined): NodeRuntime {
  const runtime = createSimulatedRuntime(host, { podCidr: ranges.podCidr, resolve, pullMs: PULL_MS, programMs: PROGRAM_MS })
  const network = runtime.fabric.attach({ clock: host.clock, random: host.random.fork('pod network') })
  return {
    kind: 'simulated',
    runtime,
    containerd: undefined,
    socketPath: undefined,
    host: { ...host, network, mounts: createPretendedMounts(host.disk) },
    machineStats: machine => createSimulatedMachineStats({ clock: host.clock, machine, runtime }),
    serviceRules: runtime.serviceRoutes,
    backends: createSimulatedBackends(network),
    note,
    async close() {
      // These containers live in this process: a `sleep 3600` in one of them would keep it from ending.
      runtime.rebootMachine()
      await runtime.close()
    },
  }
}
