/**
 * Serves a handler over TLS: HTTP/2 and HTTP/1.1 on one port, chosen by ALPN.
 *
 * Client certificates say who asks (identity.ts). Answers are written as they are given: no compression, even when a
 * client would take it, because on a loopback it costs more than it saves.
 */
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Log } from '../../base/log.ts'
import type { Transport } from '../../base/transport.ts'
import type { KeyPair } from '../certificates.ts'
import { createAnswerer, type Answerer } from './answer.ts'
import { Http1Exchange, upgradeExchange } from './http1.ts'
import { Http2Exchange } from './http2.ts'
import { LIMITS, type ServerLimits } from './limits.ts'

export interface ServeOptions {
  readonly handle: Transport
  /** What the server shows, and the CA (PEM) whose client certificates it believes. */
  readonly tls: KeyPair & { readonly clientCa: string }
  /** Default 127.0.0.1: nothing is open to the network unless somebody says so. */
  readonly address?: string
  /** 0, the default: a free one. */
  readonly port?: number
  readonly limits?: Partial<ServerLimits>
  readonly log: Log
}

export interface RunningServer {
  readonly address: string
  readonly port: number
  /** For new connections; those that stand keep what they have. */
  useCertificate(pair: KeyPair): void
  /** Takes nothing new, ends watches and sessions, lets requests finish for up to `graceMs`, then cuts. */
  close(graceMs?: number): Promise<void>
}

export async function serve({ handle, tls, address = '127.0.0.1', port = 0, limits: given, log }: ServeOptions): Promise<RunningServer> {
  const limits = { ...LIMITS, ...given }
  const server = createSecureServer({
    allowHTTP1: true,
    cert: tls.certificate,
    key: tls.key,
    ca: tls.clientCa,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    handshakeTimeout: limits.handshakeTimeoutMs,
    maxHeaderListPairs: 256,
    settings: { maxConcurrentStreams: limits.streamsMax, maxHeaderListSize: limits.headerBytesMax, initialWindowSize: 1024 * 1024 },
    // In MB. Node counts buffered answers in it, and the default of 10 refuses streams while a few long lists are read.
    maxSessionMemory: 256,
  })
  // Node reads these of a server for both versions from the object itself, and not from the options.
  Object.assign(server, {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.headersTimeoutMs + limits.bodyTimeoutMs,
    keepAliveTimeout: limits.idleTimeoutMs,
    connectionsCheckingInterval: Math.min(5000, limits.headersTimeoutMs),
  })
  const answerer = createAnswerer({ handle, limits, log })
  const connections = trackConnections(server, log, limits.idleTimeoutMs)
  acceptRequests(server, answerer)
  await listen(server, address, port)
  const bound = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  return {
    address: bound.address,
    port: bound.port,
    useCertificate: pair => server.setSecureContext({ cert: pair.certificate, key: pair.key, ca: tls.clientCa }),
    close: (graceMs = 5000) => (closing ??= close(server, connections, answerer, graceMs)),
  }
}

function acceptRequests(server: Http2SecureServer, answerer: Answerer): void {
  server.on('request', (message, response) => {
    // Types name HTTP/2's compatible objects here; with allowHTTP1 they are HTTP/1.1's own.
    void answerer.answer(new Http1Exchange(message as never, response as never))
  })
  server.on('upgrade', (message, socket, head) => void answerer.answer(upgradeExchange(message, socket, head)))
  // A listener for 'request' brings one for 'stream' that wraps each stream for it, which costs more than all of ours.
  server.removeAllListeners('stream')
  server.on('stream', (stream, headers) => void answerer.answer(new Http2Exchange(stream, headers)))
}

interface Connections {
  readonly sessions: ReadonlySet<ServerHttp2Session>
  readonly sockets: ReadonlySet<Socket>
}

function trackConnections(server: Http2SecureServer, log: Log, idleTimeoutMs: number): Connections {
  const sessions = new Set<ServerHttp2Session>()
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.setNoDelay(true)
    // A watch may be silent for minutes; a peer that has vanished without a word is found out by this.
    socket.setKeepAlive(true, 30_000)
  })
  server.on('session', session => {
    let streams = 0
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    session.on('stream', stream => {
      streams++
      stream.once('close', () => streams--)
    })
    session.setTimeout(idleTimeoutMs, () => {
      if (streams === 0) session.close()
    })
    session.on('error', error => log.debug('an HTTP/2 connection failed', { error: error.message }))
  })
  // What a client does wrong on the wire is its own affair: it is told, and nobody else is disturbed.
  server.on('sessionError', error => log.debug('an HTTP/2 connection failed', { error: error.message }))
  server.on('tlsClientError', error => log.debug('a TLS handshake failed', { error: error.message }))
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    log.debug('a request could not be read', { error: error.message })
    if (!socket.writable) return void socket.destroy()
    const status =
      error.code === 'HPE_HEADER_OVERFLOW'
        ? '431 Request Header Fields Too Large'
        : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
          ? '408 Request Timeout'
          : '400 Bad Request'
    socket.end(`HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${status}`, () => socket.destroy())
  })
  return { sessions, sockets }
}

function listen(server: Http2SecureServer, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, address, port)))
    server.listen(port, address, () => {
      server.removeAllListeners('error')
      server.on('error', () => {})
      resolve()
    })
  })
}

/** The message says what to do next. */
function listenError(error: NodeJS.ErrnoException, address: string, port: number): Error {
  const sentence = LISTEN_ERRORS[error.code ?? '']?.(address, port)
  return sentence ? new Error(sentence, { cause: error }) : error
}

const LISTEN_ERRORS: Readonly<Record<string, (address: string, port: number) => string>> = {
  EADDRINUSE: (address, port) => `port ${port} of ${address} is in use by another program. Next: choose another port, or 0 for a free one`,
  EACCES: (_, port) => `this user may not listen on port ${port}. Next: choose a port above 1023, or 0 for a free one`,
  EADDRNOTAVAIL: address => `${address} is not an address of this machine. Next: use 127.0.0.1, or one that \`ip address\` shows`,
  ENOTFOUND: address => `${address} is not an address. Next: use 127.0.0.1, or one that \`ip address\` shows`,
}

async function close(server: Http2SecureServer, { sessions, sockets }: Connections, answerer: Answerer, graceMs: number): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  let cut: NodeJS.Timeout | undefined
  const graceOver = new Promise<void>(resolve => {
    cut = setTimeout(resolve, graceMs)
  })
  answerer.drain()
  // GOAWAY: nothing new on this connection; it closes when its last stream has.
  for (const session of sessions) session.close()
  await Promise.race([answerer.idle(), graceOver])
  // Those of HTTP/1.1 are kept alive by their clients, who wait for nothing now.
  for (const socket of sockets) socket.end()
  await Promise.race([closed, graceOver, new Promise(resolve => setTimeout(resolve, LAST_WORDS_MS).unref())])
  for (const session of sessions) session.destroy()
  for (const socket of sockets) socket.destroy()
  clearTimeout(cut)
  await closed
}

/** For the last bytes to leave, once every request has been answered. */
const LAST_WORDS_MS = 250
