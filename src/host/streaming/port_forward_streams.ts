import type { Duplex } from 'node:stream'
import { encodeText } from '../../base/bytes.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Session } from '../../base/transport.ts'
import { createSpdyConnection, type SpdyStream } from './spdy/connection.ts'

/** For each forwarded connection the client opens two streams, `error` first, with one request id. */
export function runPortForwardStreams(socket: Duplex, session: Extract<Session, { is: 'portForward' }>): Promise<void> {
  const halves = new Map<string, SpdyStream>()
  const connection = createSpdyConnection(socket, {
    side: 'server',
    opened(stream) {
      const type = stream.headers['streamtype']
      const port = Number(stream.headers['port'])
      if ((type !== 'error' && type !== 'data') || !Number.isInteger(port) || port < 1 || port > 65535) return stream.reset()
      const id = requestId(stream, type)
      const other = halves.get(id)
      if (!other) return void halves.set(id, stream)
      halves.delete(id)
      const [data, errors] = type === 'data' ? [stream, other] : [other, stream]
      void carry(port, data, errors)
    },
  })
  return new Promise(resolve => connection.signal.addEventListener('abort', () => resolve()))

  async function carry(port: number, data: SpdyStream, errors: SpdyStream): Promise<void> {
    try {
      await session.forward(port, data)
    } catch (error) {
      if (connection.signal.aborted) return
      await errors.outgoing.write(encodeText(`error forwarding port ${port}: ${messageOf(error)}`)).catch(() => {})
    }
    await errors.outgoing.end()
    await data.outgoing.end()
  }
}

/** Clients from before there were request ids open the two streams one after the other. */
const requestId = ({ headers, id }: SpdyStream, type: 'error' | 'data'): string => headers['requestid'] ?? `stream ${type === 'error' ? id : id - 2}`
