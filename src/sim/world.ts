/**
 * A world in virtual time: the same components run in it as on a real machine, and cannot tell.
 *
 *   heap of events ─▶ pop one ─▶ set the time ─▶ fire ─▶ let every microtask run ─▶ checkers ─▶ pop the next
 *
 * Nothing else moves time, so a run is a function of its seed and of the program: the same seed on the same
 * commit gives the same trace, whatever the machine does meanwhile.
 */
import type { Millis, Timer } from '../base/clock.ts'
import { seededRandom } from '../base/random.ts'
import type { Random } from '../base/random.ts'
import { CheckFailed, Deadlock, NoProgress, TaskDied, seconds } from './errors.ts'
import type { Parked } from './errors.ts'
import { createEventQueue } from './event_queue.ts'
import type { Owner, SimulatedEvent } from './event_queue.ts'
import { createMachine } from './machine.ts'
import type { SimulatedHost } from './machine.ts'
import { createFabric } from './network.ts'
import type { Fabric } from './network.ts'
import { settled, stepByStep } from './settled.ts'
import { createTrace } from './trace.ts'
import type { Trace } from './trace.ts'
import { armTripwire } from './tripwire.ts'

export interface WorldOptions {
  readonly seed: string | number
  /** What `wall()` reads at virtual time 0. */
  readonly epochMs?: Millis
  /** Events one call of run, advance or until may take. */
  readonly eventsMax?: number
  /** Keep one trace line for each event, to find where two runs part. */
  readonly traceEvents?: boolean
  readonly traceLinesMax?: number
  /** Off only where real sockets must work beside the world. */
  readonly tripwire?: boolean
  /** Labels of timers that come again and again and mean nothing by themselves: `untilQuiet` does not wait for them. */
  readonly periodic?: RegExp
  /**
   * Timers with these labels come no more often than this. For years: what every machine does every few seconds to no effect,
   * heartbeats and second looks, would be nearly all there is. A busy machine is late, too, and nothing exact may hang on them.
   */
  readonly chores?: { readonly labels: RegExp; readonly everyMs: Millis }
  /** Called before time moves on by `gapMs`; a live view waits here for as long as it wants the gap to last. */
  readonly pace?: (gapMs: Millis) => Promise<void>
}

export interface World {
  readonly seed: string
  readonly random: Random
  readonly trace: Trace
  /** The one network all hosts and simulated containers are on. */
  readonly fabric: Fabric
  /** Virtual milliseconds since the world began. */
  now(): Millis
  /** The newest life of the machine of this name; the machine is made at the first call. */
  host(name: string): SimulatedHost
  /** Something that happens to the world from outside: a fault, a user. It survives every crash. */
  schedule(inMs: Millis, happen: () => void, label?: string): Timer
  /** Looked at after every event. It returns what is wrong, or undefined. Must be cheap. */
  addChecker(name: string, look: () => string | undefined): void

  /** Lets this much time pass. */
  advance(ms: Millis): Promise<void>
  /** Runs until the predicate holds. Throws NoProgress when it does not within `limitMs`, Deadlock when nothing is left to happen. */
  until(predicate: () => boolean, limitMs?: Millis, awaited?: string): Promise<void>
  /** Runs until the promise is settled, and returns what it holds. */
  finish<T>(promise: Promise<T>, limitMs?: Millis): Promise<T>
  /** Runs until no event but periodic ones is due within `horizonMs`. */
  untilQuiet(options?: { horizonMs?: Millis; limitMs?: Millis }): Promise<void>
  /** Runs beside code that waits without saying for how long. Events come as fast as they can (or at the world's pace). */
  drive(): { stop(): Promise<void> }

  /** Events fired so far. */
  readonly events: number
}

const EPOCH_MS = Date.UTC(2026, 0, 1)
const LIMIT_MS = 3_600_000
const EVENTS_MAX = 5_000_000
/** More events than this in one instant are a loop that forgot to wait. */
const EVENTS_PER_INSTANT_MAX = 100_000
const PERIODIC = /^(every|resync|workload)\b/

export function createWorld(options: WorldOptions): World {
  const seed = String(options.seed)
  const random = seededRandom(seed)
  const queue = createEventQueue(random.fork('world/ties'))
  const trace = createTrace({ linesMax: options.traceLinesMax, events: options.traceEvents })
  const machines = new Map<string, ReturnType<typeof createMachine>>()
  const checkers: { name: string; look: () => string | undefined }[] = []
  const itself: Owner = { name: 'world', up: true }
  let time: Millis = 0
  let events = 0
  let running = false
  let fault: Error | undefined

  const { chores } = options
  const schedule = (at: Millis, owner: Owner, label: string, fire: () => void) => {
    const earliest = chores?.labels.test(label) ? time + chores.everyMs : time
    return queue.push(Math.max(at, earliest), owner, label, fire)
  }
  const fabric = createFabric({
    clock: { wall: () => (options.epochMs ?? EPOCH_MS) + time, now: () => time, at: (at, fire, label) => schedule(at, itself, label ?? 'network', fire) },
    random: random.fork('network'),
  })

  const fire = (event: SimulatedEvent) => {
    time = event.at
    events++
    trace.event(time, event.owner.name, event.label)
    const happen = event.fire!
    event.fire = undefined
    happen()
  }

  const check = () => {
    if (fault) throw fault
    for (const { name, look } of checkers) {
      const wrong = look()
      if (wrong !== undefined) throw new CheckFailed(time, name, wrong)
    }
  }

  /** Fires events for as long as `goOn` says so of the next one. */
  const run = async (goOn: (next: SimulatedEvent | undefined) => boolean, budget = options.eventsMax ?? EVENTS_MAX) => {
    if (running) throw new Error('this world is already running: wait for the other call first')
    running = true
    const wire = options.tripwire === false ? undefined : armTripwire()
    const eventsMax = events + budget
    let instant = time
    let instantBegan = events
    let pacedTo = time
    let fired = false
    const step = (): boolean | Promise<void> => {
      if (fired || fault) check()
      if (events >= eventsMax) throw new NoProgress(time, `more than ${budget} events`, parked())
      if (time !== instant) {
        instant = time
        instantBegan = events
      } else if (events - instantBegan > EVENTS_PER_INSTANT_MAX) {
        throw new NoProgress(time, `${events - instantBegan} events without time passing`, parked())
      }
      const next = queue.peek()
      if (!goOn(next)) return false
      if (options.pace && next!.at > pacedTo) {
        const gapMs = next!.at - pacedTo
        pacedTo = next!.at
        fired = false
        return options.pace(gapMs)
      }
      fired = true
      fire(queue.pop()!)
      return true
    }
    try {
      await stepByStep(step, wire?.foreignTicks)
    } finally {
      wire?.disarm()
      running = false
    }
  }

  const parked = (): Parked => ({
    timers: queue
      .live()
      .toSorted((a, b) => a.at - b.at || a.sequence - b.sequence)
      .map(event => ({ at: event.at, host: event.owner.name, label: event.label })),
    tasks: [...machines.values()].flatMap(machine => machine.tasks()),
  })

  const until = (done: () => boolean, limitMs: Millis, awaited: string) => {
    const limit = time + limitMs
    return run(next => {
      if (done()) return false
      if (!next) throw new Deadlock(time, awaited, parked())
      if (next.at > limit) throw new NoProgress(time, `waited ${seconds(limitMs)} in vain for ${awaited}`, parked())
      return true
    })
  }

  const world: World = {
    seed,
    random,
    trace,
    fabric,
    now: () => time,
    host(name) {
      let machine = machines.get(name)
      if (!machine) {
        machine = createMachine(name, {
          random: random.fork(`host/${name}`),
          trace,
          fabric,
          epochMs: options.epochMs ?? EPOCH_MS,
          now: () => time,
          schedule,
          died: (task, error) => {
            fault ??= new TaskDied(time, name, task, error)
          },
        })
        machines.set(name, machine)
      }
      return machine.host()
    },
    schedule: (inMs, happen, label = 'scheduled') => schedule(time + inMs, itself, label, happen),
    addChecker: (name, look) => void checkers.push({ name, look }),

    async advance(ms) {
      const target = time + ms
      await run(next => next !== undefined && next.at <= target)
      time = target
    },
    until: (predicate, limitMs = LIMIT_MS, awaited = predicate.name || 'the condition') => until(predicate, limitMs, awaited),
    async finish(promise, limitMs = LIMIT_MS) {
      let over = false
      const end = () => {
        over = true
      }
      promise.then(end, end)
      await until(() => over, limitMs, 'a promise')
      return promise
    },
    untilQuiet({ horizonMs = Infinity, limitMs = LIMIT_MS } = {}) {
      const periodic = options.periodic ?? PERIODIC
      // Looking through all events after each one would be quadratic: look again only when the last reason to go on is gone.
      let reason: SimulatedEvent | undefined
      const isReason = (event: SimulatedEvent) => event.fire !== undefined && event.owner.up && event.at <= time + horizonMs && !periodic.test(event.label)
      const quiet = () => {
        if (!reason || !isReason(reason)) reason = queue.live().find(isReason)
        return reason === undefined
      }
      return until(quiet, limitMs, 'quiet')
    },
    drive() {
      let stopping = false
      const driven = (async () => {
        while (!stopping) {
          await run(next => next !== undefined && !stopping, Infinity)
          await settled()
        }
      })()
      return {
        stop() {
          stopping = true
          return driven
        },
      }
    },
    get events() {
      return events
    },
  }
  return world
}
