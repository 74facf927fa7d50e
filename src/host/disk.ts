/**
 * The machine's files.
 *
 * A symbolic link in the last part of a path is an error on reading and writing (ELOOP, from O_NOFOLLOW) and is
 * itself what `stat`, `remove`, `changeOwner` and `rename` act on.
 */
import { watch as watchPath, constants, type BigIntStats, type Stats } from 'node:fs'
import { chmod, lchown, lstat, mkdir, open, readdir, readlink, rename, rm, symlink, type FileHandle } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { diskUsage } from './disk_usage.ts'
import { DiskError, type Disk, type FileInfo } from '../base/disk.ts'

export function createDisk(): Disk {
  return {
    readFile: (path, { bytesMax } = {}) =>
      translated(() =>
        withFile(path, constants.O_RDONLY | constants.O_NONBLOCK, undefined, async file => {
          if (bytesMax === undefined) return file.readFile()
          return readFrom(file, 0, bytesMax)
        }),
      ),
    writeFile: (path, data, { mode, append = false, sync = false } = {}) =>
      translated(() => {
        const flags = constants.O_WRONLY | constants.O_CREAT | (append ? constants.O_APPEND : constants.O_TRUNC)
        return withFile(path, flags, mode, async file => {
          await file.writeFile(data)
          // open() applies the umask, and leaves the mode of a file that was there before.
          if (mode !== undefined) await file.chmod(mode)
          if (sync) await file.sync()
        })
      }),
    rename: (from, to) => translated(() => rename(from, to)),
    makeDirectory: (path, { mode } = {}) => translated(() => makeDirectory(path, mode)),
    remove: path => translated(() => rm(path, { recursive: true, force: true, maxRetries: 3 })),
    symlink: (target, path) => translated(() => symlink(target, path)),
    readLink: path => translated(() => readlink(path)),
    stat: path => translated(() => stat(path)),
    list: path => translated(async () => (await readdir(path)).sort()),
    usage: (path, { entriesMax }) => translated(() => diskUsage(path, entriesMax)),
    changeMode: (path, mode) => translated(() => changeMode(path, mode)),
    changeOwner: (path, uid, gid) => translated(() => lchown(path, uid, gid)),
    readAt: (path, offset, length) =>
      translated(() => withFile(path, constants.O_RDONLY | constants.O_NONBLOCK, undefined, file => readFrom(file, offset, length))),
    watch,
  }
}

const CODES: Readonly<Record<string, DiskError['code']>> = {
  ENOENT: 'NotFound',
  EEXIST: 'Exists',
  ENOTEMPTY: 'Exists',
  ENOTDIR: 'NotADirectory',
  EISDIR: 'IsADirectory',
  EACCES: 'AccessDenied',
  EPERM: 'AccessDenied',
  EROFS: 'AccessDenied',
  ENOSPC: 'NoSpace',
  EDQUOT: 'NoSpace',
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toDiskError(error)
  }
}

function toDiskError(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  return new DiskError(CODES[String(error.code)] ?? 'Other', error.message)
}

async function withFile<T>(path: string, flags: number, mode: number | undefined, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, flags | constants.O_NOFOLLOW, mode ?? 0o666)
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}

async function readFrom(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.alloc(Math.min(length, await lengthLeft(file, offset)))
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

/** So that a generous limit does not allocate what a small file will never fill. Files of /proc say 0 and are not empty. */
async function lengthLeft(file: FileHandle, offset: number): Promise<number> {
  const { size } = await file.stat()
  return size === 0 ? 64 * 1024 : Math.max(0, size - offset)
}

/** Parents that are missing get the usual mode (0777 less the umask), never this one: 0777 is meant for the last alone. */
async function makeDirectory(path: string, mode: number | undefined): Promise<void> {
  await mkdir(path, { recursive: true })
  if (mode !== undefined) await changeMode(path, mode)
}

async function stat(path: string): Promise<FileInfo | undefined> {
  try {
    const found = await lstat(path)
    return {
      kind: kindOf(found),
      size: found.size,
      mode: found.mode & 0o7777,
      uid: found.uid,
      gid: found.gid,
      inode: found.ino,
      modifiedMs: found.mtimeMs,
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined
    throw error
  }
}

function kindOf(found: Stats | BigIntStats): FileInfo['kind'] {
  if (found.isFile()) return 'file'
  if (found.isDirectory()) return 'directory'
  if (found.isSymbolicLink()) return 'link'
  if (found.isSocket()) return 'socket'
  if (found.isCharacterDevice()) return 'characterDevice'
  if (found.isBlockDevice()) return 'blockDevice'
  return 'other'
}

/** chmod by path would follow a link that somebody puts there: so through a descriptor, wherever one can be had. */
async function changeMode(path: string, mode: number): Promise<void> {
  try {
    await withFile(path, constants.O_RDONLY | constants.O_NONBLOCK, undefined, file => file.chmod(mode))
  } catch (error) {
    // Sockets cannot be opened, nor files that deny reading to us.
    const closed = error instanceof Error && 'code' in error && (error.code === 'ENXIO' || error.code === 'EACCES')
    if (!closed || (await lstat(path)).isSymbolicLink()) throw error
    await chmod(path, mode)
  }
}

/**
 * fs.watch of a file loses it when it is replaced by rename, so the directory is watched. A watch that breaks
 * (the directory was removed) says so once as a change: the one who watches will look and see.
 */
function watch(path: string, changed: () => void): { close(): void } {
  const watchers = [
    startWatch(path, () => changed()),
    startWatch(dirname(path), name => {
      if (name === null || name === basename(path)) changed()
    }),
  ]
  return { close: () => watchers.forEach(watcher => watcher?.close()) }

  function startWatch(target: string, seen: (name: string | null) => void) {
    try {
      const watcher = watchPath(target, { persistent: false }, (_, name) => seen(name))
      watcher.on('error', () => {
        watcher.close()
        seen(null)
      })
      return watcher
    } catch {
      return undefined
    }
  }
}
