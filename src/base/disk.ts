/**
 * Files, as the kubelet and the store use them. Paths are absolute. Every call may fail with a DiskError.
 *
 * Reading, writing and removing never follow a symbolic link in the last part of the path unless the
 * name says so: a container can leave links in its volumes, and they must not lead out of them.
 */
export interface Disk {
  readFile(path: string, options?: { bytesMax?: number }): Promise<Uint8Array>
  writeFile(path: string, data: Uint8Array | string, options?: { mode?: number; append?: boolean; sync?: boolean }): Promise<void>
  /** Replaces `to` in one step. */
  rename(from: string, to: string): Promise<void>
  /** Makes the directory and its parents; no error when it is there already. The mode is set exactly, whatever the umask. */
  makeDirectory(path: string, options?: { mode?: number }): Promise<void>
  /** Removes a file, a link, or a directory with everything in it. No error when there is none. */
  remove(path: string): Promise<void>
  symlink(target: string, path: string): Promise<void>
  readLink(path: string): Promise<string>
  stat(path: string): Promise<FileInfo | undefined>
  list(path: string): Promise<string[]>
  /**
   * What a file, or a directory with everything below it, takes of its filesystem, as `du` counts it. Links are not followed and
   * a file with several names counts once. It looks at no more than `entriesMax` of them; `isComplete` is false when there are more.
   * Undefined: there is nothing.
   */
  usage(path: string, options: { entriesMax: number }): Promise<DiskUsage | undefined>
  changeMode(path: string, mode: number): Promise<void>
  changeOwner(path: string, uid: number, gid: number): Promise<void>
  /** Up to `length` bytes from `offset`; fewer at the end of the file. */
  readAt(path: string, offset: number, length: number): Promise<Uint8Array>
  /** Calls back soon after the file or directory has changed. A hint: it may come too often, and a look must follow. */
  watch(path: string, changed: () => void): { close(): void }
}

export interface FileInfo {
  kind: 'file' | 'directory' | 'link' | 'socket' | 'characterDevice' | 'blockDevice' | 'other'
  size: number
  mode: number
  uid: number
  gid: number
  inode: number
  modifiedMs: number
}

export interface DiskUsage {
  bytes: number
  inodes: number
  isComplete: boolean
}

export class DiskError extends Error {
  override readonly name = 'DiskError'
  readonly code: 'NotFound' | 'Exists' | 'NotADirectory' | 'IsADirectory' | 'AccessDenied' | 'NoSpace' | 'Other'
  constructor(code: DiskError['code'], message: string) {
    super(message)
    this.code = code
  }
}
