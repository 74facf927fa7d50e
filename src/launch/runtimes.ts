/** The container runtime of a node: containerd where it can be had, the simulated one otherwise. */
import type { Host } from '../base/host.ts'
import type { AddressRanges } from '../host/address_ranges.ts'
import { startContainerd, type Containerd } from '../host/containerd/containerd.ts'
import { inspectMachine, MachineNotReady } from '../host/containerd/machine.ts'
import { createCriRuntime } from '../host/cri/runtime.ts'
import { openPortForward, openRemoteCommand } from '../host/streaming/client.ts'
import type { ContainerRuntime } from '../runtime/runtime.ts'
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

export async function startRuntime(choice: RuntimeChoice, host: Host, ranges: AddressRanges, stateDirectory: string): Promise<NodeRuntime> {
  switch (choice.is) {
    case 'simulated':
      return simulated(host, undefined)
    case 'socket':
      return overSocket(host, choice.path)
    case 'containerd':
      return ownContainerd(host, ranges, stateDirectory)
    case 'auto':
      try {
        await inspectMachine()
      } catch (error) {
        if (error instanceof MachineNotReady) return simulated(host, error.message)
        throw error
      }
      return ownContainerd(host, ranges, stateDirectory)
  }
}

async function ownContainerd(host: Host, { podCidr, networkName }: AddressRanges, stateDirectory: string): Promise<NodeRuntime> {
  const containerd = await startContainerd({ stateDirectory, podCidr, networkName, host })
  const runtime = createCriRuntime({
    socketPath: containerd.socketPath, clock: host.clock, log: host.log, openRemoteCommand, openPortForward, hostPortHandler: containerd.hostPortHandler,
  })
  return {
    kind: 'containerd', runtime, containerd,
    socketPath: containerd.socketPath,
    note: undefined,
    async close() {
      await runtime.close()
      await containerd.close()
    },
  }
}

async function overSocket(host: Host, socketPath: string): Promise<NodeRuntime> {
  const runtime = createCriRuntime({ socketPath, clock: host.clock, log: host.log, openRemoteCommand, openPortForward })
  await runtime.version()
  return { kind: 'containerd', runtime, containerd: undefined, socketPath, note: undefined, close: () => runtime.close() }
}

function simulated(host: Host, note: string | undefined): NodeRuntime {
  const runtime = createSimulatedRuntime(host)
  return { kind: 'simulated', runtime, containerd: undefined, socketPath: undefined, note, close: () => runtime.close() }
}
