import type { Clock } from './clock.ts'
import type { Disk } from './disk.ts'
import type { Log } from './log.ts'
import type { Mounts } from './mounts.ts'
import type { Network } from './network.ts'
import type { Processes } from './processes.ts'
import type { Random } from './random.ts'

/**
 * What a component may know of the machine it runs on. `host/` builds one from Node.js and `sim/` one from
 * a simulated world; no component can tell which it was given.
 */
export interface Host {
  readonly clock: Clock
  readonly random: Random
  readonly disk: Disk
  readonly processes: Processes
  readonly mounts: Mounts
  readonly network: Network
  readonly log: Log
  /**
   * The only way to start a loop. The signal is aborted at shutdown; a loop that throws for any other
   * reason is logged by name as an error, because a dead loop is a dead component.
   */
  spawn(name: string, run: (signal: AbortSignal) => Promise<void>): Task
}

export interface Task {
  /** Aborts the loop's signal and resolves when it has ended. */
  stop(): Promise<void>
  /** Resolves when the loop has ended, however it ended. */
  readonly ended: Promise<void>
}
