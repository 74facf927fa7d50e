/** The cluster's name server on real sockets: UDP, and TCP for what does not fit. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { Log } from '../base/log.ts'
import type { DnsReply, DnsTransport } from '../network/dns/message.ts'

export interface DnsServer {
  readonly port: number
  close(): Promise<void>
}

/** Connections that may be open over TCP at once, and how long an idle one is kept. */
const TCP_CONNECTIONS_MAX = 256
const TCP_IDLE_MS = 10_000
const TCP_UNREAD_BYTES_MAX = 1024 * 1024

/** Listens on the address; the port may be 0. Rejects when it is taken. */
export async function serveDns(address: string, port: number, respond: RespondDns, log: Log, forward?: ForwardDns): Promise<DnsServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await listen(address, port, { respond, forward, log })
    } catch (error) {
      // A free UDP port was found whose TCP twin is taken: find another.
      if (port !== 0 || attempt === FREE_PORT_TRIES) throw error
    }
  }
}

export type RespondDns = (query: Uint8Array, transport: DnsTransport) => DnsReply

/** Asks other name servers. Undefined when none of them has answered. */
export type ForwardDns = (query: Uint8Array, transport: DnsTransport) => Promise<Uint8Array | undefined>

const FREE_PORT_TRIES = 10

interface Parts {
  readonly respond: RespondDns
  readonly forward: ForwardDns | undefined
  readonly log: Log
}

/** At once where nobody else is asked. */
function answerTo(query: Uint8Array, transport: DnsTransport, { respond, forward }: Parts): Uint8Array | undefined | Promise<Uint8Array | undefined> {
  const reply = respond(query, transport)
  switch (reply.is) {
    case 'answer':
      return reply.bytes
    case 'nothing':
      return undefined
    case 'forward':
      return forward ? forward(query, transport).then(answer => answer ?? serverFailure(reply.refusal)) : reply.refusal
    case 'chase':
      return forward ? forward(reply.query, 'udp').then(reply.finish, () => reply.finish(undefined)) : reply.finish(undefined)
  }
}

/** Nobody could be asked: the client tries another name server, and does not remember that there is no such name. */
function serverFailure(refusal: Uint8Array): Uint8Array {
  const bytes = refusal.slice()
  bytes[3] = (bytes[3]! & 0xf0) | SERVER_FAILURE
  return bytes
}

const SERVER_FAILURE = 2

async function listen(address: string, port: number, parts: Parts): Promise<DnsServer> {
  const { log } = parts
  const answerSafely = async (query: Uint8Array, transport: DnsTransport): Promise<Uint8Array | undefined> => {
    try {
      return await answerTo(query, transport, parts)
    } catch (error) {
      log.error('name server: a query could not be answered', { error: String(error) })
      return undefined
    }
  }
  let isStopped = false
  const udp = createSocket('udp4')
  udp.on('message', (query, from) => {
    void answerSafely(query, 'udp').then(answer => {
      if (answer && !isStopped) udp.send(answer, from.port, from.address)
    })
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
    isStopped = true
    for (const connection of connections) connection.destroy()
    await Promise.all([new Promise<void>(resolve => udp.close(() => resolve())), new Promise(resolve => tcp.close(resolve))])
  }
  let stopping: Promise<void> | undefined
  return { port: bound, close: () => (stopping ??= stop()) }
}

/** Over TCP each message is preceded by its length in two bytes. One is answered at a time: a client that asks faster is read slower. */
function answerStream(socket: Socket, answer: (query: Uint8Array) => Promise<Uint8Array | undefined>): void {
  let pending = Buffer.alloc(0)
  let isBusy = false
  const next = async () => {
    if (isBusy) return
    isBusy = true
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const length = pending.readUInt16BE(0)
      const reply = await answer(pending.subarray(2, 2 + length))
      pending = pending.subarray(2 + length)
      // Nothing to say, or a client that asks and never reads.
      if (!reply || socket.writableLength > TCP_UNREAD_BYTES_MAX) return void socket.destroy()
      const head = Buffer.alloc(2)
      head.writeUInt16BE(reply.length)
      socket.write(Buffer.concat([head, reply]))
    }
    isBusy = false
    socket.resume()
  }
  socket.setTimeout(TCP_IDLE_MS, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', chunk => {
    pending = Buffer.concat([pending, chunk])
    if (isBusy) socket.pause()
    void next()
  })
}
