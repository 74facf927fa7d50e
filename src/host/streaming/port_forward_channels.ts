import type { WebSocket } from 'ws'
import { encodeText } from '../../base/bytes.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Session } from '../../base/transport.ts'
import { createChannels } from './channels.ts'

/**
 * Port-forward as it was before the tunnel: one connection for each `ports` of the query, with two channels each, data
 * and errors; the first message on each is the port, two bytes, the lesser first.
 */
export async function runPortForwardChannels(
  webSocket: WebSocket,
  session: Extract<Session, { is: 'portForward' }>,
  url: string,
  protocol: string,
): Promise<void> {
  const ports = new URL(url, 'http://host').searchParams
    .getAll('ports')
    .flatMap(value => value.split(','))
    .map(Number)
  if (ports.length === 0 || !ports.every(port => Number.isInteger(port) && port > 0 && port < 65536))
    return webSocket.close(1002, 'query parameter "ports" is needed')
  const channels = createChannels(webSocket, protocol)
  await Promise.all(
    ports.map(async (port, i) => {
      const incoming = channels.incoming(i * 2)
      const data = channels.outgoing(i * 2)
      const errors = channels.outgoing(i * 2 + 1)
      const announcement = new Uint8Array([port & 0xff, port >> 8])
      await data.write(announcement)
      await errors.write(announcement)
      try {
        await session.forward(port, { incoming, outgoing: data })
      } catch (error) {
        await errors.write(encodeText(`error forwarding port ${port}: ${messageOf(error)}`))
      }
    }),
  )
  webSocket.close(1000)
}
