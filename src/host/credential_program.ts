/** Runs a credential program, and comes back whatever the program does: it may ignore signals, leave a child behind, or talk without end. */
import { spawn } from 'node:child_process'

export interface ProgramLimits {
  /** Until it is told to end. */
  readonly patienceMs: number
  /** What is left to it after TERM, and after KILL; and to whoever holds its output after its end. */
  readonly graceMs: number
  readonly outputBytesMax: number
}

export const PROGRAM_LIMITS: ProgramLimits = {
  // Somebody may have to answer a question in a browser.
  patienceMs: 120_000,
  graceMs: 3_000,
  outputBytesMax: 1024 * 1024,
}

export type ProgramEnd =
  | { readonly is: 'ended'; readonly exitCode: number | null; readonly signal: NodeJS.Signals | null; readonly stdout: string }
  | { readonly is: 'late' }
  | { readonly is: 'too long' }

export interface ProgramStart {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** It may ask whoever sits at the terminal. */
  readonly isInteractive: boolean
}

/** Rejects with the error of the start if there was none. */
export function runCredentialProgram({ command, args, env, isInteractive }: ProgramStart, limits: ProgramLimits): Promise<ProgramEnd> {
  const { patienceMs, graceMs, outputBytesMax } = limits
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { env: { ...env }, stdio: [isInteractive ? 'inherit' : 'ignore', 'pipe', 'inherit'] })
    const stdout = child.stdout!
    const chunks: Buffer[] = []
    let bytes = 0
    /** What it comes to, if that is not for the program to say any more. */
    let verdict: ProgramEnd | undefined
    let timer: NodeJS.Timeout
    const settle = (end: () => void) => {
      clearTimeout(timer)
      // A child of its own may hold these for ever.
      stdout.destroy()
      child.unref()
      end()
    }
    const kill = () => {
      child.kill('SIGKILL')
      // A process that the kernel does not let go is left to it.
      timer = setTimeout(() => settle(() => resolve(verdict!)), graceMs)
    }
    // Not the option `timeout` of spawn: its timer goes on for a program that could not be started.
    timer = setTimeout(() => {
      verdict = { is: 'late' }
      child.kill()
      timer = setTimeout(kill, graceMs)
    }, patienceMs)
    stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      chunks.push(chunk)
      if (bytes <= outputBytesMax) return
      clearTimeout(timer)
      stdout.destroy()
      verdict ??= { is: 'too long' }
      kill()
    })
    child.once('error', error => settle(() => reject(error)))
    child.once('exit', (exitCode, signal) => {
      const answer = () => resolve(verdict ?? { is: 'ended', exitCode, signal, stdout: Buffer.concat(chunks).toString('utf8') })
      if (verdict) return settle(answer)
      clearTimeout(timer)
      timer = setTimeout(() => settle(answer), graceMs)
      child.once('close', () => settle(answer))
    })
  })
}
