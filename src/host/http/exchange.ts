/**
 * One request and the means to answer it, the same over HTTP/1.1 and HTTP/2.
 *
 *   http1.ts ─┐                        ┌─ whole:  object, bytes
 *             ├─▶ Exchange ─▶ answer ──┼─ open:   stream, watch
 *   http2.ts ─┘                        └─ handed over: session (HTTP/1.1 only, streaming/)
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex, Writable } from 'node:stream'
import type { Request, RequestBody, Response } from '../../base/transport.ts'
import type { Identity } from './identity.ts'

export interface Exchange {
  readonly method: string
  /** Path and query as they came. */
  readonly target: string
  readonly headers: Request['headers']
  readonly identity: Identity
  readonly signal: AbortSignal
  /** The client goes on to wait for more on this connection; only HTTP/1.1 can give it up. */
  readonly upgrade: Upgrade | undefined
  readBody(limit: BodyLimit): Promise<RequestBody | BodyFault>
  /** The whole answer at once. */
  send(status: number, headers: Response['headers'], body: Uint8Array | undefined): void
  /** The head of an answer whose body follows as it comes. Headers leave at once: a client may wait for them alone. */
  open(status: number, headers: Response['headers']): Outlet
}

export interface Outlet {
  readonly stream: Writable
  /** Ends the answer so that the client sees that it is not complete. */
  cut(): void
}

export interface Upgrade {
  readonly message: IncomingMessage
  readonly socket: Duplex
  /** Takes the socket out of HTTP's hands; nothing may have been answered yet. */
  take(): Duplex
  /** What the client has already sent behind its request. */
  readonly head: Buffer
}

export interface BodyLimit {
  readonly bytesMax: number
  readonly timeoutMs: number
}

/** `gone`: the client went away while it was sending, and there is nobody to answer. */
export type BodyFault = { readonly is: 'tooLarge' } | { readonly is: 'tooSlow' } | { readonly is: 'gone' }

/** A request for the handler. The query and the signal are made when they are asked for: most requests need neither. */
export class IncomingRequest implements Request {
  readonly method: string
  readonly path: string
  readonly headers: Request['headers']
  readonly body: RequestBody
  readonly user: Request['user']
  readonly #search: string
  readonly #exchange: Exchange
  #query: URLSearchParams | undefined

  constructor(exchange: Exchange, body: RequestBody) {
    const target = originForm(exchange.target)
    const mark = target.indexOf('?')
    this.method = exchange.method
    this.path = mark < 0 ? target : target.slice(0, mark)
    this.headers = exchange.headers
    this.body = body
    this.user = exchange.identity.is === 'user' ? exchange.identity.user : undefined
    this.#search = mark < 0 ? '' : target.slice(mark + 1)
    this.#exchange = exchange
  }
  get query(): URLSearchParams {
    return (this.#query ??= new URLSearchParams(this.#search))
  }
  get signal(): AbortSignal {
    return this.#exchange.signal
  }
}

/** A client that believes it talks to a proxy sends `GET https://host/path`. */
function originForm(target: string): string {
  if (target.startsWith('/')) return target
  const absolute = /^https?:\/\/[^/?]*(.*)$/i.exec(target)
  if (!absolute) return '/'
  return absolute[1]!.startsWith('/') ? absolute[1]! : `/${absolute[1]!}`
}
