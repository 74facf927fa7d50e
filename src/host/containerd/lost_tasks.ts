/**
 * Tasks (processes with their shim) of which containerd has no container any more: it was killed while it started them, or
 * removed a container whose start it had not seen to its end. Nobody else will ever end them.
 *
 *   bundle on disk or shim, no container, twice in a row ─▶ runc delete, shim killed, bundle removed
 */
import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../base/error_message.ts'
import type { Host } from '../../base/host.ts'
import { createCriClient } from '../cri/client.ts'
import { listOf, message, string } from '../cri/wire.ts'
import type { ContainerdPaths } from './config.ts'
import { createShimFinder, killShims } from './shims.ts'

/** The namespace that containerd's CRI part keeps everything in. */
const NAMESPACE = 'k8s.io'
/** Where shims listen, by a hash of whom they serve; no setting of containerd changes it. */
const SHIM_SOCKETS = '/run/containerd/s'

export interface LostTasks {
  /** Never throws: what cannot be done now is found again. */
  look(): Promise<void>
}

export function createLostTasks(paths: ContainerdPaths, host: Pick<Host, 'clock' | 'processes' | 'log'>): LostTasks {
  const bundles = join(paths.state, 'io.containerd.runtime.v2.task', NAMESPACE)
  const findShims = createShimFinder(paths.socket)
  let suspects: ReadonlySet<string> = new Set()

  /**
   * First bundles and shims: a container is recorded before they are made. One that just goes is suspected once. A call that
   * was cut off may leave a shim without a bundle.
   */
  async function withoutContainer(): Promise<string[]> {
    const ids = new Set([...(await readdir(bundles).catch(() => [])), ...(await findShims()).map(({ sandboxId }) => sandboxId)])
    if (ids.size === 0) return []
    const recorded = await listContainers(paths.socket)
    return [...ids].filter(id => !recorded.has(id))
  }

  async function remove(id: string): Promise<void> {
    await host.processes.run('runc', ['--root', join(paths.runc, NAMESPACE), 'delete', '--force', id], { timeoutMs: 10_000 })
    await killShims(paths.socket, host.clock, shim => shim.sandboxId === id)
    const bundle = join(bundles, id)
    await host.processes.run('umount', ['--lazy', join(bundle, 'rootfs')])
    await rm(bundle, { recursive: true, force: true })
    await rm(join(SHIM_SOCKETS, shimSocketName(paths.socket, id)), { force: true })
    host.log.warn('a task of which containerd had lost track was ended', { id })
  }

  return {
    async look() {
      try {
        const lost = await withoutContainer()
        const before = suspects
        suspects = new Set(lost)
        for (const id of lost) if (before.has(id)) await remove(id)
      } catch (error) {
        host.log.debug('lost tasks could not be looked for', { error: messageOf(error) })
      }
    },
  }
}

const shimSocketName = (socketPath: string, id: string): string =>
  createHash('sha256')
    .update(join(socketPath, NAMESPACE, id))
    .digest('hex')

const ListRequest = message({})
const ListResponse = message({ containers: listOf(1, message({ id: string(1) })) })

async function listContainers(socketPath: string): Promise<Set<string>> {
  const client = createCriClient(socketPath)
  try {
    const limits = { namespace: NAMESPACE, timeoutMs: 10_000 }
    const { containers } = await client.call('/containerd.services.containers.v1.Containers/List', ListRequest, ListResponse, {}, limits)
    return new Set(containers.map(({ id }) => id))
  } finally {
    client.close()
  }
}
