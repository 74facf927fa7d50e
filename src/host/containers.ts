/**
 * The way to real containers. It is loaded by who takes it: gRPC and containerd's messages are a fifth of the time to
 * a cluster's first answer, and simulated containers need none of them.
 */
import type { Containerd, ContainerdOptions } from './containerd/containerd.ts'
import type { CriRuntimeOptions } from './cri/runtime.ts'
import type { ContainerRuntime } from '../runtime/runtime.ts'

export interface RealContainers {
  startContainerd(options: ContainerdOptions): Promise<Containerd>
  createCriRuntime(options: Omit<CriRuntimeOptions, 'openRemoteCommand' | 'openPortForward'>): ContainerRuntime
}

export async function loadRealContainers(): Promise<RealContainers> {
  const [{ startContainerd }, { createCriRuntime }, { openPortForward, openRemoteCommand }] = await Promise.all([
    import('./containerd/containerd.ts'), import('./cri/runtime.ts'), import('./streaming/client.ts'),
  ])
  return { startContainerd, createCriRuntime: options => createCriRuntime({ ...options, openRemoteCommand, openPortForward }) }
}
