/** Errors of the network in the words of Go's net and net/http: they end up in events, where users know them. */
import { NetworkError, type HttpRequest } from '../base/network.ts'

export const hostPort = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)

/** How far a request had come when it failed. */
export type ExchangeStage = 'dialling' | 'awaiting headers' | 'reading body'

/** `Get "http://10.0.0.5:80/": dial tcp 10.0.0.5:80: connect: connection refused` and its like. */
export function exchangeError(error: Error | 'timeout', stage: ExchangeStage, { scheme, host, port, path }: HttpRequest): NetworkError {
  const prefix = `Get "${scheme}://${hostPort(host, port)}${path}": `
  if (error === 'timeout') {
    const where = stage === 'reading body' ? 'Client.Timeout or context cancellation while reading body' : 'Client.Timeout exceeded while awaiting headers'
    const what = stage === 'dialling' ? `dial tcp ${hostPort(host, port)}: i/o timeout` : 'context deadline exceeded'
    return new NetworkError('Timeout', `${prefix}${what} (${where})`)
  }
  const known = stage === 'dialling' ? dialError(error, host, port) : brokenError(error, host, port)
  return new NetworkError(known.code, prefix + known.message)
}

/** The connection did not come about. */
export function dialError(error: Error, host: string, port: number): NetworkError {
  const code = codeOf(error)
  if (code === 'ENOTFOUND') return new NetworkError('Other', `dial tcp: lookup ${host}: no such host`)
  if (code === 'EAI_AGAIN') return new NetworkError('Other', `dial tcp: lookup ${host}: Temporary failure in name resolution`)
  const [kind, words] = SYSTEM[code] ?? ['Other', error.message]
  return new NetworkError(kind, `dial tcp ${hostPort(host, port)}: connect: ${words}`)
}

/** The connection stood, and the exchange on it failed. */
function brokenError(error: Error, host: string, port: number): NetworkError {
  const code = codeOf(error)
  // A peer that closes before it has answered.
  if (code === 'ECONNRESET' && error.message === 'socket hang up') return new NetworkError('Reset', 'EOF')
  if (code === 'ECONNRESET' && error.message === 'aborted') return new NetworkError('Reset', 'unexpected EOF')
  if (code === 'ECONNRESET' && /before secure TLS/.test(error.message)) return new NetworkError('Tls', 'EOF')
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG' || /wrong version number/.test(error.message)) {
    return new NetworkError('Tls', 'http: server gave HTTP response to HTTPS client')
  }
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') return new NetworkError('Tls', `remote error: tls: ${tlsWords(code, error)}`)
  if (code.startsWith('HPE_')) {
    return new NetworkError('Other', `net/http: HTTP/1.x transport connection broken: malformed HTTP response (${error.message})`)
  }
  const known = SYSTEM[code]
  if (known) return new NetworkError(known[0], `read tcp ${hostPort(host, port)}: ${code === 'EPIPE' ? 'write' : 'read'}: ${known[1]}`)
  return new NetworkError('Other', error.message)
}

const SYSTEM: Readonly<Record<string, readonly [NetworkError['code'], string]>> = {
  ECONNREFUSED: ['Refused', 'connection refused'],
  ECONNRESET: ['Reset', 'connection reset by peer'],
  EPIPE: ['Reset', 'broken pipe'],
  ETIMEDOUT: ['Timeout', 'connection timed out'],
  EHOSTUNREACH: ['Unreachable', 'no route to host'],
  ENETUNREACH: ['Unreachable', 'network is unreachable'],
  EHOSTDOWN: ['Unreachable', 'host is down'],
  EADDRNOTAVAIL: ['Other', 'cannot assign requested address'],
  EINVAL: ['Other', 'invalid argument'],
  EACCES: ['Other', 'permission denied'],
}

/** A name with several addresses fails with an AggregateError: the first one is as good as any. */
function codeOf(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return codeOf(error.errors[0])
  return ''
}

/** Node gives some of OpenSSL's errors a code of their own, and others only in the text: `…:SSL routines:function:words:file:line`. */
const tlsWords = (code: string, error: Error): string =>
  code === 'EPROTO' ? (error.message.split(':').at(-3) ?? error.message) : code.slice('ERR_SSL_'.length).toLowerCase().replaceAll('_', ' ')

/** A duration as Go prints it: `1s`, `500ms`, `1m0s`. */
export function printDuration(ms: number): string {
  if (ms < 1000) return `${ms}ms`
  const minutes = Math.floor(ms / 60_000)
  return minutes === 0 ? `${ms / 1000}s` : `${minutes}m${(ms % 60_000) / 1000}s`
}
