/**
 * Writes the events of a watch as lines of JSON.
 *
 *   event ─▶ queue ─▶ (all that came in one turn of the event loop, or within GATHER_MS) ─▶ one write ─▶ wait for drain
 *                                                                                              when the client is slow
 *
 * The lines are shared by all watchers; only the joined copy of a batch belongs to one. A client that does not read is
 * cut off when its queue is full, and lists or watches again.
 */
import type { WatchStream } from '../../base/transport.ts'
import type { Outlet } from './exchange.ts'

/** How much is joined for one write: more would only be copied once more. */
const BATCH_BYTES_MAX = 256 * 1024

/**
 * A write costs more than the bytes of an event in it: encryption, frames and a system call each time. While events
 * keep coming they are gathered for so long; the first one after a rest still leaves at once.
 */
const GATHER_MS = 5

export interface WatchWriter {
  /** Sends what is queued and ends the answer in order. */
  end(): void
}

export function writeWatch(watch: WatchStream, outlet: Outlet, backlogBytesMax: number, tooSlow: (backlogBytes: number) => void): WatchWriter {
  const { stream } = outlet
  let queue: Uint8Array[] = []
  let queuedBytes = 0
  // What start() pushes at once is the state as it is, which the store holds anyway: it is not held against the client.
  let starting = true
  let allowedBytes = backlogBytesMax
  let phase: 'open' | 'ending' | 'over' = 'open'
  let scheduled = false
  let blocked = false
  let lastFlushMs = -Infinity

  const flush = () => {
    scheduled = false
    lastFlushMs = performance.now()
    let from = 0
    while (from < queue.length && !blocked && phase !== 'over') {
      let to = from
      let size = 0
      while (to < queue.length && (to === from || size + queue[to]!.length <= BATCH_BYTES_MAX)) size += queue[to++]!.length
      blocked = !stream.write(to - from === 1 ? queue[from]! : Buffer.concat(queue.slice(from, to), size))
      queuedBytes -= size
      from = to
    }
    queue = queue.slice(from)
    if (phase === 'ending' && queue.length === 0) finish(() => stream.end())
  }
  const schedule = () => {
    if (scheduled || blocked) return
    scheduled = true
    if (phase === 'open' && performance.now() - lastFlushMs < GATHER_MS) setTimeout(flush, GATHER_MS)
    else setImmediate(flush)
  }
  const finish = (act: () => void) => {
    if (phase === 'over') return
    phase = 'over'
    queue = []
    running?.stop()
    act()
  }
  const end = () => {
    if (phase !== 'open') return
    phase = 'ending'
    schedule()
  }

  stream.on('drain', () => {
    blocked = false
    schedule()
  })
  stream.once('close', () => finish(() => {}))

  let running: { stop(): void } | undefined
  running = watch.start({
    event(event) {
      if (phase !== 'open') return
      const line = event.json()
      queue.push(line)
      queuedBytes += line.length
      if (starting) allowedBytes += line.length
      if (queuedBytes <= allowedBytes) return schedule()
      const backlogBytes = queuedBytes
      finish(() => outlet.cut())
      tooSlow(backlogBytes)
    },
    end,
  })
  starting = false
  if ((phase as string) === 'over') running.stop()
  return { end }
}
