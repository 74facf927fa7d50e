import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Response } from '../../base/transport.ts'
import { readBody } from './body.ts'
import type { BodyLimit, Exchange, Outlet, Upgrade } from './exchange.ts'
import { identify, type Identity } from './identity.ts'

/** How long a client that has its answer may go on sending what nobody reads. */
const LINGER_MS = 10_000

export class Http1Exchange implements Exchange {
  readonly #message: IncomingMessage
  readonly #response: ServerResponse
  readonly upgrade: Upgrade | undefined
  #abort: AbortController | undefined
  #gone = false

  constructor(message: IncomingMessage, response: ServerResponse, upgrade?: Upgrade) {
    this.#message = message
    this.#response = response
    this.upgrade = upgrade
    response.on('error', () => {})
    response.once('close', () => {
      if (response.writableFinished) return
      this.#gone = true
      this.#abort?.abort(clientGone())
    })
  }
  get method(): string {
    return this.#message.method ?? 'GET'
  }
  get target(): string {
    return this.#message.url ?? '/'
  }
  get headers() {
    return this.#message.headers as Exchange['headers']
  }
  get identity(): Identity {
    return identityOf(this.#message.socket as TLSSocket)
  }
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#gone) this.#abort.abort(clientGone())
    return this.#abort.signal
  }
  async readBody(limit: BodyLimit): ReturnType<Exchange['readBody']> {
    return hasBody(this.#message) ? readBody(this.#message, this.#message.headers['content-length'], limit) : { is: 'none' }
  }
  send(status: number, headers: Response['headers'], body: Uint8Array | undefined): void {
    this.#response.writeHead(status, headers as Record<string, string | string[]>)
    const content = this.method === 'HEAD' ? undefined : body
    if (this.#message.complete || !hasBody(this.#message)) return void this.#response.end(content)
    // An early answer. Closing a connection on bytes that were not read resets it, and a reset takes the answer with it.
    this.#response.flushHeaders()
    if (content) this.#response.write(content)
    const end = () => {
      clearTimeout(timer)
      this.#response.end()
    }
    const timer = setTimeout(end, LINGER_MS)
    this.#message.once('end', end).once('close', end).resume()
  }
  open(status: number, headers: Response['headers']): Outlet {
    this.#response.writeHead(status, headers as Record<string, string | string[]>)
    this.#response.flushHeaders()
    return { stream: this.#response, cut: () => void this.#response.destroy() }
  }
}

/**
 * An upgrade takes the socket away from node's HTTP server, whatever becomes of it. Most often it is refused or answered
 * like any request, so here it gets a response of its own; the connection ends with that.
 */
export function upgradeExchange(message: IncomingMessage, socket: Duplex, head: Buffer): Http1Exchange {
  const response = new ServerResponse(message)
  response.shouldKeepAlive = false
  response.assignSocket(socket as Socket)
  let taken = false
  response.once('finish', () => {
    response.detachSocket(socket as Socket)
    socket.end()
  })
  socket.on('error', () => {
    if (!taken) response.destroy()
  })
  const take = () => {
    taken = true
    response.detachSocket(socket as Socket)
    // The response itself will never close: its request is over when the socket is.
    socket.once('close', () => response.emit('close'))
    return socket
  }
  return new Http1Exchange(message, response, { message, socket, head, take })
}

const identities = new WeakMap<TLSSocket, Identity>()

function identityOf(socket: TLSSocket): Identity {
  const known = identities.get(socket)
  if (known) return known
  const identity = identify(socket)
  identities.set(socket, identity)
  return identity
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] !== undefined && headers['content-length'] !== '0')
}

const clientGone = () => new Error('the client has gone away')
