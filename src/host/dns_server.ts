/** The cluster's name server on real sockets: UDP, and TCP for what does not fit. */
import { createSocket } from 'node:dgram'
import { createServer, type Socket } from 'node:net'
import type { Log } from '../base/log.ts'

export interface DnsServer {
  readonly port: number
  close(): Promise<void>
}

/** Connections that may be open over TCP at once, and how long an idle one is kept. */
const TCP_CONNECTIONS_MAX = 256
const TCP_IDLE_MS = 10_000

/** Listens on the address; the port may be 0. Rejects when it is taken. */
export async function serveDns(
  address: string, port: number, respond: (query: Uint8Array, transport: 'udp' | 'tcp') => Uint8Array | undefined, log: Log,
): Promise<DnsServer> {
  const udp = createSocket('udp4')
  udp.on('message', (query, from) => {
    const answer = answerSafely(query, 'udp')
    if (answer) udp.send(answer, from.port, from.address)
  })
  udp.on('error', error => log.warn('name server: UDP', { error: String(error) }))
  const tcp = createServer(socket => answerStream(socket, query => answerSafely(query, 'tcp')))
  tcp.maxConnections = TCP_CONNECTIONS_MAX

  function answerSafely(query: Uint8Array, transport: 'udp' | 'tcp'): Uint8Array | undefined {
    try {
      return respond(query, transport)
    } catch (error) {
      log.error('name server: a query could not be answered', { error: String(error) })
      return undefined
    }
  }

  await new Promise<void>((resolve, reject) => {
    udp.once('error', reject)
    udp.bind(port, address, () => {
      udp.off('error', reject)
      resolve()
    })
  })
  const bound = udp.address().port
  try {
    await new Promise<void>((resolve, reject) => {
      tcp.once('error', reject)
      tcp.listen(bound, address, () => {
        tcp.off('error', reject)
        resolve()
      })
    })
  } catch (error) {
    udp.close()
    throw error
  }
  return {
    port: bound,
    close: () => new Promise(resolve => udp.close(() => tcp.close(() => resolve()))),
  }
}

/** Over TCP each message is preceded by its length in two bytes. */
function answerStream(socket: Socket, answer: (query: Uint8Array) => Uint8Array | undefined): void {
  let pending = Buffer.alloc(0)
  socket.setTimeout(TCP_IDLE_MS, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', chunk => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const length = pending.readUInt16BE(0)
      const reply = answer(pending.subarray(2, 2 + length))
      pending = pending.subarray(2 + length)
      if (!reply) {
        socket.destroy()
        return
      }
      const head = Buffer.alloc(2)
      head.writeUInt16BE(reply.length)
      socket.write(Buffer.concat([head, reply]))
    }
  })
}
