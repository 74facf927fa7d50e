/**
 * The wait of the simulation: until every microtask that an event caused has run.
 *
 * It covers promise chains, web streams and request bodies. It does not cover `crypto.subtle`, asynchronous zlib,
 * `fs` promises or a first `import()`: those must stay behind ports, or a run depends on the machine's mood.
 */

/** Captured at load, before any tripwire replaces them. */
const immediate = globalThis.setImmediate
const nextTick = globalThis.process.nextTick

/** A whole turn of the event loop. */
export const settled = (): Promise<void> => new Promise(resolve => immediate(resolve))

/** Others in the process (signals, sockets, a runner's timers) get their turn after this many events. */
const TICKS_MAX = 100

/**
 * Calls `step` again and again, each time when everything the last call has caused has run, until it returns false or
 * throws. A step may return a promise to be waited for before the next one.
 *
 * A tick that is asked for from a microtask comes when no microtask is left, and costs a tenth of a turn of the event
 * loop. That holds as long as nobody else asks for ticks, which `foreignTicks` counts; without it every wait is a whole turn.
 */
export function stepByStep(step: () => boolean | Promise<void>, foreignTicks?: () => number): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = Promise.resolve()
    let seen = 0
    let ticks = 0
    const turn = () => {
      if (foreignTicks && foreignTicks() !== seen) return wholeTurn()
      try {
        const more = step()
        if (more === true) void done.then(wait)
        else if (more === false) resolve()
        else more.then(wholeTurn, reject)
      } catch (error) {
        reject(error)
      }
    }
    const wait = () => (foreignTicks && ++ticks < TICKS_MAX ? nextTick(turn) : wholeTurn())
    const wholeTurn = () => {
      seen = foreignTicks?.() ?? 0
      ticks = 0
      immediate(turn)
    }
    wholeTurn()
  })
}
