/** One line for each message, to standard error or to a file: for people (`text`) or for programs (`json`). */
import { openSync, closeSync, writeSync } from 'node:fs'
import type { Log, LogFields, LogLevel } from '../base/log.ts'

export interface LogOptions {
  /** Less grave messages are dropped. Default `info`. */
  readonly level?: LogLevel
  /** Default `text`. */
  readonly format?: 'text' | 'json'
  /** Appended to, made with mode 0600; without it, lines go to standard error. */
  readonly file?: string
  /** For tests; takes the place of file and standard error. */
  readonly write?: (line: string) => void
  readonly wall?: () => number
}

export interface HostLog extends Log {
  close(): void
}

export function createLog({ level = 'info', format = 'text', file, write, wall = Date.now }: LogOptions = {}): HostLog {
  let descriptor: number | undefined = file === undefined ? STDERR : openSync(file, 'a', 0o600)
  // Once it is closed its number may be another file's.
  const out = write ?? (line => descriptor !== undefined && writeLine(descriptor, line))
  const print = format === 'json' ? printJson : printText
  const make = (common: LogFields): Log => {
    const at = (lineLevel: LogLevel) =>
      LEVELS[lineLevel] < LEVELS[level]
        ? () => {}
        : (message: string, fields?: LogFields) => out(print(new Date(wall()).toISOString(), lineLevel, message, { ...common, ...fields }))
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: fields => make({ ...common, ...fields }) }
  }
  return {
    ...make({}),
    close() {
      if (descriptor === undefined || file === undefined) return
      closeSync(descriptor)
      descriptor = undefined
    },
  }
}

const STDERR = 2

const LEVELS: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

/** Synchronous, so that the last words before a crash are not lost. A log that cannot be written must not stop the program. */
function writeLine(descriptor: number, line: string): void {
  try {
    writeSync(descriptor, `${line}\n`)
  } catch {
    // A closed pipe or a full disk: there is no place left to complain.
  }
}

const printJson = (time: string, level: LogLevel, message: string, fields: LogFields): string =>
  stringify({ time, level, message, ...Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, plain(value)])) })

function printText(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const pairs = Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${printValue(value)}`]))
  return [time, level, message, ...pairs].join(' ')
}

function printValue(value: unknown): string {
  const text = value instanceof Error ? plainError(value) : typeof value === 'string' ? value : stringify(value)
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text)
}

const plain = (value: unknown): unknown => (value instanceof Error ? plainError(value) : value)
const plainError = (error: Error): string => error.stack ?? `${error.name}: ${error.message}`

/** A field that cannot be printed (a cycle, a bigint) must not break the one who logs it. */
function stringify(value: unknown): string {
  try {
    return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : plain(inner))) ?? String(value)
  } catch {
    return String(value)
  }
}
