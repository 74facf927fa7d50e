/**
 * A server as images hold them: starts after a while, listens, answers, and stops by its own manners.
 *
 *   start delay ─▶ listen ─▶ serve … TERM or QUIT ─▶ close the port ─▶ drain ─▶ finish what was begun ─▶ exit
 *
 * host/server is the same server as a real process; test/contracts/server.ts holds both to base/server_settings.ts.
 */
import type { HttpReply } from '../../base/network.ts'
import { NetworkError } from '../../base/network.ts'
import type { SimulatedHttpRequest, SimulatedServer } from '../network.ts'
import type { Process, Program, Signal } from './process.ts'
import type { ServerSettings } from '../../base/server_settings.ts'

export interface ServerManners {
  readonly settings: ServerSettings
  /** Answers a request from the container's files. */
  readonly answer?: (process: Process, request: SimulatedHttpRequest) => Promise<HttpReply>
  /** Which signals make it finish what it has begun; the other ones that stop it lose it. */
  readonly graceful: readonly Signal[]
  readonly fast: readonly Signal[]
  /** Called when the port is taken; the text goes to the log. */
  readonly portTaken: (port: number) => string
}

export function serverProgram({ settings, answer, graceful, fast, portTaken }: ServerManners): Program {
  return async process => {
    /** How to break off what is under way. A set and no race with one promise, which would remember every request there ever was. */
    const underWay = new Set<(error: Error) => void>()
    let idle = () => {}

    const told = new Promise<'graceful' | 'fast'>(resolve => {
      for (const signal of graceful) process.onSignal(signal, () => resolve('graceful'))
      for (const signal of fast) process.onSignal(signal, () => resolve('fast'))
    })
    if (settings.term === 'ignore') for (const signal of settings.stopSignals) process.onSignal(signal, () => {})

    const [shortestMs, longestMs] = settings.answerMs
    const random = process.guest.random.fork('answers')
    const answered = <T>(work: () => Promise<T>): Promise<T> =>
      new Promise<T>((resolve, reject) => {
        const over = () => {
          underWay.delete(reject)
          if (underWay.size === 0) idle()
        }
        underWay.add(reject)
        process
          .sleep(shortestMs + random.below(Math.floor(longestMs - shortestMs) + 1))
          .then(work)
          .then(
            reply => {
              over()
              resolve(reply)
            },
            (error: unknown) => {
              over()
              reject(process.alive && error instanceof Error ? error : new NetworkError('Reset', 'EOF'))
            },
          )
      })
    let [warmAt, answers] = [Infinity, 0]
    const isWell = () => settings.tiresAfter === undefined || answers < settings.tiresAfter
    const reply = async (request: SimulatedHttpRequest): Promise<HttpReply> => {
      answers++
      if (process.guest.clock.now() < warmAt) return plainReply(503)
      return answer && settings.status === undefined ? answer(process, request) : plainReply(settings.status ?? 200)
    }
    const server: SimulatedServer = {
      http: request =>
        request.path.split('?')[0] === settings.healthPath ? Promise.resolve(plainReply(isWell() ? 200 : 503)) : answered(() => reply(request)),
      ...(settings.idleMs === undefined ? {} : { idleTimeoutMs: settings.idleMs }),
      ...(settings.grpc === undefined ? {} : { grpcHealth: () => answered(async () => settings.grpc!) }),
    }

    const endsByItself = settings.afterMs === undefined ? new Promise<'over'>(() => {}) : process.sleep(settings.afterMs).then(() => 'over' as const)
    endsByItself.catch(() => {})
    const started = await process.wait(Promise.race([told, endsByItself, process.sleep(settings.startMs).then(() => 'started' as const)]))
    if (started !== 'started') return settings.exitCode

    const listeners = []
    for (const port of settings.ports) {
      const listener = process.guest.listen(port, server)
      if (!listener) {
        await process.complain(portTaken(port))
        return 1
      }
      listeners.push(listener)
    }
    warmAt = process.guest.clock.now() + settings.warmMs
    process.memoryBytes = settings.memoryBytes
    process.cpus = settings.cpus
    process.guest.memoryChanged()

    const how = await process.wait(Promise.race([told, endsByItself]))
    for (const listener of listeners) {
      listener.close()
      if (how === 'graceful') listener.closeAfterReply()
    }
    if (how === 'graceful') {
      if (settings.drainMs > 0) await process.sleep(settings.drainMs)
      for (const listener of listeners) listener.drain()
      if (underWay.size > 0) await process.wait(new Promise<void>(resolve => (idle = resolve)))
    } else for (const lose of underWay) lose(new NetworkError('Reset', 'EOF'))
    // Beside PID 1 the container outlives it.
    for (const listener of listeners) listener.end()
    return settings.exitCode
  }
}

const REASONS: Readonly<Record<number, string>> = { 200: 'OK', 404: 'Not Found', 500: 'Internal Server Error', 503: 'Service Unavailable' }

export function plainReply(status: number, body = `${REASONS[status] ?? status}\n`): HttpReply {
  return { status, headers: { 'content-type': 'text/plain', 'content-length': String(body.length) }, body }
}
