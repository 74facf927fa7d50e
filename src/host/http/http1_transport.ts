/**
 * The API over HTTP/1.1: for proxies and load balancers in front of an API server that do not speak HTTP/2, and for plain HTTP
 * (`kubectl proxy`). Connections are kept and used again; a watch has one of its own.
 */
import { Agent as HttpAgent, request as requestHttp, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { connect as connectTls } from 'node:tls'
import { abortReason } from '../../base/abort.ts'
import { NetworkError } from '../../base/network.ts'
import type { Request, Response } from '../../base/transport.ts'
import { dialError } from '../network_errors.ts'
import { bodyBytesOf, readAnswer } from './answer_reader.ts'
import { isTlsTrouble, type HttpsTransport, type HttpsTransportOptions } from './https_transport.ts'

export function createHttp1Transport(options: HttpsTransportOptions): HttpsTransport {
  const url = new URL(options.server)
  const isTls = url.protocol === 'https:'
  const agent = isTls ? new HttpsAgent({ keepAlive: true, ...tlsOptionsOf(options) }) : new HttpAgent({ keepAlive: true })
  return {
    async transport(request) {
      if (request.signal.aborted) throw abortReason(request.signal)
      const { token } = options
      const authorization = token ? `Bearer ${typeof token === 'string' ? token : token()}` : await options.authorization?.()
      return exchange(url, agent, request, { ...options.headers, ...(authorization && { authorization }) })
    },
    close: () => agent.destroy(),
  }
}

/** Whether the server speaks HTTP/2: it is asked in a handshake of its own. Throws NetworkError. */
export function speaksHttp2(options: HttpsTransportOptions): Promise<boolean> {
  const url = new URL(options.server)
  const { host, port } = addressOf(url)
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host, port, ...serverNameFor(host), ...tlsOptionsOf(options), ALPNProtocols: ['h2', 'http/1.1'] })
    const timer = setTimeout(() => fail(new NetworkError('Timeout', `dial tcp ${url.host}: i/o timeout`)), options.connectTimeoutMs ?? 10_000)
    const fail = (error: Error) => {
      clearTimeout(timer)
      socket.destroy()
      reject(error)
    }
    socket.once('secureConnect', () => {
      clearTimeout(timer)
      resolve(socket.alpnProtocol === 'h2')
      socket.end()
    })
    socket.on('error', error => fail(wordedError(error, host, port)))
  })
}

const addressOf = (url: URL): { host: string; port: number } => ({
  host: url.hostname.replace(/^\[|\]$/g, ''),
  port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
})

/** An address is no name to be asked for. */
const serverNameFor = (host: string): { servername?: string } => (/^[\d.]+$|:/.test(host) ? {} : { servername: host })

const tlsOptionsOf = ({ ca, insecure, serverName, certificate, key }: HttpsTransportOptions) => ({
  ...(ca && { ca }),
  ...(insecure && { rejectUnauthorized: false }),
  ...(serverName && { servername: serverName }),
  ...(certificate && { cert: certificate }),
  ...(key && { key }),
})

function wordedError(error: Error, host: string, port: number): NetworkError {
  const code = 'code' in error ? String(error.code) : ''
  return isTlsTrouble(code) ? new NetworkError('Tls', `tls: failed to verify certificate: ${error.message}`) : dialError(error, host, port)
}

function exchange(url: URL, agent: HttpAgent, request: Request, extra: Record<string, string | readonly string[]>): Promise<Response> {
  return new Promise((resolve, reject) => {
    const { method, query, signal } = request
    const { host, port } = addressOf(url)
    const search = query.toString()
    const bytes = bodyBytesOf(request)
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    const outgoing = send({
      agent,
      host,
      port,
      method,
      path: search ? `${request.path}?${search}` : request.path,
      headers: { ...request.headers, ...extra, ...(bytes && { 'content-length': String(bytes.length) }) } as Record<string, string | string[]>,
    })
    let isConnected = false
    const broken = (error: Error) =>
      reject(isConnected ? new NetworkError('Reset', `${method} ${request.path}: ${error.message}`) : wordedError(error, host, port))
    const stop = () => {
      outgoing.destroy()
      reject(abortReason(signal))
    }
    signal.addEventListener('abort', stop, { once: true })
    outgoing.once('socket', socket => {
      isConnected = !socket.connecting
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => (isConnected = true))
    })
    outgoing.once('close', () => signal.removeEventListener('abort', stop))
    outgoing.on('error', broken)
    outgoing.once('response', (incoming: IncomingMessage) => {
      // A watch that breaks off has ended, and whoever reads it sees that.
      incoming.on('error', () => undefined)
      readAnswer(
        {
          stream: incoming,
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          stop: () => incoming.destroy(),
          complaint: () => (incoming.complete ? undefined : 'the answer broke off'),
        },
        request,
      ).then(resolve, broken)
    })
    outgoing.end(bytes)
  })
}
