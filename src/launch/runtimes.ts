/** What containers run in: containerd where it can be had, the simulated runtime otherwise. */
import { inspectMachine, MachineNotReady } from '../host/containerd/machine.ts'
import { connectContainerdNode, startContainerdNodes } from './containerd_nodes.ts'
import type { ClusterRuntime, RuntimeParts } from './node_runtime.ts'
import { startSimulatedNodes } from './simulated_nodes.ts'

/** `auto`, `containerd`, `containerd=/run/containerd/containerd.sock` (one that is running already), `simulated`. */
export type RuntimeChoice =
  | { readonly is: 'auto' }
  | { readonly is: 'containerd' }
  | { readonly is: 'socket'; readonly path: string }
  | { readonly is: 'simulated' }

export function parseRuntimeChoice(text: string): RuntimeChoice | undefined {
  if (text === 'auto' || text === 'containerd' || text === 'simulated') return { is: text }
  if (text.startsWith('containerd=/')) return { is: 'socket', path: text.slice('containerd='.length) }
  return undefined
}

export async function startRuntimes(choice: RuntimeChoice, parts: RuntimeParts): Promise<ClusterRuntime> {
  switch (choice.is) {
    case 'simulated':
      return startSimulatedNodes(parts, undefined)
    case 'socket':
      return connectContainerdNode(parts, choice.path)
    case 'containerd':
      return startContainerdNodes(parts)
    case 'auto':
      try {
        await inspectMachine()
      } catch (error) {
        if (error instanceof MachineNotReady) return startSimulatedNodes(parts, error.message)
        throw error
      }
      return startContainerdNodes(parts)
  }
}
