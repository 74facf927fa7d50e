/**
 * The way to real containers. It is loaded by who takes it: gRPC and containerd's messages are a fifth of the time to
 * a cluster's first answer, and simulated containers need none of them.
 */
import type { Containerd, ContainerdOptions } from './containerd/containerd.ts'
import type { Remains } from './containerd/destroy.ts'
import type { CriRuntimeOptions } from './cri/runtime.ts'
import type { readSignalHabits } from './signal_habits.ts'
import type { ContainerRuntime } from '../runtime/runtime.ts'

export interface RealContainers {
  startContainerd(options: ContainerdOptions): Promise<Containerd>
  /** Once containerd has ended: what it was just starting, what it had mounted, and the rules for its network. */
  clearRemains(options: Remains): Promise<void>
  createCriRuntime(options: Omit<CriRuntimeOptions, 'openRemoteCommand' | 'openPortForward'>): ContainerRuntime
  readSignalHabits: typeof readSignalHabits
}

export async function loadRealContainers(): Promise<RealContainers> {
  const [{ startContainerd }, { clearRemains }, { createCriRuntime }, { openPortForward, openRemoteCommand }, { readSignalHabits }] = await Promise.all([
    import('./containerd/containerd.ts'),
    import('./containerd/destroy.ts'),
    import('./cri/runtime.ts'),
    import('./streaming/client.ts'),
    import('./signal_habits.ts'),
  ])
  return { startContainerd, clearRemains, createCriRuntime: options => createCriRuntime({ ...options, openRemoteCommand, openPortForward }), readSignalHabits }
}
