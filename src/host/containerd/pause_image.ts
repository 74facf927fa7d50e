/**
 * The image of a sandbox's own container, which holds the Pod's namespaces open: made here from the machine's static
 * busybox, so that a Pod can start where no registry can be reached.
 */
import { readFile } from 'node:fs/promises'
import { isStatic } from './elf.ts'
import { ociArchive } from './oci_archive.ts'

export const PAUSE_IMAGE = 'poise.local/pause:1'

const BUSYBOX = ['/bin/busybox', '/usr/bin/busybox']

/**
 * It ends at once when it is told to, and `wait` also collects the orphans of a Pod whose containers share one
 * process namespace, where it is process 1.
 */
const WAIT_FOR_EVER = 'trap "exit 0" TERM INT; while :; do sleep 2147483647 & wait; done'

/** An archive in OCI's image layout. */
export async function buildPauseImage(): Promise<Buffer> {
  return ociArchive({
    names: [PAUSE_IMAGE],
    files: [
      { name: 'bin/' },
      { name: 'bin/busybox', data: (await staticBusybox()).binary, mode: 0o755 },
      { name: 'bin/sh', linkTo: 'busybox' },
      { name: 'bin/sleep', linkTo: 'busybox' },
    ],
    config: { Entrypoint: ['/bin/sh', '-c', WAIT_FOR_EVER], Env: ['PATH=/bin'], User: '65535:65535' },
  })
}

export async function staticBusybox(): Promise<{ path: string; binary: Buffer }> {
  for (const path of BUSYBOX) {
    const binary = await readFile(path).catch(() => undefined)
    if (binary && isStatic(binary)) return { path, binary }
  }
  throw new Error("no static busybox on this machine: it is needed to hold a Pod's namespaces open. Next: apt-get install busybox-static")
}
