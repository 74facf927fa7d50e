/** A path of the machine itself, checked to be what the manifest says it is. */
import type { Volume } from '../../api/types/volume.ts'
import type { Disk } from '../../base/disk.ts'

const EXPECTED = {
  Directory: ['directory', 'a directory'],
  File: ['file', 'a file'],
  Socket: ['socket', 'a socket file'],
  CharDevice: ['characterDevice', 'a character device'],
  BlockDevice: ['blockDevice', 'a block device'],
} as const

export async function prepareHostPath(disk: Disk, { path, type }: NonNullable<Volume['hostPath']>): Promise<string> {
  if (type === '') return path
  const info = await kindBehindLinks(disk, path)
  if (type === 'DirectoryOrCreate' || type === 'FileOrCreate') {
    const kind = type === 'FileOrCreate' ? 'file' : 'directory'
    if (info && info !== kind) throw new Error(`hostPath type check failed: ${path} is not ${kind === 'file' ? 'a file' : 'a directory'}`)
    if (!info && kind === 'file') await disk.writeFile(path, '', { mode: 0o644 })
    if (!info && kind === 'directory') await disk.makeDirectory(path, { mode: 0o755 })
    return path
  }
  const [kind, words] = EXPECTED[type as keyof typeof EXPECTED]
  if (info !== kind) throw new Error(`hostPath type check failed: ${path} is not ${words}`)
  return path
}

const LINKS_MAX = 40

/** The machine's owner may use links in paths of the machine. */
export async function kindBehindLinks(disk: Disk, path: string): Promise<string | undefined> {
  let at = path
  for (let links = 0; links < LINKS_MAX; links++) {
    const info = await disk.stat(at)
    if (info?.kind !== 'link') return info?.kind
    const target = await disk.readLink(at)
    at = target.startsWith('/') ? target : `${at.slice(0, at.lastIndexOf('/'))}/${target}`
  }
  return undefined
}
