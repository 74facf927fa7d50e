/** The tour's image. A first look at Poise must not depend on a registry that may not be reachable. */
import { withBusyboxArchive } from '../host/containerd/busybox_image.ts'
import type { NodeRuntime } from './runtimes.ts'

const BUSYBOX = 'docker.io/library/busybox:1.28'

export async function provideTourImages({ runtime, containerd }: NodeRuntime, note: (text: string) => void): Promise<void> {
  if (!containerd || (await runtime.imageStatus(BUSYBOX))) return
  await withBusyboxArchive([BUSYBOX], file => containerd.loadImage(file))
  note("Made the image busybox:1.28 from this machine's own busybox; no registry was asked.")
}

export const describeImages = ({ kind }: NodeRuntime): string =>
  kind === 'containerd' ? 'real containers (containerd and runc)' : 'simulated containers (no root needed)'
