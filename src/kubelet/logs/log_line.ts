/**
 * One line of a container log as the runtime writes it: `<RFC 3339, nanoseconds> stdout|stderr F|P <text>`. What a container
 * writes need not be text, and the runtime cuts long lines anywhere, so the text stays bytes.
 */
import { decodeText } from '../../base/bytes.ts'

export interface LogLine {
  readonly time: string
  readonly stream: 'stdout' | 'stderr'
  /** The line was too long, or was flushed before its end: the next one goes on. */
  readonly isPartial: boolean
  readonly text: Uint8Array
}

const LINE_FEED = 10
const SPACE = 32

/** Undefined for a line that is not of this form: a torn write. */
export function parseLogLine(line: Uint8Array): LogLine | undefined {
  const afterTime = line.indexOf(SPACE)
  const afterStream = line.indexOf(SPACE, afterTime + 1)
  const found = line.indexOf(SPACE, afterStream + 1)
  const afterTags = found < 0 ? line.length : found
  if (afterTime <= 0 || afterStream < 0) return undefined
  const stream = decodeText(line.subarray(afterTime + 1, afterStream))
  const tag = decodeText(line.subarray(afterStream + 1, afterTags)).split(':')[0]
  if ((stream !== 'stdout' && stream !== 'stderr') || (tag !== 'F' && tag !== 'P')) return undefined
  return { time: decodeText(line.subarray(0, afterTime)), stream, isPartial: tag === 'P', text: line.subarray(afterTags + 1) }
}

/** The whole lines, without their line feeds, and what follows the last of them. Nothing is copied. */
export function splitLines(bytes: Uint8Array): { lines: Uint8Array[]; rest: Uint8Array } {
  const lines: Uint8Array[] = []
  let begin = 0
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, begin)) {
    lines.push(bytes.subarray(begin, end))
    begin = end + 1
  }
  return { lines, rest: bytes.subarray(begin) }
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
