/**
 * Connections of the simulated network that stay open: HTTP keep-alive, and what becomes of them when a server stops.
 *
 *   client ── request ──▶ server          each way takes a hop; what one side does the other sees a hop later, so a
 *          ◀── reply ───                  request may cross with the close of its connection, and is lost then
 */
import { abortReason } from '../base/abort.ts'
import type { Clock, Millis, Timer } from '../base/clock.ts'
import { NetworkError, type HttpReply } from '../base/network.ts'
import type { Target } from '../network/proxy/service_ports.ts'
import type { SimulatedHttpRequest, SimulatedServer } from './network.ts'

/** The client's end. */
export interface SimulatedConnection {
  /** Who has accepted it: behind a Service, one of its endpoints. It stays the same, whatever becomes of the rules. */
  readonly target: Target
  /** One at a time. Rejects with a NetworkError: Reset when the server has closed or died, Timeout. */
  request(request: SimulatedHttpRequest, limits: { readonly timeoutMs: Millis; readonly signal?: AbortSignal }): Promise<HttpReply>
  /** Resolves when the client learns that the server has closed it, or the client itself has. */
  readonly closed: Promise<void>
  close(): void
}

/** The server's side: every connection that one listener has accepted. */
export interface AcceptedConnections {
  accept(hopMs: () => Millis): SimulatedConnection
  /** Each is closed with its next reply, which says so. */
  closeAfterReply(): void
  /** Those without a request are closed, the others with their reply. */
  drain(): void
  /** The process is gone: the kernel closes its sockets, and what was not answered never is. */
  end(): void
}

export interface AcceptedParts {
  readonly clock: Clock
  readonly server: SimulatedServer
  readonly target: Target
}

export function createAcceptedConnections({ clock, server, target }: AcceptedParts): AcceptedConnections {
  const open = new Set<{ closeFromServer(): void; isBusy(): boolean; closeAfterReply(): void }>()

  function accept(hopMs: () => Millis): SimulatedConnection {
    let serverHasClosed = false
    let isBusy = false
    let closesAfterReply = false
    let isClosedHere = false
    let idle: Timer | undefined
    /** How to fail the request that is under way. */
    let lose: ((why: NetworkError) => void) | undefined
    let markClosed = () => {}
    const closed = new Promise<void>(resolve => (markClosed = resolve))
    // A stream of bytes keeps its order: each arrival takes what is first in line, whatever the latencies.
    const lane = () => {
      const line: (() => void)[] = []
      return (arrive: () => void) => {
        line.push(arrive)
        clock.at(clock.now() + hopMs(), () => line.shift()!(), 'network')
      }
    }
    const [toServer, toClient] = [lane(), lane()]

    const closeHere = () => {
      isClosedHere = true
      idle?.cancel()
      markClosed()
    }
    const own = {
      isBusy: () => isBusy,
      closeAfterReply: () => void (closesAfterReply = true),
      closeFromServer() {
        if (serverHasClosed) return
        serverHasClosed = true
        idle?.cancel()
        open.delete(own)
        toClient(() => {
          lose?.(new NetworkError('Reset', 'EOF'))
          closeHere()
        })
      },
    }
    const watchIdle = () => {
      idle?.cancel()
      if (server.idleTimeoutMs !== undefined) idle = clock.at(clock.now() + server.idleTimeoutMs, own.closeFromServer, 'idle connection')
    }
    open.add(own)

    return {
      target,
      closed,
      close() {
        closeHere()
        toServer(() => {
          serverHasClosed = true
          open.delete(own)
        })
      },
      request: (request, { timeoutMs, signal }) =>
        new Promise((resolve, reject) => {
          if (signal?.aborted) return reject(abortReason(signal))
          if (isClosedHere) return reject(new NetworkError('Reset', 'EOF'))
          if (lose) return reject(new NetworkError('Other', 'this connection has a request under way'))
          const settle = (act: () => void) => {
            if (!lose) return
            lose = undefined
            late.cancel()
            signal?.removeEventListener('abort', giveUp)
            act()
          }
          const giveUp = () => settle(() => reject(abortReason(signal!)))
          const late = clock.at(clock.now() + timeoutMs, () => settle(() => reject(new NetworkError('Timeout', 'i/o timeout'))), 'network')
          lose = why => settle(() => reject(why))
          signal?.addEventListener('abort', giveUp, { once: true })
          toServer(() => {
            // It crossed with the close: nobody reads here any more, and the kernel says so.
            if (serverHasClosed) return toClient(() => lose?.(new NetworkError('Reset', 'read: connection reset by peer')))
            if (!server.http) return own.closeFromServer()
            isBusy = true
            idle?.cancel()
            server.http(request).then(
              reply => {
                isBusy = false
                if (serverHasClosed) return
                if (!closesAfterReply) {
                  toClient(() => settle(() => resolve(reply)))
                  return watchIdle()
                }
                serverHasClosed = true
                open.delete(own)
                toClient(() => {
                  settle(() => resolve({ ...reply, headers: { ...reply.headers, connection: 'close' } }))
                  closeHere()
                })
              },
              () => {
                isBusy = false
                own.closeFromServer()
              },
            )
          })
        }),
    }
  }

  return {
    accept,
    closeAfterReply() {
      for (const connection of open) connection.closeAfterReply()
    },
    drain() {
      for (const connection of Array.from(open)) {
        if (connection.isBusy()) connection.closeAfterReply()
        else connection.closeFromServer()
      }
    },
    end() {
      for (const connection of Array.from(open)) connection.closeFromServer()
    },
  }
}
