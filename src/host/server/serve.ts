/**
 * The HTTP side of the server: when it answers what, and which connections it keeps.
 *
 *   connection ─▶ idle ⇄ busy ─▶ closed, by itself after `idle`, with its next answer while draining, or with the process
 */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { hostname } from 'node:os'
import type { ServerSettings } from '../../base/server_settings.ts'

export interface Serving {
  /** Closes the ports, goes on answering as `drain` says, and resolves when nothing is under way. */
  drained(): Promise<void>
}

/** Rejects when a port is taken. */
export async function serve(settings: ServerSettings): Promise<Serving> {
  const {
    ports,
    answerMs: [shortestMs, longestMs],
    idleMs,
    status,
    healthPath,
    warmMs,
    tiresAfter,
    drainMs,
  } = settings
  const name = `${hostname()}\n`
  const kept = new Map<Socket, { requests: number; timer?: NodeJS.Timeout }>()
  let warmAt = Infinity
  let [accepted, underWay, answered, isDraining] = [0, 0, 0, false]
  let allAnswered = () => {}

  const rest = (socket: Socket) => {
    const state = kept.get(socket)
    if (state && idleMs !== undefined) state.timer = setTimeout(() => socket.destroy(), idleMs)
  }
  const accept = (socket: Socket) => {
    // What it does to connections is what is shown here; the other side may break them as it likes.
    socket.on('error', () => {})
    kept.set(socket, { requests: 0 })
    accepted++
    socket.once('close', () => {
      clearTimeout(kept.get(socket)?.timer)
      kept.delete(socket)
    })
  }
  const reply = (response: ServerResponse, code: number) => {
    if (isDraining) response.setHeader('connection', 'close')
    response.writeHead(code, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(name) }).end(name)
  }
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const state = kept.get(request.socket)
    clearTimeout(state?.timer)
    if (state) state.requests++
    underWay++
    response.once('close', () => {
      if (state && --state.requests === 0) rest(request.socket)
      if (--underWay === 0) allAnswered()
    })
    request.resume()
    if (request.url?.split('?')[0] === healthPath) return reply(response, tiresAfter !== undefined && answered >= tiresAfter ? 503 : 200)
    setTimeout(
      () => {
        answered++
        reply(response, performance.now() < warmAt ? 503 : (status ?? 200))
      },
      shortestMs + Math.random() * (longestMs - shortestMs),
    )
  }

  // Node.js has manners of its own for slow and idle connections; here the words decide. For the same reason it does not
  // listen itself: since Node.js 19 closing such a port breaks the idle connections at once.
  const http = createHttpServer({ keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 }, answer).on('connection', accept)
  const listeners: Server[] = []
  for (const port of ports) {
    const listener = createServer({ allowHalfOpen: true, noDelay: true }, socket => void http.emit('connection', socket))
    await new Promise<void>((resolve, reject) => {
      listener.once('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'EADDRINUSE' ? new Error(`listen tcp :${port}: bind: address already in use`) : error),
      )
      listener.listen(port, resolve)
    })
    listeners.push(listener)
  }
  warmAt = performance.now() + warmMs

  const closeIdle = () => {
    for (const [socket, { requests }] of kept) if (requests === 0) socket.destroy()
  }
  // Closing a port breaks the connections that wait behind it, and a process that got no time has many: it takes one a turn.
  const takeWaiting = async () => {
    await turn()
    for (let [turns, before] = [0, -1]; turns < WAITING_MAX && before !== accepted; turns++) {
      before = accepted
      await turn()
    }
  }
  return {
    async drained() {
      isDraining = true
      await takeWaiting()
      for (const listener of listeners) listener.close()
      if (drainMs > 0) await new Promise(resolve => setTimeout(resolve, drainMs))
      // What has arrived meanwhile is read before anything is closed: a process that got no time has not seen it yet.
      await turn()
      closeIdle()
      if (underWay > 0) await new Promise<void>(resolve => (allAnswered = resolve))
    },
  }
}

/** So many connections wait behind a port of Node.js. */
const WAITING_MAX = 511

/** Of the event loop: whatever has arrived by now is read. */
const turn = () => new Promise(resolve => setImmediate(resolve))
