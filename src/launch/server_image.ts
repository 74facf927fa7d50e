/** The image of servers with manners, on every node of a cluster that lacks it. */
import { SERVER_IMAGE } from '../base/server_settings.ts'
import type { Containerd } from '../host/containerd/containerd.ts'
import { serverImageArchive } from '../host/containerd/server_image.ts'
import type { ClusterRuntime } from './node_runtime.ts'

/** Simulated nodes know it by name. The archive is kept below `cacheDirectory` for the next cluster. */
export async function provideServerImage({ nodes }: ClusterRuntime, cacheDirectory: string): Promise<void> {
  const lacking: Containerd[] = []
  for (const { runtime, containerd } of nodes) if (containerd && !(await runtime.imageStatus(SERVER_IMAGE))) lacking.push(containerd)
  if (lacking.length === 0) return
  const archive = await serverImageArchive(cacheDirectory)
  await Promise.all(lacking.map(containerd => containerd.loadImage(archive)))
}
