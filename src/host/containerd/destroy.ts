/**
 * Takes away everything that a containerd of ours has brought onto this machine.
 */
import { readdir, rm } from 'node:fs/promises'
import { silentLog } from '../../base/log.ts'
import { createCriRuntime } from '../cri/runtime.ts'
import { mountsBelow } from '../mounts.ts'
import { containerdPaths } from './config.ts'
import { startContainerd } from './containerd.ts'
import type { ContainerdOptions } from './containerd.ts'
import { removeNetworkRecords } from './leftovers.ts'
import { removeMasquerade, removeTable } from './network.ts'
import { livingContainerd } from './process.ts'
import { killShims } from './shims.ts'

/**
 * Removes all Pods, ends containerd and deletes its state. A containerd that is not running is started for it: only it
 * knows which network namespaces and addresses are its own.
 */
export async function destroyContainerd(options: ContainerdOptions): Promise<void> {
  const { stateDirectory } = options
  const paths = containerdPaths(stateDirectory)
  if ((await livingContainerd(paths)) !== undefined || (await exists(paths.root))) {
    // What it lacks is of no interest any more.
    const containerd = await startContainerd({ ...options, host: { ...options.host, log: silentLog } })
    await removeAllPods(containerd.socketPath, options)
    await containerd.stop()
  }
  await clearRemains(options)
  await rm(stateDirectory, { recursive: true, force: true })
}

export type Remains = Pick<ContainerdOptions, 'stateDirectory' | 'networkName' | 'host'>

/** Once containerd has ended: what it was just starting, what it had mounted, and the rules for its network. */
export async function clearRemains({ stateDirectory, networkName, host }: Remains): Promise<void> {
  const paths = containerdPaths(stateDirectory)
  await killShims(paths.socket, host.clock)
  for (const mount of (await mountsBelow(stateDirectory)).toReversed()) await host.processes.run('umount', ['--lazy', mount])
  await removeNetworkRecords(paths, networkName)
  await removeMasquerade(networkName, host.processes)
  await removeTable(`${networkName}-proxy`, host.processes)
}

async function removeAllPods(socketPath: string, { host }: ContainerdOptions): Promise<void> {
  const none = () => Promise.reject(new Error('not while everything is being removed'))
  const runtime = createCriRuntime({ socketPath, clock: host.clock, log: silentLog, openRemoteCommand: none, openPortForward: none })
  try {
    await Promise.all(
      (await runtime.listPodSandboxes()).map(async ({ id }) => {
        try {
          await runtime.stopPodSandbox(id)
          await runtime.removePodSandbox(id)
        } catch (error) {
          host.log.warn('a sandbox could not be removed', { sandbox: id, error })
        }
      }),
    )
  } finally {
    await runtime.close()
  }
}

const exists = (path: string) =>
  readdir(path).then(
    () => true,
    () => false,
  )
