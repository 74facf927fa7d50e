/** What is inside one running container: its processes, files and network, as its programs see them. */
import type { Clock } from '../../base/clock.ts'
import type { Network } from '../../base/network.ts'
import type { Random } from '../../base/random.ts'
import type { SimulatedListener, SimulatedServer } from '../network.ts'
import type { ContainerFiles } from './files.ts'
import type { Output } from './pipe.ts'
import { createProcess, SIGNAL_NUMBERS } from './process.ts'
import type { Process, ProcessEntry, ProcessStart, Program, Signal } from './process.ts'

export interface Guest {
  readonly clock: Clock
  readonly random: Random
  readonly hostname: string
  /** The Pod's address. */
  readonly address: string
  readonly user: { readonly uid: number; readonly gid: number }
  readonly files: ContainerFiles
  readonly network: Network
  /** Programs by name; a path is looked up by its last part. */
  program(name: string): Program | undefined
  /** Addresses of a name, asked as resolv.conf says. Empty when there are none. */
  lookup(name: string): Promise<readonly string[]>
  nameServer: string
  /** Undefined when the port is taken. */
  listen(port: number, server: SimulatedServer): SimulatedListener | undefined
  /** The process starts at the next microtask. */
  spawn(program: Program, start: ProcessStart): Process
  processes(): readonly Process[]
  /** False when there is no such process. */
  signal(pid: number, signal: Signal, from: 'inside' | 'outside'): boolean
  /** PID 1's own output: what `/proc/1/fd/1` writes to. */
  mainOutput(stream: 'stdout' | 'stderr'): Output
  memoryBytes(): number
  /** To be called before a process uses more CPU or less. */
  cpuChanges(): void
  /** To be called when a process has grown: the kernel may have to kill. */
  memoryChanged(): void
  /** The kernel finds no memory for this container, whatever its limit says. */
  killForMemory(): void
}

export interface GuestPorts {
  readonly clock: Clock
  readonly random: Random
  readonly hostname: string
  readonly address: string
  readonly user: { readonly uid: number; readonly gid: number }
  readonly files: ContainerFiles
  readonly network: Network
  readonly nameServer: string
  readonly programs: ReadonlyMap<string, Program>
  lookup(name: string): Promise<readonly string[]>
  listen(port: number, server: SimulatedServer): SimulatedListener | undefined
  memoryLimitBytes(): number
  /** Called before a process uses more CPU or less, or ends. */
  cpuChanges(): void
  /** PID 1 has ended, and with it everything in the container. */
  ended(exitCode: number, reason: 'exited' | 'outOfMemory'): void
}

export function createGuest(ports: GuestPorts): Guest {
  const entries = new Map<number, ProcessEntry>()
  const listeners = new Set<SimulatedListener>()
  let pids = 0
  let outOfMemory = false
  let main: Process | undefined

  const endAll = (exitCode: number) => {
    for (const entry of Array.from(entries.values())) entry.end(128 + SIGNAL_NUMBERS.KILL)
    for (const listener of listeners) listener.end()
    listeners.clear()
    ports.ended(exitCode, outOfMemory ? 'outOfMemory' : 'exited')
  }

  const guest: Guest = {
    ...ports,
    program: name => ports.programs.get(name.slice(name.lastIndexOf('/') + 1)),
    listen(port, server) {
      const listener = ports.listen(port, server)
      if (!listener) return undefined
      listeners.add(listener)
      return listener
    },
    spawn(program, start) {
      const pid = ++pids
      const entry = createProcess(guest, pid, start, program, exitCode => {
        ports.cpuChanges()
        entries.delete(pid)
        if (pid === 1) endAll(exitCode)
      })
      entries.set(pid, entry)
      main ??= entry.process
      return entry.process
    },
    processes: () => [...entries.values()].map(entry => entry.process),
    signal(pid, signal, from) {
      const entry = entries.get(pid)
      entry?.signal(signal, from)
      return entry !== undefined
    },
    mainOutput: stream => ({ write: text => (main?.alive ? main[stream].write(text) : Promise.resolve()) }),
    memoryBytes: () => [...entries.values()].reduce((sum, { process }) => sum + process.memoryBytes, 0),
    memoryChanged() {
      const limit = ports.memoryLimitBytes()
      if (limit > 0 && guest.memoryBytes() > limit) guest.killForMemory()
    },
    killForMemory() {
      // With cgroup v2 Kubernetes sets memory.oom.group: the whole container dies, not one process of it.
      outOfMemory = true
      entries.get(1)?.signal('KILL', 'outside')
    },
  }
  return guest
}
