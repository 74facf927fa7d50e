/**
 * The client's ends of connections. For two minutes the kernel may send a connection from a port that was used before to where
 * the one before went, even if that Pod is gone: so loads that follow each other go through all ports before one comes again.
 */
import { randomInt } from 'node:crypto'

/** Where no server expects a port of its own. */
const [FIRST, COUNT] = [32_768, 32_768]

export interface LocalPorts {
  /** Where the next load begins. */
  readonly next: number
  /** A load has used it. */
  used(port: number): void
}

/** Another process may have sent loads just before: each begins somewhere else. */
export function createLocalPorts(first: number = FIRST + randomInt(COUNT)): LocalPorts {
  let next = first
  return {
    get next() {
      return next
    },
    used(port) {
      // Loads side by side tell of theirs in any order: a port that lies behind is known already.
      if (distance(next, port) < COUNT / 2) next = portAfter(port)
    },
  }
}

export const portAfter = (port: number, steps = 1): number => FIRST + ((port + steps - FIRST) % COUNT)

/** How far to go when so many in a row were taken: another load to the same place may have thousands in a row. */
export const stepsOver = (taken: number): number => Math.min(2 ** taken, COUNT / 8)

const distance = (from: number, to: number): number => (to - from + COUNT) % COUNT
