/**
 * Answers that come bit by bit, over a WebSocket instead of a long body: logs, and watches.
 *
 *   logs   binary.k8s.io, or none: messages are bytes │ base64.binary.k8s.io: messages are text
 *   watch  whatever the client names: each event is a message of text
 */
import { Writable } from 'node:stream'
import type { WebSocket } from 'ws'
import { TOKEN_PROTOCOL } from '../../apiserver/auth/authenticate.ts'
import { badRequest, failure, type ApiError } from '../../api/status.ts'
import type { Outlet, Upgrade } from '../http/exchange.ts'
import { CLOSE_TIMEOUT_MS } from './remote_command_channels.ts'

/** `bytes` may be cut anywhere; `lines` are JSON, written in whole lines. */
export type OutputForm = 'bytes' | 'lines'

/** `gone`: the handshake was wrong in itself, or the client has left during it; there is nobody to answer. */
export type OutputAcceptance =
  | { readonly is: 'accepted'; readonly outlet: Outlet }
  | { readonly is: 'refused'; readonly error: ApiError }
  | { readonly is: 'gone' }

const LOG_PROTOCOLS = ['binary.k8s.io', 'base64.binary.k8s.io']

export const wantsWebSocket = (upgrade: Upgrade | undefined): upgrade is Upgrade => upgrade?.message.headers.upgrade?.toLowerCase() === 'websocket'

export async function acceptOutput(upgrade: Upgrade, form: OutputForm): Promise<OutputAcceptance> {
  const { message, head } = upgrade
  const offered = (message.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '' && !name.startsWith(TOKEN_PROTOCOL))
  const accepted = form === 'bytes' ? LOG_PROTOCOLS : offered
  const protocol = accepted.find(name => offered.includes(name)) ?? (offered.length === 0 ? '' : undefined)
  if (protocol === undefined)
    return {
      is: 'refused',
      error: failure(403, 'Forbidden', `unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${accepted.join(' ')}]`),
    }
  if (message.method !== 'GET') return { is: 'refused', error: badRequest('a WebSocket is opened with GET') }
  const { acceptWebSocket } = await import('./web_socket.ts')
  const socket = upgrade.take()
  return new Promise(resolve => {
    // ws answers a wrong handshake by itself, and closes the socket.
    socket.once('close', () => resolve({ is: 'gone' }))
    acceptWebSocket(message, socket, head, protocol, webSocket => {
      const stream = form === 'bytes' ? byteMessages(webSocket, protocol) : lineMessages(webSocket)
      resolve({ is: 'accepted', outlet: { stream, cut: () => webSocket.terminate() } })
    })
  })
}

function byteMessages(webSocket: WebSocket, protocol: string): Writable {
  const encode = (bytes: Buffer) => (protocol.startsWith('base64.') ? bytes.toString('base64') : bytes)
  // Kubernetes' servers send an empty message first, and there are clients that wait for it to know that all is well.
  webSocket.send(encode(Buffer.alloc(0)))
  return messages(webSocket, bytes => [encode(bytes)])
}

const lineMessages = (webSocket: WebSocket): Writable =>
  messages(webSocket, bytes =>
    bytes
      .toString()
      .split('\n')
      .filter(line => line !== ''),
  )

/** What is written becomes these messages. A writer is called back when the last of them has left: that is what slows it down. */
function messages(webSocket: WebSocket, messagesOf: (bytes: Buffer) => readonly (Buffer | string)[]): Writable {
  const stream = new Writable({
    write(bytes: Buffer, _, done) {
      const all = messagesOf(bytes)
      all.slice(0, -1).forEach(message => webSocket.send(message))
      if (all.length > 0) webSocket.send(all.at(-1)!, done)
      else done()
    },
    final(done) {
      webSocket.close(1000)
      setTimeout(() => webSocket.terminate(), CLOSE_TIMEOUT_MS).unref()
      done()
    },
  })
  // What the client says is of no interest; that it has gone is.
  webSocket.on('error', () => webSocket.terminate())
  webSocket.once('close', () => stream.destroy())
  stream.on('error', () => webSocket.terminate())
  return stream
}
