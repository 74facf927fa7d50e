/**
 * The API over HTTPS, for components outside the server's process: one HTTP/2 connection, opened when it is needed and
 * again after it broke. Requests are not repeated: whoever asked knows whether that is safe.
 */
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import { abortReason } from '../../base/abort.ts'
import { NetworkError } from '../../base/network.ts'
import type { Request, Response, Transport } from '../../base/transport.ts'
import { dialError } from '../network_errors.ts'
import { bodyBytesOf, readAnswer } from './answer_reader.ts'

export interface HttpsTransportOptions {
  /** `https://127.0.0.1:6443` */
  readonly server: string
  /** PEM of the CA that has signed the server's certificate; without it, those that the machine trusts. */
  readonly ca?: string
  /** Whoever answers is believed (insecure-skip-tls-verify). */
  readonly insecure?: boolean
  /** The certificate is for this name, whatever the address is (tls-server-name). */
  readonly serverName?: string
  readonly certificate?: string
  readonly key?: string
  /** A bearer token; a function is asked before each request, so that a renewed one is used. */
  readonly token?: string | (() => string)
  /** The whole header, asked for before each request; instead of a token. */
  readonly authorization?: () => Promise<string | undefined>
  /** Sent with every request; one with several values is sent several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly connectTimeoutMs?: number
}

export interface HttpsTransport {
  readonly transport: Transport
  close(): void
}

export function createHttpsTransport(options: HttpsTransportOptions): HttpsTransport {
  const { token, authorization: whole } = options
  let session: Promise<ClientHttp2Session> | undefined
  let open: ClientHttp2Session | undefined

  const connected = (): Promise<ClientHttp2Session> => {
    if (session && !(open && (open.closed || open.destroyed))) return session
    open = undefined
    const attempt = connectTo(options).then(made => (open = made))
    session = attempt
    attempt.catch(() => {
      if (session === attempt) session = undefined
    })
    return attempt
  }

  return {
    transport: async request => {
      if (request.signal.aborted) throw abortReason(request.signal)
      const authorization = token ? `Bearer ${typeof token === 'string' ? token : token()}` : await whole?.()
      return exchange(await connected(), request, { ...options.headers, ...(authorization && { authorization }) })
    },
    close() {
      void session?.then(
        made => made.destroy(),
        () => {},
      )
    },
  }
}

function connectTo({ server, ca, insecure, serverName, certificate, key, connectTimeoutMs = 10_000 }: HttpsTransportOptions): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const url = new URL(server)
    const port = Number(url.port || 443)
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const session = connect(server, {
      ...(ca && { ca }),
      ...(insecure && { rejectUnauthorized: false }),
      ...(serverName && { servername: serverName }),
      ...(certificate && { cert: certificate }),
      ...(key && { key }),
      settings: { enablePush: false, initialWindowSize: 4 * 1024 * 1024 },
    })
    const fail = (error: NetworkError) => {
      clearTimeout(timer)
      session.destroy()
      reject(error)
    }
    const timer = setTimeout(() => fail(new NetworkError('Timeout', `dial tcp ${url.host}: i/o timeout`)), connectTimeoutMs)
    session.once('connect', () => {
      clearTimeout(timer)
      // Each stream's own window is what holds back a slow reader; the connection's must not, or one stops all.
      session.setLocalWindowSize(64 * 1024 * 1024)
      keepAlive(session)
      resolve(session)
    })
    // Stays on: a broken connection also fails each of its streams, and those are what somebody waits for.
    session.on('error', error => {
      const code = 'code' in error ? String(error.code) : ''
      fail(isTlsTrouble(code) ? new NetworkError('Tls', `tls: failed to verify certificate: ${error.message}`) : dialError(error, host, port))
    })
  })
}

export const isTlsTrouble = (code: string): boolean => /^(CERT_|UNABLE_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS|ERR_SSL)/.test(code)

const PING_EVERY_MS = 30_000
const PING_TIMEOUT_MS = 15_000

/** A server that vanished without a word is found out, and every watch on the connection ends. */
function keepAlive(session: ClientHttp2Session): void {
  const timer = setInterval(() => {
    const late = setTimeout(() => session.destroy(new Error('no answer to a ping'), constants.NGHTTP2_CANCEL), PING_TIMEOUT_MS)
    session.ping(() => clearTimeout(late))
  }, PING_EVERY_MS)
  timer.unref()
  session.once('close', () => clearInterval(timer))
}

function exchange(session: ClientHttp2Session, request: Request, extra: Record<string, string | readonly string[]>): Promise<Response> {
  return new Promise((resolve, reject) => {
    const { method, query, signal } = request
    const search = query.toString()
    const bytes = bodyBytesOf(request)
    const stream = session.request(
      {
        ...request.headers,
        ...extra,
        ...(bytes && { 'content-length': String(bytes.length) }),
        ':method': method,
        ':path': search ? `${request.path}?${search}` : request.path,
      },
      { endStream: bytes === undefined },
    )
    let isAnswered = false
    const stop = () => {
      stream.close(constants.NGHTTP2_CANCEL)
      reject(abortReason(signal))
    }
    signal.addEventListener('abort', stop, { once: true })
    const broken = (error: Error) => reject(new NetworkError('Reset', `${method} ${request.path}: ${error.message}`))
    stream.on('error', broken)
    stream.once('close', () => {
      signal.removeEventListener('abort', stop)
      // With an answer on its way, whoever reads it knows whether it is whole: under load the stream can be closed before the last
      // of it has been handed on.
      if (!isAnswered) broken(new Error('the connection was closed before an answer came'))
    })
    stream.once('response', headers => {
      isAnswered = true
      readAnswer(
        { stream, status: Number(headers[':status']), headers, stop: () => stream.close(constants.NGHTTP2_CANCEL), complaint: () => brokenOff(stream) },
        request,
      ).then(resolve, broken)
    })
    if (bytes) stream.end(bytes)
  })
}

const brokenOff = ({ rstCode }: ClientHttp2Stream): string | undefined =>
  rstCode === constants.NGHTTP2_NO_ERROR ? undefined : `the answer broke off (code ${rstCode})`
