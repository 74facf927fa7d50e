/**
 * The simulated Pod network: addresses, who listens on them, and how long it takes to get there.
 *
 *   Network.connect|http|grpcHealth ─▶ latency ─▶ address known? ─▶ somebody listens? ─▶ server ─▶ latency ─▶ reply
 *
 * An address nobody has swallows packets until the caller's timeout; a known address where nobody listens refuses.
 */
import { abortReason } from '../base/abort.ts'
import type { Clock, Millis, Timer } from '../base/clock.ts'
import { NetworkError } from '../base/network.ts'
import type { GrpcHealth, HttpReply, HttpRequest, Network } from '../base/network.ts'
import type { Random } from '../base/random.ts'
import type { Target } from '../network/proxy/service_ports.ts'
import { createAcceptedConnections, type AcceptedConnections, type SimulatedConnection } from './connection.ts'
import type { ServiceRoutes } from './service_routes.ts'

/** What listens on a port. A server without `http` accepts connections and understands no request. */
export interface SimulatedServer {
  http?(request: SimulatedHttpRequest): Promise<HttpReply>
  grpcHealth?(service: string): Promise<GrpcHealth>
  /** A kept connection on which nothing is asked for so long is closed. Default: it is kept. */
  readonly idleTimeoutMs?: Millis
}

export interface SimulatedListener {
  /** Takes no more connections; those that stand go on. */
  close(): void
  /** Lets each kept connection have one more reply, which says that it is the last. */
  closeAfterReply(): void
  /** Closes the kept connections that are idle, and the others with their reply. */
  drain(): void
  /** The process is gone, and with it every connection. */
  end(): void
}

/** A simulated network, seen from one process: what probes use, and connections that stay open. */
export interface SimulatedNetwork extends Network {
  /** Rejects as `connect` does. `routed` is told whom the first packet was sent to, also where nobody takes it. */
  open(host: string, port: number, limits: { timeoutMs: Millis; signal?: AbortSignal; routed?: (target: Target) => void }): Promise<SimulatedConnection>
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
  listen(address: string, port: number, server: SimulatedServer): SimulatedListener | undefined
  listener(address: string, port: number): SimulatedServer | undefined
  /** The network as a process sees it. What it calls `localhost` is `localAddress`; `routes` are those of its machine. */
  attach(process: { clock: Clock; random: Random; localAddress?: string; routes?: Pick<ServiceRoutes, 'route'> }): SimulatedNetwork
}

const LATENCY_SPREAD_MS = 2
const LOOPBACK = /^(127\.|localhost$|::1$)/

export function createFabric({ clock: fabricClock, random: fabricRandom }: { clock: Clock; random: Random }): Fabric {
  const addresses = new Map<string, Map<number, Listening>>()
  const serverTime = fabricRandom.fork('server')

  const fabric: Fabric = {
    addAddress(address) {
      if (!addresses.has(address)) addresses.set(address, new Map())
    },
    removeAddress: address => void addresses.delete(address),
    listen(address, port, server) {
      const ports = addresses.get(address)
      if (!ports || ports.has(port)) return undefined
      const connections = createAcceptedConnections({ clock: fabricClock, server, target: { address, port } })
      const listening = { server, connections }
      ports.set(port, listening)
      const close = () => {
        if (ports.get(port) === listening) ports.delete(port)
      }
      return {
        close,
        closeAfterReply: () => connections.closeAfterReply(),
        drain: () => connections.drain(),
        end() {
          close()
          connections.end()
        },
      }
    },
    listener: (address, port) => addresses.get(address)?.get(port)?.server,

    attach({ clock, random, localAddress, routes }) {
      const addressOf = (host: string) => (localAddress !== undefined && LOOPBACK.test(host) ? localAddress : host)

      /**
       * One attempt to get an answer from somebody, which ends when there is one, when its time is over, or when the caller
       * gives up. Probes make these all the time, so it is callbacks over one timer and one listener.
       */
      const attempt = <T>({ timeoutMs, signal }: { timeoutMs: Millis; signal?: AbortSignal }, whenLate: () => string, begin: (attempt: Attempt<T>) => void) =>
        new Promise<T>((resolve, reject) => {
          if (signal?.aborted) return reject(abortReason(signal))
          let hopping: Timer | undefined
          let open = true
          const end = () => {
            open = false
            deadline.cancel()
            hopping?.cancel()
            signal?.removeEventListener('abort', giveUp)
          }
          const giveUp = () => {
            end()
            reject(abortReason(signal!))
          }
          const deadline = clock.at(
            clock.now() + timeoutMs,
            () => {
              end()
              reject(new NetworkError('Timeout', whenLate()))
            },
            'network',
          )
          signal?.addEventListener('abort', giveUp, { once: true })
          begin({
            hop(arrive) {
              if (open) hopping = clock.at(clock.now() + 1 + random.below(LATENCY_SPREAD_MS), arrive, 'network')
            },
            answer(value) {
              end()
              resolve(value)
            },
            fail(error) {
              end()
              reject(error instanceof Error ? error : new Error(String(error)))
            },
          })
        })

      /** An address that nobody has swallows the packet: then only the deadline will tell. */
      const dial = <T>(
        attempt: Attempt<T>,
        host: string,
        port: number,
        connected: (server: SimulatedServer, connections: AcceptedConnections) => void,
        refused: (error: NetworkError) => NetworkError = error => error,
        sentTo?: (target: Target) => void,
      ) =>
        attempt.hop(() => {
          const routed = routes?.route({ address: host, port, from: localAddress })
          if (routed?.is === 'drop') return
          const target = routed?.is === 'target' ? routed.target : { address: addressOf(host), port }
          if (routed?.is !== 'refuse') sentTo?.(target)
          const ports = addresses.get(target.address)
          const listening = routed?.is === 'refuse' ? undefined : ports?.get(target.port)
          if (listening) connected(listening.server, listening.connections)
          else if (ports || routed?.is === 'refuse')
            attempt.fail(refused(new NetworkError('Refused', `dial tcp ${joined(host, port)}: connect: connection refused`)))
        })

      /** The server works in its own time: if the caller dies meanwhile, the request has still been served. */
      const serve = <T>(attempt: Attempt<T>, work: () => Promise<T>) =>
        void fabricClock.at(
          fabricClock.now() + 1 + serverTime.below(LATENCY_SPREAD_MS),
          () => {
            work().then(
              value => attempt.hop(() => attempt.answer(value)),
              (error: unknown) => attempt.hop(() => attempt.fail(error)),
            )
          },
          'server',
        )

      return {
        open: (host, port, limits) =>
          attempt<SimulatedConnection>(
            limits,
            () => `dial tcp ${joined(host, port)}: i/o timeout`,
            one =>
              dial(one, host, port, (_, connections) => one.answer(connections.accept(() => 1 + random.below(LATENCY_SPREAD_MS))), undefined, limits.routed),
          ),
        connect: (host, port, limits) =>
          attempt<void>(
            limits,
            () => `dial tcp ${joined(host, port)}: i/o timeout`,
            one => dial(one, host, port, () => one.answer()),
          ),
        async http(request: HttpRequest) {
          const { host, port, scheme, method, path, headers, bodyBytesMax } = request
          let isConnected = false
          const late = () =>
            `${isConnected ? 'context deadline exceeded' : `dial tcp ${joined(host, port)}: i/o timeout`} (Client.Timeout exceeded while awaiting headers)`
          try {
            const reply = await attempt<HttpReply>(request, late, one =>
              dial(one, host, port, server => {
                isConnected = true
                if (scheme === 'https') one.fail(new NetworkError('Tls', 'http: server gave HTTP response to HTTPS client'))
                else if (!server.http) one.fail(new NetworkError('Reset', 'EOF'))
                else serve(one, () => server.http!({ method, path, headers }))
              }),
            )
            return { ...reply, body: reply.body.slice(0, bodyBytesMax) }
          } catch (error) {
            throw error instanceof NetworkError ? new NetworkError(error.code, `Get "${scheme}://${joined(host, port)}${path}": ${error.message}`) : error
          }
        },
        grpcHealth(host, port, service, limits) {
          const { timeoutMs } = limits
          const within = `within ${timeoutMs % 1000 === 0 ? `${timeoutMs / 1000}s` : `${timeoutMs}ms`}`
          const failed = (why: string) => `timeout: failed to connect service ${JSON.stringify(joined(host, port))} ${within}: ${why}`
          const refused = ({ code, message }: NetworkError) =>
            new NetworkError(code, failed(`connection error: desc = "transport: Error while dialing: ${message}"`))
          let isConnected = false
          const late = () => (isConnected ? `timeout: health rpc did not complete ${within}` : failed('context deadline exceeded'))
          return attempt<GrpcHealth>(limits, late, one =>
            dial(
              one,
              host,
              port,
              server => {
                isConnected = true
                if (server.grpcHealth) serve(one, () => server.grpcHealth!(service))
                else
                  one.fail(
                    new NetworkError(
                      'Unimplemented',
                      'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service grpc.health.v1.Health',
                    ),
                  )
              },
              refused,
            ),
          )
        },
      }
    },
  }
  return fabric
}

interface Listening {
  readonly server: SimulatedServer
  readonly connections: AcceptedConnections
}

interface Attempt<T> {
  /** The packet travels; it arrives unless the attempt has ended. */
  hop(arrive: () => void): void
  answer(value: T): void
  fail(error: unknown): void
}

const joined = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)
