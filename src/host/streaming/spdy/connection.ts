/**
 * One SPDY/3.1 connection, either side: streams that carry bytes in both directions, each half closed by itself.
 *
 * Sending does not wait for the peer's window: kubectl and containerd never send WINDOW_UPDATE, and Kubernetes' own
 * servers do not wait either. What holds a sender back is the socket, and a reader that does not read stops the whole
 * connection, as it does there. Nor is WINDOW_UPDATE sent: nobody waits for it, and containerd closes its socket as soon
 * as a command has ended. What it has not read by then makes the kernel reset the connection, and the end of the output,
 * with the exit code, is lost on the way here.
 */
import type { Duplex } from 'node:stream'
import type { ByteSink, ByteSource } from '../../../base/bytes.ts'
import { createByteQueue, type ByteQueue } from '../byte_queue.ts'
import { createFrameParser, dataFrame, goAwayFrame, pingFrame, resetFrame, synReplyFrame, synStreamFrame, type Frame } from './frames.ts'
import { createHeaderDeflater, createHeaderInflater, type Headers } from './headers.ts'

export interface SpdyStream {
  readonly id: number
  readonly headers: Headers
  readonly incoming: ByteSource
  readonly outgoing: ByteSink
  /** Gives up both directions. */
  reset(): void
}

export interface SpdyConnection {
  open(headers: Headers): SpdyStream
  /** Says goodbye and closes, once everything written has left. */
  close(): void
  destroy(): void
  readonly signal: AbortSignal
}

export interface SpdyOptions {
  readonly side: 'client' | 'server'
  /** Called for each stream that the peer opens; it has been accepted. */
  readonly opened?: (stream: SpdyStream) => void
}

const STREAMS_MAX = 1000
const QUEUED_BYTES_MAX = 1024 * 1024
const DATA_BYTES_MAX = 32 * 1024
const STATUS_INVALID_STREAM = 2
const STATUS_REFUSED = 3
const STATUS_CANCEL = 5
/** For the peer to take the last bytes before the socket is gone for good. */
const CLOSE_TIMEOUT_MS = 5000

interface StreamState {
  readonly queue: ByteQueue
  readClosed: boolean
  writeClosed: boolean
}

export function createSpdyConnection(socket: Duplex, { side, opened }: SpdyOptions): SpdyConnection {
  const abort = new AbortController()
  const streams = new Map<number, StreamState>()
  const deflate = createHeaderDeflater()
  const inflate = createHeaderInflater()
  let nextId = side === 'client' ? 1 : 2
  let lastPeerId = 0

  const send = (frame: Buffer): boolean => socket.writable && socket.write(frame)
  const isTooFull = () => [...streams.values()].some(({ queue }) => queue.size > QUEUED_BYTES_MAX)
  const forget = (id: number, state: StreamState) => {
    if (state.readClosed && state.writeClosed) streams.delete(id)
  }

  function addStream(id: number, headers: Headers): SpdyStream {
    const queue = createByteQueue(() => {
      if (socket.isPaused() && !isTooFull()) socket.resume()
    })
    const state: StreamState = { queue, readClosed: false, writeClosed: false }
    streams.set(id, state)
    return {
      id,
      headers,
      incoming: queue.source,
      outgoing: {
        async write(bytes) {
          for (let from = 0; from < bytes.length; from += DATA_BYTES_MAX) {
            // The one who writes to what nobody hears any more learns it; it must not go on for ever.
            if (state.writeClosed || !socket.writable) throw new Error('the stream is closed')
            if (!send(dataFrame(id, bytes.subarray(from, from + DATA_BYTES_MAX), false))) await drained(socket)
          }
        },
        async end() {
          if (state.writeClosed) return
          state.writeClosed = true
          send(dataFrame(id, Buffer.alloc(0), true))
          forget(id, state)
        },
      },
      reset() {
        if (!streams.delete(id)) return
        state.writeClosed = true
        queue.end()
        send(resetFrame(id, STATUS_CANCEL))
      },
    }
  }

  function closeReading(id: number, state: StreamState): void {
    state.readClosed = true
    state.queue.end()
    forget(id, state)
  }

  function take(frame: Frame): void {
    switch (frame.is) {
      case 'synStream':
        return accept(frame.streamId, inflate(frame.block), frame.fin)
      case 'synReply':
      case 'headers': {
        // Also of a stream that is unknown: the compression goes over all of them.
        inflate(frame.block)
        const state = streams.get(frame.streamId)
        if (state && frame.fin) closeReading(frame.streamId, state)
        return
      }
      case 'data': {
        const state = streams.get(frame.streamId)
        if (!state || state.readClosed) return frame.fin ? undefined : void send(resetFrame(frame.streamId, STATUS_INVALID_STREAM))
        state.queue.push(frame.bytes)
        if (frame.fin) closeReading(frame.streamId, state)
        if (state.queue.size > QUEUED_BYTES_MAX) socket.pause()
        return
      }
      case 'reset': {
        const state = streams.get(frame.streamId)
        if (!state) return
        state.writeClosed = true
        return closeReading(frame.streamId, state)
      }
      // The answer to a ping of the other side is the ping itself; its numbers have the other parity than ours.
      case 'ping':
        return frame.id % 2 === (side === 'client' ? 0 : 1) ? void send(pingFrame(frame.id)) : undefined
      case 'goAway':
      case 'windowUpdate':
      case 'other':
        return
    }
  }

  function accept(id: number, headers: Headers, fin: boolean): void {
    const fromPeer = id % 2 === (side === 'client' ? 0 : 1)
    if (!fromPeer || id <= lastPeerId) throw new Error(`stream ${id} may not be opened`)
    lastPeerId = id
    if (!opened || streams.size >= STREAMS_MAX) return void send(resetFrame(id, STATUS_REFUSED))
    const stream = addStream(id, headers)
    send(synReplyFrame(id, deflate({})))
    if (fin) closeReading(id, streams.get(id)!)
    opened(stream)
  }

  const parse = createFrameParser(take)
  const ended = () => {
    abort.abort(new Error('the connection is closed'))
    for (const state of streams.values()) {
      state.writeClosed = true
      state.queue.end()
    }
    streams.clear()
  }
  socket.on('data', (chunk: Buffer) => {
    try {
      parse(chunk)
    } catch {
      // After a broken frame nothing that follows has a meaning.
      socket.destroy()
    }
  })
  socket.on('error', () => socket.destroy())
  // A peer that has nothing more to say here hears nothing either: neither kubectl nor containerd half-closes the socket.
  socket.once('end', () => socket.end())
  socket.once('close', ended)

  return {
    signal: abort.signal,
    open(headers) {
      const stream = addStream(nextId, headers)
      nextId += 2
      send(synStreamFrame(stream.id, deflate(headers)))
      return stream
    },
    close() {
      send(goAwayFrame(lastPeerId))
      socket.end()
      // Whatever is left to read must not keep the end from being seen.
      socket.resume()
      setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS).unref()
    },
    destroy: () => void socket.destroy(),
  }
}

function drained(socket: Duplex): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}
