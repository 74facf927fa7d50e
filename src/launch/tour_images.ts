/** The tour's image. A first look at Poise must not depend on a registry that may not be reachable. */
import { withBusyboxArchive } from '../host/containerd/busybox_image.ts'
import type { Containerd } from '../host/containerd/containerd.ts'
import type { ClusterRuntime } from './node_runtime.ts'

const BUSYBOX = 'docker.io/library/busybox:1.28'

export async function provideTourImages({ nodes }: ClusterRuntime, note: (text: string) => void): Promise<void> {
  const lacking: Containerd[] = []
  for (const { runtime, containerd } of nodes) if (containerd && !(await runtime.imageStatus(BUSYBOX))) lacking.push(containerd)
  if (lacking.length === 0) return
  await withBusyboxArchive([BUSYBOX], async file => {
    for (const containerd of lacking) await containerd.loadImage(file)
  })
  note("Made the image busybox:1.28 from this machine's own busybox; no registry was asked.")
}

export const describeImages = ({ kind }: ClusterRuntime): string =>
  kind === 'containerd' ? 'real containers (containerd and runc)' : 'simulated containers (no root needed)'
