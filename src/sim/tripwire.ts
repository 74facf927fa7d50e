/**
 * While a world runs, the machine's own clocks, timers, chance and network are replaced by functions that throw.
 * Lint keeps them out of our sources; this catches them in dependencies too, which lint cannot see.
 *
 * node:test goes on working under it, because the runner holds its own timers.
 */

export interface Tripwire {
  /** How often somebody has called `process.nextTick`, which is allowed, but which a world must wait for. */
  foreignTicks(): number
  disarm(): void
}

/** Worlds may overlap: the last one to leave disarms. */
export function armTripwire(): Tripwire {
  const wire = wireOf(globalThis)
  if (wire.armed++ === 0) wire.originals = replaceAll(wire)
  let released = false
  return {
    foreignTicks: () => wire.ticks,
    disarm() {
      if (released) return
      released = true
      if (--wire.armed === 0) restoreAll(wire.originals)
    },
  }
}

export class TripwireError extends Error {
  override readonly name = 'TripwireError'
  constructor(used: string, instead: string) {
    super(`${used} was used while a simulated world runs; use ${instead}`)
  }
}

interface Replaced {
  readonly target: object
  readonly key: string
  /** Undefined when it was inherited: then the replacement is simply taken away again. */
  readonly descriptor: PropertyDescriptor | undefined
}

interface Wire {
  armed: number
  ticks: number
  originals: Replaced[]
}

/** Kept on the global object and not in this module, because it is the global object whose state it describes. */
const WIRE = Symbol.for('poise.sim.tripwire')

function wireOf(holder: typeof globalThis & { [WIRE]?: Wire }): Wire {
  return (holder[WIRE] ??= { armed: 0, ticks: 0, originals: [] })
}

function replaceAll(wire: Wire): Replaced[] {
  const replaced: Replaced[] = []
  const replace = (target: object, key: string, value: unknown) => {
    const descriptor = Object.getOwnPropertyDescriptor(target, key)
    if (!(key in target)) return
    replaced.push({ target, key, descriptor })
    Object.defineProperty(target, key, { value, configurable: true, writable: true, enumerable: descriptor?.enumerable ?? false })
  }
  const trap = (used: string, instead: string) => () => {
    throw new TripwireError(used, instead)
  }
  const RealDate = Date
  replace(RealDate, 'now', trap('Date.now()', 'clock.wall() or clock.now()'))
  replace(Math, 'random', trap('Math.random()', 'host.random'))
  replace(performance, 'now', trap('performance.now()', 'clock.now()'))
  for (const timer of ['setTimeout', 'setInterval', 'setImmediate']) replace(globalThis, timer, trap(`${timer}()`, 'clock.at(), sleep() or every()'))
  replace(globalThis, 'fetch', trap('fetch()', 'host.network or a Transport'))
  const { nextTick } = globalThis.process
  replace(globalThis.process, 'nextTick', (...args: Parameters<typeof nextTick>) => {
    wire.ticks++
    nextTick(...args)
  })
  replace(globalThis, 'Date', guardedDate(RealDate, trap('Date()', 'new Date(clock.wall())')))
  return replaced
}

/**
 * `new Date()` does not pass through Date.now: the constructor itself has to be guarded. A function and no Proxy,
 * because timestamps are made and read at every turn.
 */
function guardedDate(RealDate: DateConstructor, called: () => never): unknown {
  function GuardedDate(...args: number[]): object {
    if (!new.target) called()
    if (args.length === 0) throw new TripwireError('new Date()', 'new Date(clock.wall())')
    return new.target === (GuardedDate as unknown) ? new RealDate(...(args as [number])) : (Reflect.construct(RealDate, args, new.target) as object)
  }
  GuardedDate.prototype = RealDate.prototype
  return Object.setPrototypeOf(GuardedDate, RealDate)
}

function restoreAll(replaced: readonly Replaced[]): void {
  for (const { target, key, descriptor } of replaced) {
    if (descriptor) Object.defineProperty(target, key, descriptor)
    else Reflect.deleteProperty(target, key)
  }
}
