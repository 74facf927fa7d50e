/**
 * A disk in memory. It survives the crash of the process that uses it; with the `tornWrites` fault, a write that was
 * not yet synced may come out cut short after a crash, as on a real disk.
 */
import type { Clock } from '../base/clock.ts'
import { DiskError } from '../base/disk.ts'
import type { Disk, DiskUsage, FileInfo } from '../base/disk.ts'
import type { Random } from '../base/random.ts'

export interface MemoryDisk extends Disk {
  /** Something is there, and no link lies on the way to it or in its place. */
  isPlain(path: string): boolean
  /** Of everything on it, without waiting. */
  used(entriesMax: number): DiskUsage
  /** Power loss: with torn writes on, unsynced appends and writes may lose their end. */
  crash(): void
  setTornWrites(on: boolean): void
}

type Node = FileNode | DirectoryNode | LinkNode

interface Common {
  readonly inode: number
  mode: number
  uid: number
  gid: number
  modifiedMs: number
}
interface FileNode extends Common {
  readonly kind: 'file'
  bytes: Uint8Array
  size: number
  /** Bytes that no crash can take. */
  syncedSize: number
}
interface DirectoryNode extends Common {
  readonly kind: 'directory'
  readonly entries: Map<string, Node>
}
interface LinkNode extends Common {
  readonly kind: 'link'
  readonly target: string
}

const LINKS_MAX = 40
const encoder = new TextEncoder()

export function createMemoryDisk({ clock, random }: { clock: Pick<Clock, 'wall'>; random: Random }): MemoryDisk {
  let inodes = 1
  let tornWrites = false
  const watchers = new Map<string, Set<() => void>>()
  const unsynced = new Set<FileNode>()
  const common = (mode: number): Common => ({ inode: inodes++, mode, uid: 0, gid: 0, modifiedMs: clock.wall() })
  const directory = (mode = 0o755): DirectoryNode => ({ kind: 'directory', ...common(mode), entries: new Map() })
  const root = directory()

  /** The directory a path lies in, following links on the way, and the name in it. `parts` is the way without links. */
  const locate = (path: string, links = 0): { parent: DirectoryNode; name: string; node: Node | undefined; parts: readonly string[] } => {
    const parts = partsOf(path)
    const last = parts.length - 1
    if (last < 0) return { parent: root, name: '', node: root, parts }
    let parent = root
    for (let i = 0; i < last; i++) {
      const child = parent.entries.get(parts[i]!)
      if (!child) throw new DiskError('NotFound', `${path}: no such file or directory`)
      if (child.kind === 'link') {
        if (links >= LINKS_MAX) throw new DiskError('Other', `${path}: too many levels of symbolic links`)
        const target = child.target.startsWith('/') ? [child.target] : [...parts.slice(0, i), child.target]
        return locate(`/${[...target, ...parts.slice(i + 1)].join('/')}`, links + 1)
      }
      if (child.kind !== 'directory') throw new DiskError('NotADirectory', `${path}: not a directory`)
      parent = child
    }
    const name = parts[last]!
    return { parent, name, node: parent.entries.get(name), parts }
  }
  const find = (path: string): Node => {
    const { node } = locate(path)
    if (!node) throw new DiskError('NotFound', `${path}: no such file or directory`)
    return node
  }
  const findFile = (path: string): FileNode => {
    const node = find(path)
    if (node.kind === 'directory') throw new DiskError('IsADirectory', `${path}: is a directory`)
    if (node.kind === 'link') throw new DiskError('Other', `${path}: is a symbolic link`)
    return node
  }
  const changed = (parts: readonly string[]) => {
    if (watchers.size === 0) return
    for (const path of [pathOf(parts), pathOf(parts.slice(0, -1))]) for (const call of watchers.get(path) ?? []) call()
  }

  return {
    async readFile(path, { bytesMax = Infinity } = {}) {
      const file = findFile(path)
      return file.bytes.slice(0, Math.min(file.size, bytesMax))
    },
    async writeFile(path, data, { mode, append = false, sync = false } = {}) {
      const { parent, name, node, parts } = locate(path)
      if (node?.kind === 'directory' || name === '') throw new DiskError('IsADirectory', `${path}: is a directory`)
      if (node?.kind === 'link') throw new DiskError('Other', `${path}: is a symbolic link`)
      const bytes = typeof data === 'string' ? encoder.encode(data) : data
      const file: FileNode = node ?? { kind: 'file', ...common(mode ?? 0o644), bytes: new Uint8Array(0), size: 0, syncedSize: 0 }
      if (mode !== undefined) file.mode = mode
      if (append) appendTo(file, bytes)
      else {
        file.bytes = bytes.slice()
        file.size = bytes.length
        file.syncedSize = 0
      }
      if (sync) {
        file.syncedSize = file.size
        unsynced.delete(file)
      } else if (tornWrites) unsynced.add(file)
      file.modifiedMs = clock.wall()
      parent.entries.set(name, file)
      changed(parts)
    },
    async rename(from, to) {
      const source = locate(from)
      if (!source.node) throw new DiskError('NotFound', `${from}: no such file or directory`)
      const target = locate(to)
      if (target.node?.kind === 'directory') {
        if (source.node.kind !== 'directory') throw new DiskError('IsADirectory', `${to}: is a directory`)
        if (target.node.entries.size > 0) throw new DiskError('Exists', `${to}: directory not empty`)
      } else if (target.node && source.node.kind === 'directory') throw new DiskError('NotADirectory', `${to}: not a directory`)
      source.parent.entries.delete(source.name)
      target.parent.entries.set(target.name, source.node)
      changed(source.parts)
      changed(target.parts)
    },
    async makeDirectory(path, { mode } = {}) {
      let made = ''
      for (const part of partsOf(path)) {
        made += `/${part}`
        const { parent, name, node, parts } = locate(made)
        if (node === undefined) {
          parent.entries.set(name, directory())
          changed(parts)
        } else if (node.kind === 'file') throw new DiskError('NotADirectory', `${made}: not a directory`)
      }
      const last = locate(path).node
      if (mode !== undefined && last) last.mode = mode
    },
    async remove(path) {
      const parts = partsOf(path)
      if (parts.length === 0) throw new DiskError('AccessDenied', '/: cannot be removed')
      let found: ReturnType<typeof locate>
      try {
        found = locate(path)
      } catch (error) {
        if (error instanceof DiskError && error.code === 'NotFound') return
        throw error
      }
      if (found.parent.entries.delete(found.name)) changed(found.parts)
    },
    async symlink(target, path) {
      const { parent, name, node, parts } = locate(path)
      if (node) throw new DiskError('Exists', `${path}: file exists`)
      parent.entries.set(name, { kind: 'link', ...common(0o777), target })
      changed(parts)
    },
    async readLink(path) {
      const node = find(path)
      if (node.kind !== 'link') throw new DiskError('Other', `${path}: not a symbolic link`)
      return node.target
    },
    async stat(path) {
      try {
        const { node } = locate(path)
        return node && infoOf(node)
      } catch (error) {
        if (error instanceof DiskError && (error.code === 'NotFound' || error.code === 'NotADirectory')) return undefined
        throw error
      }
    },
    async list(path) {
      const node = find(path)
      if (node.kind !== 'directory') throw new DiskError('NotADirectory', `${path}: not a directory`)
      return [...node.entries.keys()].sort()
    },
    async usage(path, { entriesMax }) {
      try {
        const { node } = locate(path)
        return node && usageOf(node, entriesMax)
      } catch (error) {
        if (error instanceof DiskError && (error.code === 'NotFound' || error.code === 'NotADirectory')) return undefined
        throw error
      }
    },
    async changeMode(path, mode) {
      find(path).mode = mode
    },
    async changeOwner(path, uid, gid) {
      const node = find(path)
      node.uid = uid
      node.gid = gid
    },
    async readAt(path, offset, length) {
      const file = findFile(path)
      return file.bytes.slice(offset, Math.min(file.size, offset + length))
    },
    watch(path, call) {
      const real = pathOf(locate(path).parts)
      const calls = watchers.get(real) ?? new Set()
      watchers.set(real, calls.add(call))
      return {
        close() {
          calls.delete(call)
          if (calls.size === 0) watchers.delete(real)
        },
      }
    },
    used: entriesMax => usageOf(root, entriesMax),
    isPlain(path) {
      let node: Node | undefined = root
      for (const part of partsOf(path)) {
        if (node?.kind !== 'directory') return false
        node = node.entries.get(part)
      }
      return node !== undefined && node.kind !== 'link'
    },
    crash() {
      for (const file of unsynced) file.size = file.syncedSize + random.below(Math.max(1, file.size - file.syncedSize + 1))
      unsynced.clear()
      watchers.clear()
    },
    setTornWrites(on) {
      tornWrites = on
    },
  }
}

/** Doubles the room, so that a log that grows line by line costs no copy for each line. */
function appendTo(file: FileNode, bytes: Uint8Array): void {
  const size = file.size + bytes.length
  if (size > file.bytes.length) {
    const room = new Uint8Array(Math.max(size, file.bytes.length * 2, 256))
    room.set(file.bytes.subarray(0, file.size))
    file.bytes = room
  }
  file.bytes.set(bytes, file.size)
  file.size = size
}

function infoOf(node: Node): FileInfo {
  return {
    kind: node.kind,
    size: node.kind === 'file' ? node.size : node.kind === 'link' ? node.target.length : 4096,
    mode: node.mode,
    uid: node.uid,
    gid: node.gid,
    inode: node.inode,
    modifiedMs: node.modifiedMs,
  }
}

/** In blocks of 4 KiB, as of the usual filesystem. */
function usageOf(node: Node, entriesMax: number): DiskUsage {
  const usage = { bytes: 0, inodes: 0, isComplete: true }
  const waiting: Node[] = [node]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (usage.inodes >= entriesMax) return { ...usage, isComplete: false }
    usage.inodes++
    usage.bytes += next.kind === 'link' ? 0 : Math.ceil(infoOf(next).size / BLOCK_BYTES) * BLOCK_BYTES
    if (next.kind === 'directory') waiting.push(...next.entries.values())
  }
  return usage
}

const BLOCK_BYTES = 4096

const pathOf = (parts: readonly string[]): string => `/${parts.join('/')}`

function partsOf(path: string): string[] {
  if (!path.startsWith('/')) throw new DiskError('Other', `${path}: not an absolute path`)
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return parts
}
