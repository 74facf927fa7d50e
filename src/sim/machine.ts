import { abortReason } from '../base/abort.ts'
import type { Clock, Millis, Timer } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import { messageOf } from '../base/error_message.ts'
import type { Host, Task } from '../base/host.ts'
import type { Log, LogFields, LogLevel } from '../base/log.ts'
import type { Random } from '../base/random.ts'
import { createMemoryDisk } from './disk.ts'
import type { MemoryDisk } from './disk.ts'
import { createAttachedDisk } from './attached_disk.ts'
import { createPretendedMounts } from './mounts.ts'
import type { Owner } from './event_queue.ts'
import type { Fabric } from './network.ts'
import type { Trace } from './trace.ts'

/**
 * One life of Poise's process on a simulated machine. A crash is not a shutdown: no `finally` runs and no signal
 * is aborted; what the process waits for is simply never delivered. The machine, its disk and its containers go on.
 */
export interface SimulatedHost extends Host {
  readonly name: string
  readonly up: boolean
  /** What outlives this process: the container runtime runs on it, and its timers fire whether the process is up or not. */
  readonly machine: MachineGround
  /** Loses everything that is not on disk. Between events only: from a test, or from `world.schedule`. */
  crash(): void
  /** The next life of the process, over the same disk. Crashes this one first. */
  restart(): SimulatedHost
}

export interface MachineGround {
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  readonly disk: Disk
  readonly fabric: Fabric
  /** A line of the trace. */
  note(text: string): void
  /** The disk with its faults. */
  readonly storage: MemoryDisk
  /** Lets the wall clock jump: timestamps change, back-off and probes must not care. */
  setWall(offsetMs: Millis): void
  /** Milliseconds the wall clock gains (or loses) for each second that passes. */
  setDrift(msPerSecond: number): void
}

export interface WorldPorts {
  readonly random: Random
  readonly trace: Trace
  readonly fabric: Fabric
  readonly epochMs: Millis
  now(): Millis
  schedule(at: Millis, owner: Owner, label: string, fire: () => void): Timer
  died(task: string, error: unknown): void
}

export function createMachine(name: string, world: WorldPorts) {
  let offsetMs = 0
  let driftPerMs = 0
  let life = 0
  const wall = () => Math.floor(world.epochMs + world.now() * (1 + driftPerMs) + offsetMs)
  const clockOf = (owner: Owner): Clock => ({
    wall,
    now: () => world.now(),
    at: (deadline, fire, label = 'timer') => world.schedule(deadline, owner, label, fire),
  })

  const machineClock = clockOf({ name: `${name}/machine`, up: true })
  const storage = createMemoryDisk({ clock: machineClock, random: world.random.fork('disk') })
  const machine: MachineGround = {
    name,
    clock: machineClock,
    random: world.random.fork('machine'),
    disk: storage,
    fabric: world.fabric,
    storage,
    note: text => world.trace.note(world.now(), name, text),
    setWall(offset) {
      offsetMs = offset
    },
    setDrift(msPerSecond) {
      driftPerMs = msPerSecond / 1000
    },
  }

  const mounted = new Set<string>()

  const begin = (): SimulatedHost => {
    const owner = { name, up: true }
    const clock = clockOf(owner)
    const random = world.random.fork(`life/${life++}`)
    const disk = createAttachedDisk(storage, { clock, random: random.fork('disk') })
    const log = createTraceLog(world, name)
    return {
      name,
      get up() {
        return owner.up
      },
      machine,
      clock,
      random,
      disk,
      mounts: createPretendedMounts(disk, mounted),
      processes: { run: command => Promise.reject(new Error(`${command}: a simulated host runs no programs`)) },
      network: world.fabric.attach({ clock, random: random.fork('network') }),
      log,
      spawn(task, run) {
        return startTask(task, run)
      },
      crash() {
        if (!owner.up) return
        owner.up = false
        running.clear()
        world.trace.note(world.now(), name, 'crash')
        storage.crash()
      },
      restart() {
        this.crash()
        world.trace.note(world.now(), name, 'restart')
        current = begin()
        return current
      },
    }

    function startTask(task: string, run: (signal: AbortSignal) => Promise<void>): Task {
      const abort = new AbortController()
      const entry = { since: world.now(), host: name, name: task }
      running.add(entry)
      const ended = Promise.resolve()
        .then(() => run(abort.signal))
        .catch((error: unknown) => {
          if (!owner.up || (abort.signal.aborted && error === abortReason(abort.signal))) return
          log.error('task died', { task, error: messageOf(error) })
          world.died(task, error)
        })
        .finally(() => void running.delete(entry))
      return {
        async stop() {
          abort.abort(new Error(`${task} is told to stop`))
          await ended
        },
        ended,
      }
    }
  }

  const running = new Set<{ since: Millis; host: string; name: string }>()
  let current = begin()
  return { host: () => current, tasks: () => [...running] }
}

/** Log lines become lines of the trace; debug ones are left out, they would drown the story. */
function createTraceLog(world: WorldPorts, host: string, bound: LogFields = {}): Log {
  const write =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      const all = Object.entries({ ...bound, ...fields })
        .map(([key, value]) => ` ${key}=${printed(value)}`)
        .join('')
      world.trace.note(world.now(), host, `${level === 'info' ? '' : `${level} `}${message}${all}`)
    }
  return {
    debug() {},
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: fields => createTraceLog(world, host, { ...bound, ...fields }),
  }
}

function printed(value: unknown): string {
  if (value instanceof Error) return value.message
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')
}
