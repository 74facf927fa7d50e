import type { Clock } from '../base/clock.ts'
import { DiskError } from '../base/disk.ts'
import type { Disk } from '../base/disk.ts'
import type { Output } from './workload/pipe.ts'

/** What PID 1 prints: into the log file as the CRI writes it, and to whoever is attached. */
export interface ContainerLog {
  readonly stdout: Output
  readonly stderr: Output
  /** Makes the file anew after it has been renamed away. */
  reopen(): Promise<void>
  /** Writes what is left without a line feed, and resolves when all is on the disk. */
  close(): Promise<void>
  listen(heard: (stream: Stream, text: string) => void): { stop(): void }
}

type Stream = 'stdout' | 'stderr'

/** containerd cuts longer lines and marks the pieces P, for partial. */
const LINE_BYTES_MAX = 16_384

export function createContainerLog(disk: Disk, path: string, clock: Clock): ContainerLog {
  const partial: Record<Stream, string> = { stdout: '', stderr: '' }
  const listeners = new Set<(stream: Stream, text: string) => void>()
  let buffer = ''
  let flushing: Promise<void> | undefined

  /** One write at a time: what comes meanwhile goes with the next. The writer waits, so nothing piles up. */
  const flush = (): Promise<void> => {
    if (buffer === '') return flushing ?? Promise.resolve()
    return (flushing ??= writeAll())
  }
  const writeAll = async () => {
    try {
      while (buffer !== '') {
        const text = buffer
        buffer = ''
        await disk.writeFile(path, text, { append: true, mode: 0o640 })
      }
    } catch (error) {
      // The directory of a Pod that is being removed goes before its last words: they are lost, as in life.
      if (!(error instanceof DiskError)) throw error
    } finally {
      // In the turn of the last look: what is printed in the next must find that it has to begin again.
      flushing = undefined
    }
  }

  const line = (stream: Stream, text: string, tag: 'F' | 'P') => {
    buffer += `${timestamp(clock.wall())} ${stream} ${tag} ${text}\n`
  }
  const write = (stream: Stream) => async (text: string) => {
    for (const heard of listeners) heard(stream, text)
    const lines = (partial[stream] + text).split('\n')
    let rest = lines.pop()!
    for (const complete of lines) {
      let left = complete
      for (; left.length > LINE_BYTES_MAX; left = left.slice(LINE_BYTES_MAX)) line(stream, left.slice(0, LINE_BYTES_MAX), 'P')
      line(stream, left, 'F')
    }
    for (; rest.length > LINE_BYTES_MAX; rest = rest.slice(LINE_BYTES_MAX)) line(stream, rest.slice(0, LINE_BYTES_MAX), 'P')
    partial[stream] = rest
    await flush()
  }

  return {
    stdout: { write: write('stdout') },
    stderr: { write: write('stderr') },
    reopen: () => disk.writeFile(path, '', { append: true, mode: 0o640 }),
    async close() {
      for (const stream of ['stdout', 'stderr'] as const) {
        if (partial[stream] !== '') line(stream, partial[stream], 'P')
        partial[stream] = ''
      }
      await flush()
    },
    listen(heard) {
      listeners.add(heard)
      return { stop: () => void listeners.delete(heard) }
    },
  }
}

/** RFC 3339 with nine digits: `2026-01-01T00:00:05.120000000Z`. */
export const timestamp = (wallMs: number): string => new Date(wallMs).toISOString().replace('Z', '000000Z')
