/** What the command line prints: results on stdout, progress and errors on stderr. */
import { stringify } from 'yaml'

export interface Output {
  /** A result: the only thing that goes to stdout. */
  result(text: string): void
  /** Something worth knowing on the way. Silent with --quiet. */
  note(text: string): void
  /** A step that takes a while; call the answer when it is done. On a terminal it turns, and asks for its text again and again. */
  step(text: string | (() => string)): (outcome?: 'done' | 'failed') => void
  error(text: string): void
  readonly colour: boolean
}

export interface OutputStreams {
  stdout: { write(text: string): unknown; isTTY?: boolean }
  stderr: { write(text: string): unknown; isTTY?: boolean; columns?: number }
  env: Readonly<Record<string, string | undefined>>
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 80
const COLUMNS = 80

export function createOutput({ stdout, stderr, env }: OutputStreams, { quiet = false } = {}): Output {
  const smart = Boolean(stderr.isTTY) && env['TERM'] !== 'dumb'
  const colour = smart && !env['NO_COLOR']
  const green = (text: string) => (colour ? `\u001b[32m${text}\u001b[0m` : text)
  const red = (text: string) => (colour ? `\u001b[31m${text}\u001b[0m` : text)
  return {
    colour,
    result: text => void stdout.write(text.endsWith('\n') ? text : `${text}\n`),
    note(text) {
      if (!quiet) stderr.write(`${text}\n`)
    },
    error: text => void stderr.write(`${red('error:')} ${text}\n`),
    step(text) {
      if (quiet) return () => undefined
      let frame = 0
      const now = () => (typeof text === 'string' ? text : text())
      // A line that wraps could not be taken back.
      const draw = () => stderr.write(`\r\u001b[K${FRAMES[frame++ % FRAMES.length]} ${now().slice(0, (stderr.columns || COLUMNS) - 3)}`)
      const timer = smart ? setInterval(draw, FRAME_MS) : undefined
      if (smart) draw()
      return (outcome = 'done') => {
        if (timer) clearInterval(timer)
        const mark = outcome === 'done' ? green('✓') : red('✗')
        stderr.write(smart ? `\r\u001b[K${mark} ${now()}\n` : `${mark} ${now()}\n`)
      }
    },
  }
}

export type Format = 'text' | 'json' | 'yaml' | 'name'

/** Prints a result as the user asked for it; `text` is what a person reads. */
export function printResult(output: Output, format: Format, value: unknown, text: string): void {
  if (format === 'json') output.result(JSON.stringify(value, null, 2))
  else if (format === 'yaml') output.result(stringify(value))
  else output.result(text)
}

/** Columns two spaces apart or more, as kubectl prints them. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map(row => (row[column] ?? '').length)))
  return all
    .map(row =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]! + 3)))
        .join('')
        .trimEnd(),
    )
    .join('\n')
}

/** An error the user can do something about: what is wrong, and what to do next. */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly next: string | undefined
  readonly exitCode: number
  constructor(message: string, { next, exitCode = 1 }: { next?: string; exitCode?: number } = {}) {
    super(message)
    this.next = next
    this.exitCode = exitCode
  }
}

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

/** `60s`, `5m`, `1m30s`: milliseconds. A number without a unit is refused, because nobody can tell what it means. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map(part => part[0]).join('') !== text) {
    throw new UserError(`${JSON.stringify(text)} is not a duration`, { next: 'Write a number with a unit, such as 60s, 5m or 1m30s.' })
  }
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS], 0)
}
