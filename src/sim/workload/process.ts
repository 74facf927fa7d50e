/**
 * A process inside a simulated container, with the signals of Linux: what makes real Pods take their whole grace
 * period is that the kernel has no default action for PID 1.
 */
import type { Millis } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Guest } from './guest.ts'
import type { Input, Output } from './pipe.ts'

export type Signal = 'HUP' | 'INT' | 'QUIT' | 'KILL' | 'USR1' | 'USR2' | 'TERM' | 'WINCH'

export const SIGNAL_NUMBERS: Readonly<Record<Signal, number>> = { HUP: 1, INT: 2, QUIT: 3, KILL: 9, USR1: 10, USR2: 12, TERM: 15, WINCH: 28 }

/** What runs in a process. Resolves to its exit code; is abandoned by ProcessEnded when the process is killed. */
export type Program = (process: Process) => Promise<number>

export interface Process {
  readonly pid: number
  readonly parent: number
  readonly guest: Guest
  /** With the program's name in front. `exec` in a shell changes it. */
  args: readonly string[]
  readonly env: Map<string, string>
  cwd: string
  stdin: Input
  stdout: Output
  stderr: Output
  readonly alive: boolean
  /** 128 + n after signal n. */
  readonly exited: Promise<number>
  /** CPU cores this process keeps busy. */
  cpus: number
  memoryBytes: number
  /** A handler, or `ignore`; undefined restores the default action, of which PID 1 has none. */
  onSignal(signal: Signal, handler: (() => void) | 'ignore' | undefined): void
  /** It has a handler: what Linux tells as SigCgt. */
  catches(signal: Signal): boolean
  /** Waits in the container's time. Throws ProcessEnded when the process is killed meanwhile. */
  sleep(ms: Millis): Promise<void>
  /** Waits for something, but not beyond the process's own end. */
  wait<T>(promise: Promise<T>): Promise<T>
  print(text: string): Promise<void>
  complain(text: string): Promise<void>
}

/** Unwinds a program whose process is no more. Nobody but the process table catches it. */
export class ProcessEnded extends Error {
  override readonly name = 'ProcessEnded'
}

export interface ProcessStart {
  readonly args: readonly string[]
  readonly env: ReadonlyMap<string, string>
  readonly cwd: string
  readonly stdin: Input
  readonly stdout: Output
  readonly stderr: Output
  readonly parent?: number
}

export interface ProcessEntry {
  readonly process: Process
  /** From outside the container (the runtime) or from a process in it: inside, nothing can kill PID 1. */
  signal(signal: Signal, from: 'inside' | 'outside'): void
  end(exitCode: number): void
}

export function createProcess(guest: Guest, pid: number, start: ProcessStart, program: Program, ended: (exitCode: number) => void): ProcessEntry {
  const handlers = new Map<Signal, (() => void) | 'ignore'>()
  const waiting = new Set<(reason: Error) => void>()
  let alive = true
  let cpus = 0
  let finish!: (exitCode: number) => void
  const exited = new Promise<number>(resolve => (finish = resolve))

  const end = (exitCode: number) => {
    if (!alive) return
    alive = false
    for (const give of waiting) give(new ProcessEnded(`process ${pid} has ended`))
    waiting.clear()
    ended(exitCode)
    finish(exitCode)
  }
  const wait = <T>(promise: Promise<T>) =>
    new Promise<T>((resolve, reject) => {
      if (!alive) return reject(new ProcessEnded(`process ${pid} has ended`))
      waiting.add(reject)
      promise.then(
        value => waiting.delete(reject) && resolve(value),
        (error: unknown) => waiting.delete(reject) && reject(error instanceof Error ? error : new Error(String(error))),
      )
    })

  const process: Process = {
    pid,
    parent: start.parent ?? 0,
    guest,
    args: start.args,
    env: new Map(start.env),
    cwd: start.cwd,
    stdin: start.stdin,
    stdout: start.stdout,
    stderr: start.stderr,
    get alive() {
      return alive
    },
    exited,
    get cpus() {
      return cpus
    },
    set cpus(busy) {
      guest.cpuChanges()
      cpus = busy
    },
    memoryBytes: 500_000,
    onSignal(signal, handler) {
      if (handler) handlers.set(signal, handler)
      else handlers.delete(signal)
    },
    catches: signal => typeof handlers.get(signal) === 'function',
    sleep: ms =>
      new Promise((resolve, reject) => {
        if (!alive) return reject(new ProcessEnded(`process ${pid} has ended`))
        const give = (reason: Error) => {
          timer.cancel()
          reject(reason)
        }
        const timer = guest.clock.at(
          guest.clock.now() + ms,
          () => {
            waiting.delete(give)
            resolve()
          },
          `workload ${start.args[0] ?? ''}`,
        )
        waiting.add(give)
      }),
    wait,
    print: text => (alive ? process.stdout.write(text) : Promise.resolve()),
    complain: text => (alive ? process.stderr.write(text) : Promise.resolve()),
  }

  Promise.resolve()
    .then(() => program(process))
    .then(end, async (error: unknown) => {
      if (error instanceof ProcessEnded) return
      await process.complain(`${start.args[0]}: ${messageOf(error)}\n`)
      end(1)
    })

  return {
    process,
    end,
    signal(signal, from) {
      if (!alive) return
      if (signal === 'KILL') {
        if (pid === 1 && from === 'inside') return
        return end(128 + SIGNAL_NUMBERS.KILL)
      }
      const handler = handlers.get(signal)
      if (handler === 'ignore') return
      if (handler) return handler()
      if (pid !== 1 && signal !== 'WINCH') end(128 + SIGNAL_NUMBERS[signal])
    },
  }
}

/** `TERM`, `SIGTERM` or `15`; undefined for what is no signal we know. */
export function signalOf(text: string): Signal | undefined {
  const name = text.toUpperCase().replace(/^SIG/, '')
  if (name in SIGNAL_NUMBERS) return name as Signal
  return (Object.keys(SIGNAL_NUMBERS) as Signal[]).find(signal => String(SIGNAL_NUMBERS[signal]) === text)
}
