/** Outgoing connections of the machine. The wording of errors is in network_errors.ts. */
import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect as connectTcp, isIP } from 'node:net'
import { abortReason } from '../base/abort.ts'
import { NetworkError, type HttpReply, type HttpRequest, type Network } from '../base/network.ts'
import { grpcHealth } from './grpc_health.ts'
import { dialError, exchangeError, type ExchangeStage, hostPort } from './network_errors.ts'

export function createNetwork(): Network {
  return { connect, http, grpcHealth }
}

function connect(host: string, port: number, { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortReason(signal))
    const address = hostPort(host, port)
    const socket = connectTcp({ host, port })
    const settle = (act: () => void) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
      socket.destroy()
      act()
    }
    const stop = () => settle(() => reject(abortReason(signal!)))
    const timer = setTimeout(() => settle(() => reject(new NetworkError('Timeout', `dial tcp ${address}: i/o timeout`))), timeoutMs)
    signal?.addEventListener('abort', stop, { once: true })
    socket.once('connect', () => settle(resolve))
    // Stays on: destroying a socket that is being connected may still report an error.
    socket.on('error', error => settle(() => reject(dialError(error, host, port))))
  })
}

function http(request: HttpRequest): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    const { signal, timeoutMs } = request
    if (signal?.aborted) return reject(abortReason(signal))
    let stage: ExchangeStage = 'dialling'
    let exchange: ClientRequest | undefined
    const settle = (act: () => void) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
      exchange?.destroy()
      act()
    }
    const fail = (error: Error | 'timeout') => settle(() => reject(exchangeError(error, stage, request)))
    const stop = () => settle(() => reject(abortReason(signal!)))
    const timer = setTimeout(() => fail('timeout'), timeoutMs)
    signal?.addEventListener('abort', stop, { once: true })
    try {
      exchange = start(request)
    } catch (error) {
      // A header or path that node refuses to send.
      return fail(error as Error)
    }
    exchange.on('error', fail)
    exchange.on('socket', socket =>
      socket.once('connect', () => {
        stage = 'awaiting headers'
      }),
    )
    exchange.on('upgrade', (response: IncomingMessage) => settle(() => resolve(reply(response, ''))))
    exchange.on('response', response => {
      stage = 'reading body'
      readBody(response, request.bodyBytesMax).then(body => settle(() => resolve(reply(response, body))), fail)
    })
    exchange.end()
  })
}

function start({ scheme, host, port, path, method, headers }: HttpRequest): ClientRequest {
  const target = { host, port, path, method, headers: rawHeaders(headers, scheme, host, port), agent: false as const }
  if (scheme === 'http') return requestHttp(target)
  const serverName = headers.find(([name]) => name.toLowerCase() === 'host')?.[1].replace(/:\d+$/, '') ?? host
  return requestHttps({ ...target, rejectUnauthorized: false, ...(isIP(serverName) === 0 && { servername: serverName }) })
}

/** As a flat list node sends exactly these, in order and repeated as they are; it then leaves Host to us. */
function rawHeaders(headers: HttpRequest['headers'], scheme: string, host: string, port: number): string[] {
  const given = headers.find(([name]) => name.toLowerCase() === 'host')
  const usual = port === (scheme === 'https' ? 443 : 80)
  const hostHeader = given?.[1] ?? (usual ? hostPort(host, port).replace(/:\d+$/, '') : hostPort(host, port))
  return ['Host', hostHeader, ...headers.filter(([name]) => name.toLowerCase() !== 'host').flat(), 'Connection', 'close']
}

async function readBody(response: IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = []
  let left = bytesMax
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, left))
    left -= chunk.length
    if (left <= 0) break
  }
  return Buffer.concat(chunks).toString('utf8')
}

const reply = (response: IncomingMessage, body: string): HttpReply => ({
  status: response.statusCode ?? 0,
  headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')])),
  body,
})
