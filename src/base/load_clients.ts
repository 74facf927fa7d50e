/**
 * What the clients of a load have in common, whether they send over sockets or over the simulated network:
 *
 *   new         a connection for each request
 *   keep-alive  a few connections that stand; one more is opened where all of them are busy, and stays
 *   direct      to the addresses behind a name, one after the other, as they were when DNS was last asked
 */
import type { Millis } from './clock.ts'

export const KEPT_CONNECTIONS = 6
/** As long as a client keeps what DNS has said: the time to live of the cluster's own records. */
export const REMEMBERED_MS: Millis = 30_000

/** They take turns, so that each is idle for about as long as the others. One is added where all of them are busy. */
export function freeSlot<T extends { readonly isBusy: boolean }>(slots: T[], turn: number, create: () => T): T {
  for (let step = 0; step < slots.length; step++) {
    const slot = slots[(turn + step) % slots.length]!
    if (!slot.isBusy) return slot
  }
  const added = create()
  slots.push(added)
  return added
}

/** One after the other; undefined where there is none. */
export function takingTurns<T>(): (choices: readonly T[]) => T | undefined {
  let turn = 0
  return choices => choices[turn++ % choices.length]
}
