/**
 * Reads a container's log file as the runtime writes it, and goes on reading while it grows.
 *
 *   tail? find the place ─▶ read to the end ─▶ follow? wait for the file to change ─▶ read on
 *
 * A rotation renames the file that is being read. It is then read to its end under its new name, and after it whatever
 * came next, so that nobody who follows misses a line.
 */
import { encodeText, type ByteSource } from '../../base/bytes.ts'
import { DiskError, type Disk, type FileInfo } from '../../base/disk.ts'
import type { Clock } from '../../base/clock.ts'
import type { Host } from '../../base/host.ts'
import { rotatedLogs } from './log_files.ts'
import { joinBytes, parseLogLine, splitLines } from './log_line.ts'

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
  const show = createShow(options)
  let left = options.limitBytes ?? Infinity
  let { info, offset } = await beginning(disk, path, options.tailLines)
  /** What is read now: the current file, or one that was moved aside while it was read. */
  let source = path
  let rest: Uint8Array = new Uint8Array()
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
      const split = splitLines(joinBytes([rest, chunk]))
      rest = split.rest
      const shown = show(split.lines).subarray(0, left)
      left -= shown.length
      if (shown.length > 0) yield shown
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
      await change.next(clock, signal)
    }
  } finally {
    change.close()
  }
}

const NEW_LINE = encodeText('\n')

/** What is shown of the file's lines. The pieces of a line that the runtime has cut become one again. */
function createShow({ since, timestamps }: LogOptions): (lines: readonly Uint8Array[]) => Uint8Array {
  const sinceMs = since === undefined ? undefined : Date.parse(since)
  let startsLine = true
  return lines => {
    const parts: Uint8Array[] = []
    for (const line of lines) {
      const parsed = parseLogLine(line)
      if (!parsed || (sinceMs !== undefined && Date.parse(parsed.time) < sinceMs)) continue
      if (timestamps && startsLine) parts.push(encodeText(`${parsed.time} `))
      parts.push(parsed.text)
      if (!parsed.isPartial) parts.push(NEW_LINE)
      startsLine = !parsed.isPartial
    }
    return joinBytes(parts)
  }
}

/** The file under whatever name it has now; undefined: it was too old to be kept. */
async function fileWith(disk: Disk, path: string, inode: number): Promise<string | undefined> {
  for (const file of await rotatedLogs(disk, path)) if ((await disk.stat(file))?.inode === inode) return file
  return undefined
}

const fileAfter = async (disk: Disk, path: string, file: string): Promise<string> => (await rotatedLogs(disk, path)).find(other => other > file) ?? path

async function beginning(disk: Disk, path: string, tailLines: number | undefined): Promise<{ info: FileInfo | undefined; offset: number }> {
  const info = await disk.stat(path)
  if (tailLines === undefined || !info) return { info, offset: 0 }
  const offset = await tailOffset(disk, path, info.size, tailLines)
  // A rotation in between: the lines were counted in another file.
  return (await disk.stat(path))?.inode === info.inode ? { info, offset } : beginning(disk, path, tailLines)
}

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
    /** Until it changes, until the time for a look has come, or until the signal is aborted. */
    async next(clock: Clock, signal: AbortSignal): Promise<void> {
      if (!isDirty && !signal.aborted) {
        await new Promise<void>(resolve => {
          const timer = clock.at(clock.now() + FOLLOW_POLL_MS, resolve, 'log follow')
          wake = () => {
            timer.cancel()
            resolve()
          }
          signal.addEventListener('abort', wake, { once: true })
        })
        if (wake) signal.removeEventListener('abort', wake)
      }
      wake = undefined
      isDirty = false
    },
    close: () => watch.close(),
  }
}
