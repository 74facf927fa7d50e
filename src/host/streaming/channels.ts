/**
 * The channels of a WebSocket: the first byte of a message says which one the rest is for. In the base64 protocols
 * messages are text: a digit, then base64. In v5, byte 255 and a channel number close that channel.
 */
import type { WebSocket } from 'ws'
import type { ByteSink, ByteSource } from '../../base/bytes.ts'
import { createByteQueue, type ByteQueue } from './byte_queue.ts'

export interface Channels {
  /** What arrives for this channel, until the peer closes it or goes away. Asked for before the event loop turns. */
  incoming(channel: number): ByteSource
  outgoing(channel: number): ByteSink
  /** Nothing more is read from any channel: whoever still waits for something gets the end. */
  endReading(): void
}

const CLOSE_CHANNEL = 255
const QUEUED_BYTES_MAX = 1024 * 1024

export function createChannels(webSocket: WebSocket, protocol: string): Channels {
  const isBase64 = protocol.includes('base64')
  const canClose = protocol.startsWith('v5.')
  const queues = new Map<number, ByteQueue>()
  const isTooFull = () => [...queues.values()].some(queue => queue.size > QUEUED_BYTES_MAX)
  const endReading = () => queues.forEach(queue => queue.end())

  webSocket.on('message', (data: Buffer) => {
    const { channel, bytes } = isBase64 ? decodeText(data) : { channel: data[0], bytes: data.subarray(1) }
    if (channel === undefined) return
    if (canClose && channel === CLOSE_CHANNEL) return queues.get(bytes[0] ?? -1)?.end()
    queues.get(channel)?.push(bytes)
    if (isTooFull()) webSocket.pause()
  })
  webSocket.once('close', endReading)
  webSocket.on('error', () => webSocket.terminate())

  return {
    incoming(channel) {
      const queue = createByteQueue(() => {
        if (webSocket.isPaused && !isTooFull()) webSocket.resume()
      })
      queues.set(channel, queue)
      return queue.source
    },
    outgoing: channel => ({
      write: bytes =>
        new Promise((resolve, reject) => {
          const message = isBase64 ? `${channel}${Buffer.from(bytes).toString('base64')}` : Buffer.concat([Buffer.from([channel]), bytes])
          // Called back when the bytes have left: that is what slows the writer down.
          webSocket.send(message, error => (error ? reject(error) : resolve()))
        }),
      // A server closes no channel: the client sees the end with the socket's.
      end: async () => {},
    }),
    endReading,
  }
}

function decodeText(data: Buffer): { channel: number | undefined; bytes: Buffer } {
  const text = data.toString('utf8')
  const channel = Number(text[0])
  return { channel: Number.isInteger(channel) ? channel : undefined, bytes: Buffer.from(text.slice(1), 'base64') }
}
