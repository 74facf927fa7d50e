import type { Millis } from '../base/clock.ts'
import { seconds } from './errors.ts'

/**
 * What happened in a world, in order. The lines are bounded; the hash covers everything that ever happened,
 * also every event that left no line, so that two runs of one seed are equal exactly when their hashes are.
 */
export interface Trace {
  note(now: Millis, host: string, text: string): void
  /** Folds an event into the hash without keeping a line for it (unless the trace keeps events too). */
  event(now: Millis, host: string, label: string): void
  /** The newest lines: `12.004s node-a sandbox ready`. */
  readonly lines: readonly string[]
  /** Lines that were dropped because the trace is bounded. */
  readonly dropped: number
  hash(): string
}

export function createTrace({ linesMax = 50_000, events = false }: { linesMax?: number; events?: boolean } = {}): Trace {
  let lines: string[] = []
  let dropped = 0
  let a = 0x811c9dc5 | 0
  let b = 0x9e3779b9 | 0
  const mix = (n: number) => {
    a = Math.imul(a ^ n, 0x01000193)
    b = Math.imul(b ^ n, 0x85ebca6b) ^ (b >>> 13)
  }
  const mixText = (text: string) => {
    for (let i = 0; i < text.length; i++) mix(text.charCodeAt(i))
  }
  const keep = (line: string) => {
    lines.push(line)
    if (lines.length < linesMax * 2) return
    dropped += lines.length - linesMax
    lines = lines.slice(-linesMax)
  }
  const trace: Trace = {
    note(now, host, text) {
      const line = `${seconds(now)} ${host} ${text}`
      mixText(line)
      keep(line)
    },
    event(now, host, label) {
      mix(Math.trunc(now * 1000) | 0)
      mixText(host)
      mixText(label)
      if (events) keep(`${seconds(now)} ${host} · ${label}`)
    },
    get lines() {
      return lines
    },
    get dropped() {
      return dropped
    },
    hash: () => (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0'),
  }
  return trace
}

/** Where two runs parted, for the message of the twice-run test. Undefined when their lines agree. */
export function firstDifference(one: Trace, other: Trace): string | undefined {
  const length = Math.max(one.lines.length, other.lines.length)
  for (let i = 0; i < length; i++) {
    if (one.lines[i] !== other.lines[i]) return `line ${i + 1}:\n  ${one.lines[i] ?? '(ended)'}\n  ${other.lines[i] ?? '(ended)'}`
  }
  return undefined
}
