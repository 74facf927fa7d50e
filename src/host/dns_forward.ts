/** Asks the name servers of the machine for what is outside of the cluster. */
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import type { ForwardDns } from './dns_server.ts'

const DNS_PORT = 53
/** For one server; then the next is asked, and then all of them once more. */
const TIMEOUT_MS = 2_000
const ROUNDS = 2
/** Queries under way at once. A client whose query is beyond that gets no answer and asks again. */
const QUERIES_MAX = 1_000

/** `servers`: `192.0.2.1`, or with a port, `192.0.2.1:5353`. */
export function createDnsForward(servers: readonly string[]): ForwardDns {
  let underWay = 0
  return async (query, transport) => {
    if (underWay >= QUERIES_MAX) return undefined
    underWay++
    try {
      for (let round = 0; round < ROUNDS; round++) {
        for (const server of servers) {
          const answer = await (transport === 'tcp' ? askByTcp : askByUdp)(server, query)
          if (answer) return answer
        }
      }
      return undefined
    } finally {
      underWay--
    }
  }
}

function hostAndPort(server: string): { host: string; port: number } {
  const [, host, port] = /^(\d+\.\d+\.\d+\.\d+):(\d+)$/.exec(server) ?? []
  return host ? { host, port: Number(port) } : { host: server, port: DNS_PORT }
}

/** A socket of its own for each query, and so a port nobody can guess; connected, it takes nothing from others. */
function askByUdp(server: string, query: Uint8Array): Promise<Uint8Array | undefined> {
  const { host, port } = hostAndPort(server)
  return new Promise(resolve => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    const settle = (answer: Uint8Array | undefined) => {
      clearTimeout(late)
      socket.removeAllListeners()
      // What still arrives on a closing socket is nobody's affair.
      socket.on('error', () => {})
      socket.close()
      resolve(answer)
    }
    const late = setTimeout(() => settle(undefined), TIMEOUT_MS)
    socket.on('error', () => settle(undefined))
    socket.on('message', message => {
      if (isAnswerTo(query, message)) settle(message)
    })
    socket.connect(port, host, () => socket.send(query))
  })
}

function askByTcp(server: string, query: Uint8Array): Promise<Uint8Array | undefined> {
  const { host, port } = hostAndPort(server)
  return new Promise(resolve => {
    let received = Buffer.alloc(0)
    const socket = connect({ host, port })
    const settle = (answer: Uint8Array | undefined) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(TIMEOUT_MS, () => settle(undefined))
    socket.on('error', () => settle(undefined)).on('close', () => settle(undefined))
    socket.on('data', chunk => {
      received = Buffer.concat([received, chunk])
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return
      const message = received.subarray(2, 2 + received.readUInt16BE(0))
      settle(isAnswerTo(query, message) ? message : undefined)
    })
    const head = Buffer.alloc(2)
    head.writeUInt16BE(query.length)
    socket.write(Buffer.concat([head, query]))
  })
}

const HEADER_BYTES = 12
const IS_RESPONSE = 0x80

const isAnswerTo = (query: Uint8Array, message: Uint8Array): boolean =>
  message.length >= HEADER_BYTES && message[0] === query[0] && message[1] === query[1] && (message[2]! & IS_RESPONSE) !== 0
