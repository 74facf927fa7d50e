/**
 * A transport between two simulated machines: in process, but with everything a wire does to a conversation.
 *
 *   caller ─ latency ─▶ (lost?) ─▶ handler ─▶ (reply lost?) ─ latency ─▶ caller
 *   watch:   handler ─▶ first in, first out ─ latency ─▶ caller, or cut
 *
 * Replies and events are delivered by the caller's clock, so a crashed caller hears nothing any more.
 */
import { sleep } from '../base/clock.ts'
import type { Clock, Millis } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Response, ResponseBody, Transport, WatchEvent, WatchStream } from '../base/transport.ts'
import type { ByteSource } from '../base/bytes.ts'
import { within } from './latency.ts'
import type { Range } from './latency.ts'

/** Each as a ratio of requests or events; all drawn from the link's own seeded stream. */
export interface LinkFaults {
  /** The request never arrives; the caller sees its connection reset. */
  readonly loseRequest?: Ratio
  /** The request takes effect, and the caller sees its connection reset. */
  readonly loseReply?: Ratio
  /** A watch ends before this event is delivered, as when a load balancer cuts it. */
  readonly cutWatch?: Ratio
  /** This much longer, for some. */
  readonly slow?: { readonly ratio: Ratio; readonly ms: Millis }
}

export type Ratio = readonly [numerator: number, denominator: number]

export interface LinkOptions {
  readonly caller: { readonly clock: Clock; readonly random: Random; readonly up?: boolean }
  readonly handle: Transport
  /** One way. Default 1 to 3 ms. */
  readonly latencyMs?: Range
  /** Of what a watch tells, where that takes longer. They stay in order. */
  readonly watchLatencyMs?: Range
  /** Refused while the handler's machine is down. */
  readonly isUp?: () => boolean
}

export interface Link {
  readonly transport: Transport
  setFaults(faults: LinkFaults): void
  /** Nothing passes in either direction until it is mended; watches on it go silent, and end when it is mended. */
  cut(): void
  mend(): void
}

export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
}

const LATENCY_MS: Range = [1, 3]
/** A cut network is noticed by the caller's TCP after this long. */
const SILENCE_MS = 15_000

export function createLink({ caller, handle, latencyMs = LATENCY_MS, watchLatencyMs = latencyMs, isUp = () => true }: LinkOptions): Link {
  const { clock } = caller
  const random = caller.random.fork('link')
  let faults: LinkFaults = {}
  let isCut = false
  /** Open watches, by how to end them; a broken one has lost events and may never speak again. */
  const whole = new Set<() => void>()
  const broken = new Set<() => void>()
  const happens = (ratio: Ratio | undefined) => ratio !== undefined && random.below(ratio[1]) < ratio[0]
  const travel = (signal?: AbortSignal) => sleep(clock, within(random, latencyMs) + (happens(faults.slow?.ratio) ? faults.slow!.ms : 0), signal, 'link')

  const transport: Transport = async request => {
    await travel(request.signal)
    if (isCut) {
      await sleep(clock, SILENCE_MS, request.signal, 'link')
      throw new ConnectionError('read tcp: i/o timeout')
    }
    if (!isUp()) throw new ConnectionError('dial tcp: connect: connection refused')
    if (happens(faults.loseRequest)) throw new ConnectionError('write tcp: write: connection reset by peer')
    const response = await handle(request)
    const lost = isCut || happens(faults.loseReply)
    if (lost && response.body.is === 'watch') response.body.watch.start({ event() {}, end() {} }).stop()
    await travel(request.signal)
    if (lost) throw new ConnectionError('read tcp: read: connection reset by peer')
    return { ...response, body: carried(response) }
  }

  const carried = ({ body }: Response): ResponseBody => {
    if (body.is === 'watch') return { is: 'watch', watch: carriedWatch(body.watch) }
    if (body.is === 'stream') return { is: 'stream', stream: carriedStream(body.stream) }
    return body
  }

  const carriedWatch = (watch: WatchStream): WatchStream => ({
    start(sink) {
      const queue: (WatchEvent | 'end')[] = []
      let open = true
      let inner: { stop(): void } | undefined
      const close = () => {
        open = false
        broken.delete(breakOff)
        whole.delete(breakOff)
        inner?.stop()
      }
      const breakOff = () => {
        close()
        sink.end()
      }
      whole.add(breakOff)
      const deliver = () => {
        const next = queue.shift()
        if (!open || next === undefined || broken.has(breakOff)) return
        if (next === 'end' || happens(faults.cutWatch)) breakOff()
        else sink.event(next)
      }
      // Each letter has a delivery of its own, and takes whatever is first in line: the order is kept whatever the latencies.
      function send(letter: WatchEvent | 'end'): void {
        if (!open) return
        if (caller.up === false) return close()
        queue.push(letter)
        clock.at(clock.now() + within(random, watchLatencyMs), deliver, 'link watch')
      }
      // Last: a watch may speak, or end, while it is being started.
      inner = watch.start({ event: send, end: () => send('end') })
      if (!open) inner.stop()
      return { stop: close }
    },
  })

  const carriedStream = async function* (stream: ByteSource): ByteSource {
    for await (const bytes of stream) {
      await travel()
      yield bytes
    }
  }

  return {
    transport,
    setFaults(next) {
      faults = next
    },
    cut() {
      isCut = true
      for (const breakOff of whole) broken.add(breakOff)
    },
    mend() {
      isCut = false
      for (const breakOff of broken) clock.at(clock.now() + within(random, latencyMs), breakOff, 'link')
    },
  }
}
