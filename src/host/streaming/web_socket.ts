import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'

export { createWebSocketStream } from 'ws'

/** One message holds what the other side read at once: some tens of KiB. */
const MESSAGE_BYTES_MAX = 4 * 1024 * 1024

/** Answers the handshake with the protocol that has been chosen; '' for none. */
export function acceptWebSocket(message: IncomingMessage, socket: Duplex, head: Buffer, protocol: string, ready: (webSocket: WebSocket) => void): void {
  const server = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: MESSAGE_BYTES_MAX })
  // Kubernetes has a protocol with a slash in its name, which RFC 6455 does not allow and ws refuses: so ws is kept out of it.
  delete message.headers['sec-websocket-protocol']
  server.on('headers', headers => {
    if (protocol !== '') headers.push(`Sec-WebSocket-Protocol: ${protocol}`)
  })
  server.handleUpgrade(message, socket, head, ready)
}
