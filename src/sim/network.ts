/**
 * The simulated Pod network: addresses, who listens on them, and how long it takes to get there.
 *
 *   Network.connect|http|grpcHealth ─▶ latency ─▶ address known? ─▶ somebody listens? ─▶ server ─▶ latency ─▶ reply
 *
 * An address nobody has swallows packets until the caller's timeout; a known address where nobody listens refuses.
 */
import { abortReason } from '../base/abort.ts'
import { TimeoutError, sleep, withTimeout } from '../base/clock.ts'
import type { Clock, Millis } from '../base/clock.ts'
import { NetworkError } from '../base/network.ts'
import type { GrpcHealth, HttpReply, HttpRequest, Network } from '../base/network.ts'
import type { Random } from '../base/random.ts'

/** What listens on a port. A server without `http` accepts connections and understands no request. */
export interface SimulatedServer {
  http?(request: SimulatedHttpRequest): Promise<HttpReply>
  grpcHealth?(service: string): Promise<GrpcHealth>
}

export interface SimulatedHttpRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: readonly (readonly [string, string])[]
}

export interface Fabric {
  /** Makes an address reachable, so that a closed port on it refuses instead of swallowing packets. */
  addAddress(address: string): void
  /** The address and everything that listens on it are gone. */
  removeAddress(address: string): void
  /** Returns undefined when the port is taken. */
  listen(address: string, port: number, server: SimulatedServer): { close(): void } | undefined
  listener(address: string, port: number): SimulatedServer | undefined
  /** The network as a process sees it. What it calls `localhost` is `localAddress`. */
  attach(process: { clock: Clock; random: Random; localAddress?: string }): Network
}

const LATENCY_SPREAD_MS = 2
const LOOPBACK = /^(127\.|localhost$|::1$)/

export function createFabric({ clock: fabricClock, random: fabricRandom }: { clock: Clock; random: Random }): Fabric {
  const addresses = new Map<string, Map<number, SimulatedServer>>()
  const serverTime = fabricRandom.fork('server')

  const fabric: Fabric = {
    addAddress(address) {
      if (!addresses.has(address)) addresses.set(address, new Map())
    },
    removeAddress: address => void addresses.delete(address),
    listen(address, port, server) {
      const ports = addresses.get(address)
      if (!ports || ports.has(port)) return undefined
      ports.set(port, server)
      return {
        close() {
          if (ports.get(port) === server) ports.delete(port)
        },
      }
    },
    listener: (address, port) => addresses.get(address)?.get(port),

    attach({ clock, random, localAddress }) {
      const hop = (signal: AbortSignal) => sleep(clock, 1 + random.below(LATENCY_SPREAD_MS), signal, 'network')
      const addressOf = (host: string) => (localAddress !== undefined && LOOPBACK.test(host) ? localAddress : host)

      const dial = async (host: string, port: number, signal: AbortSignal): Promise<SimulatedServer> => {
        await hop(signal)
        const ports = addresses.get(addressOf(host))
        if (!ports) return new Promise((_, reject) => signal.addEventListener('abort', () => reject(abortReason(signal)), { once: true }))
        const server = ports.get(port)
        if (!server) throw new NetworkError('Refused', `dial tcp ${joined(host, port)}: connect: connection refused`)
        return server
      }

      /** The server works in its own time: if the caller dies meanwhile, the request has still been served. */
      const served = <T>(work: () => Promise<T>, signal: AbortSignal) => new Promise<T>((resolve, reject) => {
        fabricClock.at(fabricClock.now() + 1 + serverTime.below(LATENCY_SPREAD_MS), () => {
          work().then(
            value => void hop(signal).then(() => resolve(value), reject),
            (error: unknown) => void hop(signal).then(() => reject(error instanceof Error ? error : new Error(String(error))), reject),
          )
        }, 'server')
      })

      return {
        async connect(host, port, { timeoutMs, signal }) {
          await bounded(clock, timeoutMs, signal, abort => dial(host, port, abort), () => `dial tcp ${joined(host, port)}: i/o timeout`)
        },
        async http(request: HttpRequest) {
          const get = `Get "${request.scheme}://${joined(request.host, request.port)}${request.path}"`
          let stage = `dial tcp ${joined(request.host, request.port)}: i/o timeout`
          const work = async (abort: AbortSignal): Promise<HttpReply> => {
            const server = await dial(request.host, request.port, abort)
            stage = 'context deadline exceeded'
            if (request.scheme === 'https') throw new NetworkError('Tls', 'http: server gave HTTP response to HTTPS client')
            if (!server.http) throw new NetworkError('Reset', 'EOF')
            const reply = await served(() => server.http!({ method: request.method, path: request.path, headers: request.headers }), abort)
            return { ...reply, body: reply.body.slice(0, request.bodyBytesMax) }
          }
          try {
            return await bounded(clock, request.timeoutMs, request.signal, work, () => `${stage} (Client.Timeout exceeded while awaiting headers)`)
          } catch (error) {
            throw error instanceof NetworkError ? new NetworkError(error.code, `${get}: ${error.message}`) : error
          }
        },
        async grpcHealth(host, port, service, { timeoutMs, signal }) {
          const within = `within ${timeoutMs % 1000 === 0 ? `${timeoutMs / 1000}s` : `${timeoutMs}ms`}`
          const failed = (why: string) => `timeout: failed to connect service ${JSON.stringify(joined(host, port))} ${within}: ${why}`
          let stage = failed('context deadline exceeded')
          const work = async (abort: AbortSignal) => {
            const server = await dial(host, port, abort).catch((error: unknown) => {
              throw error instanceof NetworkError ? new NetworkError(error.code, failed(`connection error: desc = "transport: Error while dialing: ${error.message}"`)) : error
            })
            stage = `timeout: health rpc did not complete ${within}`
            if (!server.grpcHealth) throw new NetworkError('Unimplemented', 'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service grpc.health.v1.Health')
            return served(() => server.grpcHealth!(service), abort)
          }
          return bounded(clock, timeoutMs, signal, work, () => stage)
        },
      }
    },
  }
  return fabric
}

async function bounded<T>(clock: Clock, timeoutMs: Millis, signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>, whenLate: () => string): Promise<T> {
  try {
    return await withTimeout(clock, timeoutMs, work, signal, 'network')
  } catch (error) {
    throw error instanceof TimeoutError ? new NetworkError('Timeout', whenLate()) : error
  }
}

const joined = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)
