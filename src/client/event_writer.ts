/**
 * Brings Events to the API server without holding up whoever records them.
 *
 * What is waiting is bounded; beyond that, events are dropped and the log says so. Several are written at once, because
 * each write waits for the disk, but never the same one twice at a time: its creation must come before its count.
 */
import type { Host } from '../base/host.ts'

const WAITING_MAX = 1000
const WRITERS_MAX = 16

/** One Event object that keeps being updated: writes its newest state. */
export interface EventEntry {
  write(): Promise<void>
}

export function createEventWriter({ log, spawn }: Host): { put(entry: EventEntry): void } {
  const waiting = new Set<EventEntry>()
  const busy = new Set<EventEntry>()
  let writers = 0

  async function write(signal: AbortSignal): Promise<void> {
    try {
      for (let entry = next(); entry && !signal.aborted; entry = next()) {
        waiting.delete(entry)
        busy.add(entry)
        await entry.write().catch((error: unknown) => log.debug('an event was not written', { error: String(error) }))
        busy.delete(entry)
      }
    } finally {
      writers -= 1
    }
  }
  /** What is busy now is left to its own writer, which looks again when it is done. */
  const next = (): EventEntry | undefined => {
    for (const entry of waiting) if (!busy.has(entry)) return entry
    return undefined
  }

  return {
    put(entry) {
      if (!waiting.has(entry) && waiting.size >= WAITING_MAX) return log.warn('event dropped: too many are waiting')
      waiting.add(entry)
      if (writers >= WRITERS_MAX) return
      writers += 1
      spawn('event recorder', write)
    },
  }
}

/**
 * Event names end in the time in hexadecimal nanoseconds, and lists come in the order of names: what was recorded later
 * has the greater one, also within one millisecond. What comes before is cut so that the whole is a name.
 */
export function createEventNames({ clock, random }: Pick<Host, 'clock' | 'random'>): (about: string) => string {
  // Where the recorders of several components begin within a millisecond is chance, so that they do not collide.
  let sequence = random.below(NANOSECONDS_PER_MS / 2)
  return about => {
    const nanoseconds = BigInt(Math.floor(clock.wall())) * BigInt(NANOSECONDS_PER_MS) + BigInt(sequence++ % NANOSECONDS_PER_MS)
    return `${about.slice(0, NAME_MAX - NANOSECONDS_DIGITS - 1)}.${nanoseconds.toString(16)}`
  }
}

const NANOSECONDS_PER_MS = 1_000_000
const NAME_MAX = 253
const NANOSECONDS_DIGITS = 16

/** A map that forgets what was set longest ago. */
export function boundedMap<V>(max: number) {
  const map = new Map<string, V>()
  return {
    get: (key: string) => map.get(key),
    set(key: string, value: V) {
      map.delete(key)
      map.set(key, value)
      if (map.size > max) map.delete(map.keys().next().value!)
    },
  }
}
