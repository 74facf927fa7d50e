/** The cluster's name server on real sockets: UDP, and TCP for what does not fit. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { Log } from '../base/log.ts'

export interface DnsServer {
  readonly port: number
  close(): Promise<void>
}

/** Connections that may be open over TCP at once, and how long an idle one is kept. */
const TCP_CONNECTIONS_MAX = 256
const TCP_IDLE_MS = 10_000
const TCP_UNREAD_BYTES_MAX = 1024 * 1024

/** Listens on the address; the port may be 0. Rejects when it is taken. */
export async function serveDns(address: string, port: number, respond: RespondDns, log: Log): Promise<DnsServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await listen(address, port, respond, log)
    } catch (error) {
      // A free UDP port was found whose TCP twin is taken: find another.
      if (port !== 0 || attempt === FREE_PORT_TRIES) throw error
    }
  }
}

export type RespondDns = (query: Uint8Array, transport: 'udp' | 'tcp') => Uint8Array | undefined

const FREE_PORT_TRIES = 10

async function listen(address: string, port: number, respond: RespondDns, log: Log): Promise<DnsServer> {
  const answerSafely: RespondDns = (query, transport) => {
    try {
      return respond(query, transport)
    } catch (error) {
      log.error('name server: a query could not be answered', { error: String(error) })
      return undefined
    }
  }
  const udp = createSocket('udp4')
  udp.on('message', (query, from) => {
    const answer = answerSafely(query, 'udp')
    if (answer) udp.send(answer, from.port, from.address)
  })
  udp.bind(port, address)
  await once(udp, 'listening')
  udp.on('error', error => log.warn('name server: UDP', { error: String(error) }))

  const connections = new Set<Socket>()
  const tcp = createServer(socket => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
    answerStream(socket, query => answerSafely(query, 'tcp'))
  })
  tcp.maxConnections = TCP_CONNECTIONS_MAX
  const bound = udp.address().port
  try {
    tcp.listen(bound, address)
    await once(tcp, 'listening')
  } catch (error) {
    udp.close()
    throw error
  }
  tcp.on('error', error => log.warn('name server: TCP', { error: String(error) }))
  const stop = async () => {
    for (const connection of connections) connection.destroy()
    await Promise.all([new Promise<void>(resolve => udp.close(() => resolve())), new Promise(resolve => tcp.close(resolve))])
  }
  let stopping: Promise<void> | undefined
  return { port: bound, close: () => (stopping ??= stop()) }
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
      // Nothing to say, or a client that asks and never reads.
      if (!reply || socket.writableLength > TCP_UNREAD_BYTES_MAX) {
        socket.destroy()
        return
      }
      const head = Buffer.alloc(2)
      head.writeUInt16BE(reply.length)
      socket.write(Buffer.concat([head, reply]))
    }
  })
}
