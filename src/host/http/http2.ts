import { constants, type IncomingHttpHeaders, type Http2Session, type ServerHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { Response } from '../../base/transport.ts'
import { readBody } from './body.ts'
import type { BodyLimit, Exchange, Outlet } from './exchange.ts'
import { identify, type Identity } from './identity.ts'

export class Http2Exchange implements Exchange {
  readonly headers: Exchange['headers']
  readonly upgrade = undefined
  readonly #stream: ServerHttp2Stream
  #abort: AbortController | undefined
  #gone = false

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.#stream = stream
    this.headers = headers as Exchange['headers']
    stream.on('error', () => {})
    const gone = () => {
      this.#gone = true
      this.#abort?.abort(clientGone())
    }
    // Node ends the writable side of a stream that the client resets, so at 'close' it looks finished.
    stream.once('aborted', gone)
    stream.once('close', () => {
      if (!stream.writableFinished || !stream.headersSent) gone()
    })
  }
  get method(): string {
    return this.headers[':method'] ?? 'GET'
  }
  get target(): string {
    return this.headers[':path'] ?? '/'
  }
  get identity(): Identity {
    return this.#stream.session ? identityOf(this.#stream.session) : { is: 'anonymous' }
  }
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#gone) this.#abort.abort(clientGone())
    return this.#abort.signal
  }
  async readBody(limit: BodyLimit) {
    // endAfterHeaders: the client has said that nothing follows.
    if (this.#stream.endAfterHeaders) return { is: 'none' } as const
    if (this.headers['expect'] === '100-continue') this.#stream.additionalHeaders({ ':status': 100 })
    return readBody(this.#stream, this.headers['content-length'], limit)
  }
  send(status: number, headers: Response['headers'], body: Uint8Array | undefined): void {
    if (this.#stream.destroyed) return
    const empty = body === undefined || body.length === 0 || this.method === 'HEAD'
    this.#stream.respond({ ...(headers as Record<string, string>), ':status': status }, { endStream: empty })
    if (!empty) this.#stream.end(body)
  }
  open(status: number, headers: Response['headers']): Outlet {
    if (!this.#stream.destroyed) this.#stream.respond({ ...(headers as Record<string, string>), ':status': status })
    return { stream: this.#stream, cut: () => this.#stream.close(constants.NGHTTP2_CANCEL) }
  }
}

const identities = new WeakMap<Http2Session, Identity>()

function identityOf(session: Http2Session): Identity {
  const known = identities.get(session)
  if (known) return known
  const identity = identify(session.socket as TLSSocket)
  identities.set(session, identity)
  return identity
}

const clientGone = () => new Error('the client has gone away')
