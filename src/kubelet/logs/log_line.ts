/** One line of a container log as the runtime writes it: `<RFC 3339, nanoseconds> stdout|stderr F|P <text>`. */
export interface LogLine {
  readonly time: string
  readonly stream: 'stdout' | 'stderr'
  /** The line was too long, or was flushed before its end: the next one goes on. */
  readonly isPartial: boolean
  readonly text: string
}

/** Undefined for a line that is not of this form: a torn write. */
export function parseLogLine(line: string): LogLine | undefined {
  const match = /^(\S+) (stdout|stderr) ([FP])(?::\S*)? ?/.exec(line)
  if (!match) return undefined
  return { time: match[1]!, stream: match[2] as LogLine['stream'], isPartial: match[3] === 'P', text: line.slice(match[0].length) }
}
