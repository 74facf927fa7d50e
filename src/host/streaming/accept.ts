/**
 * From a request that wants to be upgraded to a running session:
 *
 *   Upgrade: SPDY/3.1  ── X-Stream-Protocol-Version ──▶ streams of SPDY            (kubectl up to 1.30, containerd)
 *   Upgrade: websocket ── Sec-WebSocket-Protocol ─────▶ channels of a WebSocket    (kubectl from 1.31, browsers)
 *                          SPDY/3.1+portforward.k8s.io ▶ SPDY inside a WebSocket    (kubectl port-forward from 1.31)
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { badRequest, failure, type ApiError } from '../../api/status.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Log } from '../../base/log.ts'
import type { Session } from '../../base/transport.ts'
import type { Upgrade } from '../http/exchange.ts'
import { runPortForwardChannels } from './port_forward_channels.ts'
import { runPortForwardStreams } from './port_forward_streams.ts'
import { runCommandChannels } from './remote_command_channels.ts'
import { runCommandStreams } from './remote_command_streams.ts'

/** A session that runs until its socket closes, or why there is none; then nothing has been written yet. */
export type Acceptance = { readonly is: 'accepted'; stop(): void } | { readonly is: 'refused'; readonly error: ApiError }

export function acceptSession(upgrade: Upgrade, session: Session, log: Log): Acceptance {
  const wanted = (upgrade.message.headers.upgrade ?? '').toLowerCase()
  if (wanted === 'spdy/3.1') return acceptSpdy(upgrade, session, log)
  if (wanted === 'websocket') return acceptChannels(upgrade, session, log)
  return { is: 'refused', error: badRequest('Upgrade request required') }
}

/** v4 before v5: over SPDY they are the same, and v4 is what everybody has tried. */
const COMMAND_STREAMS = ['v4.channel.k8s.io', 'v5.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io']
const COMMAND_CHANNELS = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io', 'channel.k8s.io', 'base64.channel.k8s.io']
const PORT_FORWARD = 'portforward.k8s.io'
const PORT_FORWARD_TUNNEL = `SPDY/3.1+${PORT_FORWARD}`
const PORT_FORWARD_CHANNELS = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io']

function acceptSpdy(upgrade: Upgrade, session: Session, log: Log): Acceptance {
  const { message, head } = upgrade
  const offered = listOf(message.headers['x-stream-protocol-version'])
  const accepted = session.is === 'remoteCommand' ? COMMAND_STREAMS : [PORT_FORWARD]
  // One who names none is so old that there was only one.
  const protocol = offered.length === 0 ? accepted.at(-1)! : accepted.find(name => offered.includes(name))
  if (!protocol) return notNegotiated(offered, accepted)
  const socket = upgrade.take()
  if (head.length > 0) socket.unshift(head)
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`)
  run(log, socket, session.is === 'remoteCommand' ? runCommandStreams(socket, session, protocol) : runPortForwardStreams(socket, session))
  return { is: 'accepted', stop: () => void socket.destroy() }
}

function acceptChannels(upgrade: Upgrade, session: Session, log: Log): Acceptance {
  const { message, head } = upgrade
  const offered = listOf(message.headers['sec-websocket-protocol'])
  const accepted = session.is === 'remoteCommand' ? COMMAND_CHANNELS : [PORT_FORWARD_TUNNEL, ...PORT_FORWARD_CHANNELS]
  const protocol = accepted.find(name => offered.includes(name)) ?? (offered.length === 0 && session.is === 'remoteCommand' ? '' : undefined)
  if (protocol === undefined) return notNegotiated(offered, accepted)
  if (message.method !== 'GET') return { is: 'refused', error: badRequest('a WebSocket is opened with GET') }
  const socket = upgrade.take()
  run(log, socket, runOverWebSocket(message, socket, head, session, protocol))
  return { is: 'accepted', stop: () => void socket.destroy() }
}

/** Everything begins inside the callback of the handshake: a message that is already there would be lost in a later turn. */
async function runOverWebSocket(message: IncomingMessage, socket: Duplex, head: Buffer, session: Session, protocol: string): Promise<void> {
  // Loaded with the first session: a cluster starts without it.
  const { acceptWebSocket, createWebSocketStream } = await import('./web_socket.ts')
  return new Promise((resolve, reject) => {
    acceptWebSocket(message, socket, head, protocol, webSocket => {
      const work =
        session.is === 'remoteCommand'
          ? runCommandChannels(webSocket, session, protocol)
          : protocol === PORT_FORWARD_TUNNEL
            ? runPortForwardStreams(createWebSocketStream(webSocket), session)
            : runPortForwardChannels(webSocket, session, message.url ?? '', protocol)
      work.then(resolve, reject)
    })
  })
}

function run(log: Log, socket: Duplex, work: Promise<void>): void {
  work.catch((error: unknown) => {
    log.debug('a session broke off', { error: messageOf(error) })
    socket.destroy()
  })
}

const notNegotiated = (offered: readonly string[], accepted: readonly string[]): Acceptance => ({
  is: 'refused',
  error: failure(
    403,
    'Forbidden',
    `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${accepted.join(' ')}]`,
  ),
})

const listOf = (header: string | string[] | undefined): string[] =>
  [header ?? '']
    .flat()
    .join(',')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
