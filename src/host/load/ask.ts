/** One request over HTTP/1.1, and exactly how it went. It is never sent a second time. */
import { get, type Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Millis } from '../../base/clock.ts'
import type { RequestOutcome } from '../../base/load_request.ts'
import { symptomOf } from './symptoms.ts'

/** What is known of a connection while it stands. */
export interface Connection {
  readonly id: number
  readonly localPort: number
  readonly socket: Socket
  isConnected: boolean
}

/** Our end has a port that we have chosen: it is known even when the connection is refused, and so is whom it was sent to. */
export function openConnection(id: number, localPort: number, { address, port }: { address: string; port: number }): Connection {
  const socket = connect({ host: address, port, localPort, noDelay: true })
  const connection: Connection = { id, localPort, socket, isConnected: false }
  socket.once('connect', () => (connection.isConnected = true))
  return connection
}

export interface Question {
  readonly path: string
  readonly host: string
  readonly timeoutMs: Millis
  /** Closes the connection after the answer, or keeps it. */
  readonly keep: Agent | undefined
  /** Where the connection comes from. */
  readonly open: () => Socket
  /** The connection that it went over. */
  readonly over: () => Connection
}

export interface Answer {
  readonly outcome: RequestOutcome
  /** Why it failed. */
  readonly error?: unknown
}

export function ask({ path, host, timeoutMs, keep, open, over }: Question): Promise<Answer> {
  return new Promise(resolve => {
    let bytesBefore = 0
    let isOver = false
    const end = (answer: () => Answer) => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      resolve(answer())
    }
    const fail = (error: unknown) =>
      end(() => {
        const { isConnected, socket } = over()
        const during = !isConnected ? 'connect' : socket.bytesRead > bytesBefore ? 'response' : 'request'
        return { error, outcome: { is: 'failed', symptom: symptomOf(error), during } }
      })
    const headers = { host, 'user-agent': 'poise-check', connection: keep ? 'keep-alive' : 'close' }
    const request = get({ path, headers, ...(keep ? { agent: keep } : { createConnection: open }) }, response => {
      response.resume()
      response.on('error', fail)
      response.on('end', () => end(() => ({ outcome: { is: 'answered', status: response.statusCode! } })))
      // Node.js says `end` only of an answer that was whole.
      response.on('close', () => fail(new Error('the answer ended too early')))
    })
    request.once('socket', socket => (bytesBefore = socket.bytesRead))
    request.on('error', fail)
    const giveUp = () => {
      fail(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }))
      request.destroy()
    }
    // What has come while this process was late is heard first.
    const timer = setTimeout(() => setImmediate(giveUp), timeoutMs)
  })
}
