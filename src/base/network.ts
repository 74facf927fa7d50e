import type { Millis } from './clock.ts'

/**
 * Outgoing connections: what probes and lifecycle hooks use to reach a container.
 * Errors are NetworkError; their messages read as Go words them, because users see them in events: `connect` as net
 * (`dial tcp 10.0.0.5:80: connect: connection refused`), `http` as net/http with the request in front
 * (`Get "http://10.0.0.5:80/": dial tcp …`), `grpcHealth` as the kubelet prints it (`timeout: failed to connect service …`).
 */
export interface Network {
  /** Resolves when the connection stands, and closes it at once: a TCP probe. */
  connect(host: string, port: number, options: { timeoutMs: Millis; signal?: AbortSignal }): Promise<void>
  /** One request on a connection of its own; redirects are not followed, TLS certificates are not verified. */
  http(request: HttpRequest): Promise<HttpReply>
  /** One grpc.health.v1.Health/Check call. */
  grpcHealth(host: string, port: number, service: string, options: { timeoutMs: Millis; signal?: AbortSignal }): Promise<GrpcHealth>
}

export interface HttpRequest {
  scheme: 'http' | 'https'
  host: string
  port: number
  /** Path and query. */
  path: string
  method: 'GET' | 'HEAD' | (string & {})
  /** In order; a name may come more than once. */
  headers: readonly (readonly [string, string])[]
  /** The body is read up to here and the rest is dropped. */
  bodyBytesMax: number
  timeoutMs: Millis
  signal?: AbortSignal
}

export interface HttpReply {
  status: number
  headers: Readonly<Record<string, string>>
  body: string
}

export type GrpcHealth = 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN'

export class NetworkError extends Error {
  override readonly name = 'NetworkError'
  readonly code: 'Refused' | 'Reset' | 'Timeout' | 'Unreachable' | 'Tls' | 'Unimplemented' | 'Other'
  constructor(code: NetworkError['code'], message: string) {
    super(message)
    this.code = code
  }
}
