/**
 * The files as the processes of one container see them: its own root in memory, and over it the mounts, which lead to
 * the machine's disk. Links are resolved here, part by part, so that a link in a volume never leads out of the container.
 */
import { decodeText } from '../../base/bytes.ts'
import { DiskError } from '../../base/disk.ts'
import type { Disk, FileInfo } from '../../base/disk.ts'
import type { MemoryDisk } from '../disk.ts'

export interface ContainerFiles {
  /** Undefined when there is none. Follows links. */
  stat(path: string): Promise<FileInfo | undefined>
  read(path: string): Promise<string>
  write(path: string, text: string, options?: { append?: boolean }): Promise<void>
  list(path: string): Promise<string[]>
  /** False when there was nothing. */
  remove(path: string): Promise<boolean>
  makeDirectory(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  symlink(target: string, path: string): Promise<void>
  changeMode(path: string, mode: number): Promise<void>
}

export interface FileMount {
  readonly containerPath: string
  readonly hostPath: string
  readonly readOnly: boolean
}

export class ReadOnlyError extends Error {
  override readonly name = 'ReadOnlyError'
}

const LINKS_MAX = 40

export function createContainerFiles(root: MemoryDisk, rootReadOnly: boolean, disk: Disk, mounts: readonly FileMount[]): ContainerFiles {
  const byDepth = mounts
    .toSorted((a, b) => b.containerPath.length - a.containerPath.length)
    .map(mount => ({ ...mount, at: mount.containerPath.replace(/\/+$/, '') }))

  const place = (path: string): { disk: Disk; path: string; readOnly: boolean } => {
    for (const mount of byDepth) {
      const { at } = mount
      if (!path.startsWith(at)) continue
      if (path === at) return { disk, path: mount.hostPath, readOnly: mount.readOnly }
      if (path[at.length] === '/') return { disk, path: `${mount.hostPath}${path.slice(at.length)}`, readOnly: mount.readOnly }
    }
    return { disk: root, path, readOnly: rootReadOnly }
  }

  /** The path without links; the last part's link is left when `keepLast`. */
  const resolve = async (path: string, keepLast = false, links = 0): Promise<string> => {
    const asked = normalized(path)
    // Most paths are plain ones, and servers ask for the same again and again.
    if (place(asked).disk === root && root.isPlain(asked)) return asked
    const parts = asked.split('/').slice(1)
    let real = ''
    for (const [i, part] of parts.entries()) {
      const next = `${real}/${part}`
      const isLast = i === parts.length - 1
      if (isLast && keepLast) return next
      const at = place(next)
      const info = await at.disk.stat(at.path)
      if (info?.kind === 'link') {
        if (links >= LINKS_MAX) throw new DiskError('Other', `${path}: too many levels of symbolic links`)
        const target = await at.disk.readLink(at.path)
        const onward = target.startsWith('/') ? target : `${real}/${target}`
        return resolve([onward, ...parts.slice(i + 1)].join('/'), keepLast, links + 1)
      }
      real = next
    }
    return real === '' ? '/' : real
  }
  const at = async (path: string, keepLast = false) => place(await resolve(path, keepLast))
  const writable = async (path: string, keepLast = false) => {
    const target = await at(path, keepLast)
    if (target.readOnly) throw new ReadOnlyError('Read-only file system')
    return target
  }

  return {
    async stat(path) {
      const target = await at(path)
      return target.disk.stat(target.path)
    },
    async read(path) {
      const target = await at(path)
      return decodeText(await target.disk.readFile(target.path))
    },
    async write(path, text, { append = false } = {}) {
      const target = await writable(path)
      await target.disk.writeFile(target.path, text, { append })
    },
    async list(path) {
      const directory = await resolve(path)
      const target = place(directory)
      const names = new Set(await target.disk.list(target.path))
      for (const mount of mounts) {
        const cut = mount.containerPath.lastIndexOf('/')
        if ((mount.containerPath.slice(0, cut) || '/') === directory) names.add(mount.containerPath.slice(cut + 1))
      }
      return [...names].sort()
    },
    async remove(path) {
      const target = await writable(path, true)
      if (!(await target.disk.stat(target.path))) return false
      await target.disk.remove(target.path)
      return true
    },
    async makeDirectory(path) {
      const target = await writable(path)
      await target.disk.makeDirectory(target.path)
    },
    async rename(from, to) {
      const [source, target] = [await writable(from, true), await writable(to, true)]
      if (source.disk === target.disk) return source.disk.rename(source.path, target.path)
      await target.disk.writeFile(target.path, await source.disk.readFile(source.path))
      await source.disk.remove(source.path)
    },
    async symlink(target, path) {
      const link = await writable(path, true)
      await link.disk.symlink(target, link.path)
    },
    async changeMode(path, mode) {
      const target = await writable(path)
      await target.disk.changeMode(target.path, mode)
    },
  }
}

/** Absolute, without `.`, `..` and doubled slashes. */
export function normalized(path: string, cwd = '/'): string {
  if (path.startsWith('/') && !path.includes('//') && !path.includes('/.') && (path === '/' || !path.endsWith('/'))) return path
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** What the C library says of a failed file operation. */
export function errorText(error: unknown): string {
  if (error instanceof ReadOnlyError) return error.message
  if (!(error instanceof DiskError)) throw error
  switch (error.code) {
    case 'NotFound':
      return 'No such file or directory'
    case 'Exists':
      return 'File exists'
    case 'NotADirectory':
      return 'Not a directory'
    case 'IsADirectory':
      return 'Is a directory'
    case 'AccessDenied':
      return 'Permission denied'
    case 'NoSpace':
      return 'No space left on device'
    default:
      return error.message
  }
}
