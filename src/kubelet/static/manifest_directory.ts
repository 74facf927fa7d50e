/** The files of a directory as static Pods. What cannot be used is told in the log, once, and harms nobody else. */
import type { Pod } from '../../api/kinds/pod.ts'
import { keyOf, keyText } from '../../api/meta.ts'
import { DiskError } from '../../base/disk.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Host } from '../../base/host.ts'
import { readManifest } from './manifest.ts'

export interface ManifestDirectory {
  /** By namespace/name; a file that has not changed gives the very object it gave before. Rejects when the directory cannot be read. */
  look(): Promise<ReadonlyMap<string, Pod>>
}

export interface ManifestDirectoryOptions {
  readonly host: Pick<Host, 'clock' | 'disk' | 'log'>
  readonly path: string
  readonly nodeName: string
}

const FILES_MAX = 500
const FILE_BYTES_MAX = 1024 * 1024

interface File {
  readonly bytes: Uint8Array
  readonly pod: Pod | undefined
}

export function createManifestDirectory({ host: { clock, disk, log }, path, nodeName }: ManifestDirectoryOptions): ManifestDirectory {
  let files = new Map<string, File>()
  let complaints = new Map<string, string>()

  async function read(file: string, complain: (why: string) => void): Promise<File | undefined> {
    const target = await followLink(file)
    // Directories are not looked into.
    if ((await disk.stat(target))?.kind !== 'file') return undefined
    const bytes = await disk.readFile(target, { bytesMax: FILE_BYTES_MAX + 1 })
    const before = files.get(file)
    if (bytes.length > FILE_BYTES_MAX) {
      complain(`it is larger than ${FILE_BYTES_MAX} bytes`)
      return undefined
    }
    if (before?.pod && areEqual(before.bytes, bytes)) return before
    const manifest = readManifest({ bytes, path: file, nodeName, seenAt: new Date(clock.wall()).toISOString() })
    if (manifest.is === 'problem') complain(manifest.why)
    // A file that is being written, or has a fault since its last change, is no wish to end what runs.
    if (manifest.is === 'problem') return { bytes, pod: before?.pod }
    // Comments and the order of fields do not count.
    return { bytes, pod: before?.pod?.metadata.uid === manifest.pod.metadata.uid ? before?.pod : manifest.pod }
  }

  async function followLink(file: string): Promise<string> {
    if ((await disk.stat(file))?.kind !== 'link') return file
    const target = await disk.readLink(file)
    return target.startsWith('/') ? target : `${path}/${target}`
  }

  return {
    async look() {
      const told = complaints
      complaints = new Map()
      const complain = (file: string, why: string) => {
        complaints.set(file, why)
        if (told.get(file) !== why) log.error('a manifest of a static Pod cannot be used', { file, error: why })
      }
      const names = (await disk.list(path)).filter(name => !name.startsWith('.')).sort()
      if (names.length > FILES_MAX) complain(path, `of ${names.length} files only the first ${FILES_MAX} are read`)
      const found = new Map<string, File>()
      const pods = new Map<string, Pod>()
      for (const name of names.slice(0, FILES_MAX)) {
        const file = `${path}/${name}`
        try {
          const one = await read(file, why => complain(file, why))
          if (one) found.set(file, one)
          if (one?.pod) add(pods, one.pod, why => complain(file, why))
        } catch (error) {
          // Removed between the list and the look.
          if (!(error instanceof DiskError && error.code === 'NotFound')) complain(file, messageOf(error))
        }
      }
      files = found
      return pods
    },
  }
}

function add(pods: Map<string, Pod>, pod: Pod, complain: (why: string) => void): void {
  const key = keyText(keyOf(pod))
  if (pods.has(key)) complain(`another manifest has the Pod ${key}`)
  else pods.set(key, pod)
}

const areEqual = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, index) => byte === b[index])
