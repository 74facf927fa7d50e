/**
 * Reads a container's log file as the runtime writes it, and goes on reading while it grows.
 *
 *   tail? find the place ─▶ read to the end ─▶ follow? wait for the file to change ─▶ read on
 *
 * A rotation renames the file that is being read. It is then read to its end under its new name, and after it whatever
 * came next, so that nobody who follows misses a line.
 */
import type { ByteSource } from '../../base/bytes.ts'
import { DiskError, type Disk } from '../../base/disk.ts'
import { sleep } from '../../base/clock.ts'
import type { Host } from '../../base/host.ts'
import { rotatedLogs } from './log_files.ts'
import { parseLogLine } from './log_line.ts'

export interface LogOptions {
  readonly follow: boolean
  readonly timestamps: boolean
  readonly tailLines: number | undefined
  readonly limitBytes: number | undefined
  /** RFC 3339: earlier lines are left out. */
  readonly since: string | undefined
  /** Whether the container has ended: nothing will be added. */
  readonly isOver: () => boolean
}

const CHUNK_BYTES = 65_536
/** A change that no watch told about is found after this. */
const FOLLOW_POLL_MS = 1000
const LINE_FEED = 10

export async function* readLog({ disk, clock }: Host, path: string, options: LogOptions, signal: AbortSignal): ByteSource {
  const encoder = new TextEncoder()
  let left = options.limitBytes ?? Infinity
  let info = await disk.stat(path)
  /** What is read now: the current file, or one that was moved aside while it was read. */
  let source = path
  let offset = options.tailLines === undefined ? 0 : await tailOffset(disk, path, info?.size ?? 0, options.tailLines)
  let rest: Uint8Array = new Uint8Array()
  let startsLine = true
  let change = watchFile(disk, path)
  try {
    while (!signal.aborted && left > 0) {
      // Asked before reading: what was written before the end is then still read.
      const wasOver = options.isOver()
      const chunk = await readAt(disk, source, offset)
      const now = await disk.stat(path)
      if (source === path && now && info && now.inode !== info.inode) {
        // The chunk may be of either file: it is read again from the one it was meant to be of.
        source = (await fileWith(disk, path, info.inode)) ?? path
        if (source === path) [info, offset, rest] = [now, 0, new Uint8Array()]
        continue
      }
      if (source === path) info = now ?? info
      offset += chunk.length
      const { lines, remainder } = splitLines(rest, chunk)
      rest = remainder
      let out = ''
      for (const line of lines) {
        const parsed = parseLogLine(line)
        if (!parsed || (options.since !== undefined && isBefore(parsed.time, options.since))) continue
        out += `${options.timestamps && startsLine ? `${parsed.time} ` : ''}${parsed.text}${parsed.isPartial ? '' : '\n'}`
        startsLine = !parsed.isPartial
      }
      if (out !== '') {
        const bytes = encoder.encode(out).subarray(0, left)
        left -= bytes.length
        yield bytes
      }
      if (chunk.length > 0) continue

      // Until the new file has something in it, the last lines may still be on their way into the old one.
      if (source !== path && now && (now.size > 0 || wasOver)) {
        source = await fileAfter(disk, path, source)
        ;[info, offset, rest] = [now, 0, new Uint8Array()]
        if (source === path) {
          change.close()
          change = watchFile(disk, path)
        }
        continue
      }
      if (!options.follow || wasOver) return
      await change.next(ms => sleep(clock, ms, signal, 'log follow').catch(() => undefined))
    }
  } finally {
    change.close()
  }
}

/** The file under whatever name it has now; undefined: it was too old to be kept. */
async function fileWith(disk: Disk, path: string, inode: number): Promise<string | undefined> {
  for (const file of await rotatedLogs(disk, path)) if ((await disk.stat(file))?.inode === inode) return file
  return undefined
}

const fileAfter = async (disk: Disk, path: string, file: string): Promise<string> => (await rotatedLogs(disk, path)).find(other => other > file) ?? path

/** Where the last lines begin. Partial lines count as lines of the file, as in Kubernetes. */
async function tailOffset(disk: Disk, path: string, size: number, lines: number): Promise<number> {
  if (lines === 0) return size
  let found = 0
  for (let end = size; end > 0;) {
    const begin = Math.max(0, end - CHUNK_BYTES)
    const bytes = await disk.readAt(path, begin, end - begin)
    for (let index = bytes.length - 1; index >= 0; index--) {
      if (bytes[index] !== LINE_FEED || begin + index === size - 1) continue
      if (++found === lines) return begin + index + 1
    }
    end = begin
  }
  return 0
}

async function readAt(disk: Disk, path: string, offset: number): Promise<Uint8Array> {
  try {
    return await disk.readAt(path, offset, CHUNK_BYTES)
  } catch (error) {
    // Not written yet, or just moved away by a rotation.
    if (error instanceof DiskError && error.code === 'NotFound') return new Uint8Array()
    throw error
  }
}

function splitLines(rest: Uint8Array, chunk: Uint8Array): { lines: string[]; remainder: Uint8Array } {
  const bytes = new Uint8Array(rest.length + chunk.length)
  bytes.set(rest)
  bytes.set(chunk, rest.length)
  const end = bytes.lastIndexOf(LINE_FEED)
  if (end < 0) return { lines: [], remainder: bytes }
  return { lines: new TextDecoder().decode(bytes.subarray(0, end)).split('\n'), remainder: bytes.slice(end + 1) }
}

/** Times of one writer compare as text once they have the same number of digits. */
function isBefore(time: string, since: string): boolean {
  const [a, b] = [Date.parse(time), Date.parse(since)]
  return a < b
}

function watchFile(disk: Disk, path: string) {
  let wake: (() => void) | undefined
  let isDirty = false
  const watch = (() => {
    try {
      return disk.watch(path, () => {
        isDirty = true
        wake?.()
      })
    } catch {
      // A file that is not there yet cannot be watched: the poll finds it.
      return { close() {} }
    }
  })()
  return {
    async next(pause: (ms: number) => Promise<void>): Promise<void> {
      if (!isDirty) await Promise.race([pause(FOLLOW_POLL_MS), new Promise<void>(resolve => (wake = resolve))])
      wake = undefined
      isDirty = false
    },
    close: () => watch.close(),
  }
}
