import type { Host, Task } from '../base/host.ts'
import type { Log } from '../base/log.ts'
import { createClock } from './clock.ts'
import { createDisk } from './disk.ts'
import { createMounts } from './mounts.ts'
import { createNetwork } from './network.ts'
import { createProcesses } from './processes.ts'
import { createRandom } from './random.ts'

export interface HostOptions {
  readonly log: Log
  /** Makes every random choice repeatable. Without it, none is. */
  readonly seed?: string
}

/** The machine this process runs on. */
export function createHost({ log, seed }: HostOptions): Host {
  const processes = createProcesses()
  return {
    clock: createClock(),
    random: createRandom(seed),
    disk: createDisk(),
    processes,
    mounts: createMounts(processes),
    network: createNetwork(),
    log,
    spawn: (name, run) => spawnTask(log, name, run),
  }
}

function spawnTask(log: Log, name: string, run: (signal: AbortSignal) => Promise<void>): Task {
  const abort = new AbortController()
  // Inside an async function, so that a loop that throws before its first await is treated like any other.
  const ended = (async () => run(abort.signal))().catch((error: unknown) => {
    if (!abort.signal.aborted) return log.error('a task failed and has ended', { task: name, error })
    if (error !== abort.signal.reason) log.warn('a task failed while it was being stopped', { task: name, error })
  })
  return {
    ended,
    stop() {
      abort.abort(new Error(`task ${name} is stopped`))
      return ended
    },
  }
}
