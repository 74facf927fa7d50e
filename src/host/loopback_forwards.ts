import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Log } from '../base/log.ts'
import type { LoopbackForward } from '../network/proxy/loopback.ts'

/** Connections at once through one port; more wait until one ends. */
const CONNECTIONS_MAX = 1_000

export interface LoopbackForwards {
  /** Replaces what one owner wanted before; nothing wanted closes its ports. Open connections go on. Resolves when the new ports listen, or cannot. */
  set(owner: string, wanted: readonly LoopbackForward[]): Promise<void>
  close(): void
}

/** Listens on loopback addresses and passes connections on, byte by byte. */
export function createLoopbackForwards(log: Log): LoopbackForwards {
  const servers = new Map<string, { readonly server: Server; readonly owner: string }>()
  const sockets = new Set<Socket>()
  const keyOf = ({ listen, to }: LoopbackForward) => `${listen.address}:${listen.port} to ${to.address}:${to.port}`

  function open(owner: string, forward: LoopbackForward): Promise<void> {
    const { listen, to } = forward
    const server = createServer({ allowHalfOpen: true }, client => join(client, connect({ host: to.address, port: to.port, allowHalfOpen: true })))
    server.maxConnections = CONNECTIONS_MAX
    server.on('error', error => {
      log.warn(`${listen.address}:${listen.port} does not lead to its Service; other addresses of it do`, { service: owner, error: error.message })
      if (servers.get(keyOf(forward))?.server === server) servers.delete(keyOf(forward))
    })
    servers.set(keyOf(forward), { server, owner })
    return new Promise(resolve => {
      server.once('error', () => resolve())
      server.listen(listen.port, listen.address, resolve)
    })
  }

  function join(client: Socket, target: Socket): void {
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(one)
      one.setNoDelay(true)
      one.once('close', () => {
        sockets.delete(one)
        other.destroySoon()
      })
      // A reset is passed on as one: who asks must see that the answer is not whole.
      one.on('error', () => void other.resetAndDestroy())
      one.pipe(other)
    }
  }

  return {
    async set(owner, wanted) {
      const keys = new Set(wanted.map(keyOf))
      for (const [key, { server, owner: whose }] of servers) {
        if (whose !== owner || keys.has(key)) continue
        servers.delete(key)
        server.close()
      }
      await Promise.all(wanted.filter(forward => !servers.has(keyOf(forward))).map(forward => open(owner, forward)))
    },
    close() {
      for (const { server } of servers.values()) server.close()
      servers.clear()
      for (const socket of sockets) socket.destroy()
    },
  }
}
