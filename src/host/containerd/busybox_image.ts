/** A busybox image made from this machine's static busybox: for a first Pod where no registry can be reached. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ociArchive } from './oci_archive.ts'
import { staticBusybox } from './pause_image.ts'
import type { TarEntry } from './tar.ts'

export const IMAGE_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export async function buildBusyboxImage(names: readonly string[]): Promise<Buffer> {
  return ociArchive({ names, files: await busyboxFiles(), config: { Cmd: ['sh'], Env: [IMAGE_PATH] } })
}

/** A root with all of busybox' applets in it. */
export async function busyboxFiles(): Promise<TarEntry[]> {
  const { path, binary } = await staticBusybox()
  const { stdout } = await promisify(execFile)(path, ['--list'])
  const links = stdout
    .split('\n')
    .filter(applet => applet && applet !== 'busybox')
    .map((applet): TarEntry => ({ name: `bin/${applet}`, linkTo: 'busybox' }))
  const text = (content: string) => new TextEncoder().encode(content)
  return [
    { name: 'bin/' },
    { name: 'bin/busybox', data: binary, mode: 0o755 },
    ...links,
    { name: 'etc/' },
    { name: 'etc/passwd', data: text('root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n') },
    { name: 'etc/group', data: text('root:x:0:\nnogroup:x:65534:\n') },
    { name: 'root/', mode: 0o700 },
    { name: 'tmp/', mode: 0o1777 },
    { name: 'var/' },
  ]
}

/** Writes the archive, hands its path to `use`, and removes it. */
export async function withBusyboxArchive<T>(names: readonly string[], use: (file: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'poise-image-'))
  try {
    const file = join(directory, 'busybox.tar')
    await writeFile(file, await buildBusyboxImage(names))
    return await use(file)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
