/** The root filesystem of a container: its image's files, and those the runtime writes for its Pod. */
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { createMemoryDisk } from './disk.ts'
import type { MemoryDisk } from './disk.ts'
import type { SandboxRecord } from './sandbox.ts'
import type { ImageModel } from './workload/images.ts'

const DIRECTORIES = [
  '/bin',
  '/dev',
  '/etc',
  '/home',
  '/proc',
  '/root',
  '/run',
  '/tmp',
  '/usr/bin',
  '/usr/share',
  '/usr/local/bin',
  '/var/log',
  '/var/run',
  '/mnt',
  '/data',
]

export async function createContainerRoot(
  image: ImageModel,
  { config: { dns, hostname }, ip }: SandboxRecord,
  parts: { clock: Clock; random: Random },
): Promise<MemoryDisk> {
  const root = createMemoryDisk(parts)
  for (const directory of DIRECTORIES) await root.makeDirectory(directory)
  for (const [path, text] of Object.entries(image.files)) {
    if (path.endsWith('/')) await root.makeDirectory(path)
    else await root.writeFile(path, text)
  }
  await root.writeFile('/etc/hostname', `${hostname}\n`)
  await root.writeFile('/etc/hosts', `127.0.0.1\tlocalhost\n${ip}\t${hostname}\n`)
  if (dns)
    await root.writeFile(
      '/etc/resolv.conf',
      [
        ...(dns.searches.length > 0 ? [`search ${dns.searches.join(' ')}`] : []),
        ...dns.servers.map(server => `nameserver ${server}`),
        ...(dns.options.length > 0 ? [`options ${dns.options.join(' ')}`] : []),
        '',
      ].join('\n'),
    )
  return root
}
