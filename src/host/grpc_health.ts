/**
 * One call of grpc.health.v1.Health/Check, over plain HTTP/2 with the two messages written by hand: a probe every few
 * seconds needs no channel, no reconnecting and no generated code.
 */
import { connect, type ClientHttp2Session } from 'node:http2'
import { abortReason } from '../base/abort.ts'
import { NetworkError, type GrpcHealth } from '../base/network.ts'
import { dialError, hostPort, printDuration } from './network_errors.ts'

const HEALTH: readonly GrpcHealth[] = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']
const GRPC_NOT_FOUND = 5
const GRPC_UNIMPLEMENTED = 12
const REPLY_BYTES_MAX = 64 * 1024

export function grpcHealth(
  host: string,
  port: number,
  service: string,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
): Promise<GrpcHealth> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortReason(signal))
    const address = hostPort(host, port)
    const session = connect(`http://${address}`)
    let connected = false
    const settle = (act: () => void) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
      session.destroy()
      act()
    }
    const fail = (error: NetworkError) => settle(() => reject(error))
    const failedToConnect = (why: string, code: NetworkError['code']) =>
      fail(new NetworkError(code, `timeout: failed to connect service ${JSON.stringify(address)} within ${printDuration(timeoutMs)}: ${why}`))
    const stop = () => settle(() => reject(abortReason(signal!)))
    const timer = setTimeout(
      () =>
        connected
          ? fail(new NetworkError('Timeout', `timeout: health rpc did not complete within ${printDuration(timeoutMs)}`))
          : failedToConnect('context deadline exceeded', 'Timeout'),
      timeoutMs,
    )
    signal?.addEventListener('abort', stop, { once: true })
    session.once('connect', () => {
      connected = true
    })
    session.on('error', error => {
      const known = dialError(error, host, port)
      if (connected) return fail(new NetworkError(known.code, `error: health rpc probe failed: ${error.message}`))
      failedToConnect(`connection error: desc = "transport: Error while dialing: ${known.message}"`, known.code)
    })
    check(session, address, service).then(
      outcome => settle(() => resolve(outcome)),
      (error: NetworkError) => {
        // Without a connection the session's own error tells more.
        if (connected) fail(error)
      },
    )
  })
}

function check(session: ClientHttp2Session, address: string, service: string): Promise<GrpcHealth> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      ':authority': address,
      'content-type': 'application/grpc',
      'user-agent': 'poise',
      te: 'trailers',
    })
    const chunks: Buffer[] = []
    let size = 0
    let status: number | undefined
    let message = ''
    let httpStatus = 0
    const readStatus = (headers: Record<string, unknown>) => {
      if (headers['grpc-status'] !== undefined) status = Number(headers['grpc-status'])
      if (typeof headers['grpc-message'] === 'string') message = decodeMessage(headers['grpc-message'])
    }
    stream.on('response', headers => {
      httpStatus = Number(headers[':status'])
      readStatus(headers)
    })
    stream.on('trailers', readStatus)
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= REPLY_BYTES_MAX) chunks.push(chunk)
    })
    stream.on('error', error => reject(new NetworkError('Other', `error: health rpc probe failed: ${error.message}`)))
    stream.on('close', () => {
      if (status === 0) return resolve(readReply(Buffer.concat(chunks)))
      if (status === GRPC_NOT_FOUND) return resolve('SERVICE_UNKNOWN')
      const why = status === undefined ? `unexpected HTTP status code received from server: ${httpStatus}` : message
      if (status === GRPC_UNIMPLEMENTED || httpStatus === 404) {
        return reject(new NetworkError('Unimplemented', `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${why}`))
      }
      reject(new NetworkError('Other', `error: health rpc probe failed: rpc error: code = ${status ?? 'Unknown'} desc = ${why}`))
    })
    stream.end(writeRequest(service))
  })
}

/** HealthCheckRequest { string service = 1; } behind gRPC's five bytes: not compressed, length. */
function writeRequest(service: string): Buffer {
  const name = Buffer.from(service)
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name])
  const frame = Buffer.alloc(5 + message.length)
  frame.writeUInt32BE(message.length, 1)
  message.copy(frame, 5)
  return frame
}

/** HealthCheckResponse { ServingStatus status = 1; }; zero is left out on the wire. */
function readReply(frame: Buffer): GrpcHealth {
  return frame.length > 6 && frame[5] === 0x08 ? (HEALTH[frame[6]!] ?? 'UNKNOWN') : 'UNKNOWN'
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest])
    bytes.push((rest & 0x7f) | 0x80)
  }
}

function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
