/** From an Exchange to the handler and back: limits, errors as Status objects, and every kind of body. */
import { once } from 'node:events'
import { ApiError, badRequest, internalError, timeout, tooLargeBody, unauthorized } from '../../api/status.ts'
import { encodeText, type ByteSource } from '../../base/bytes.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Log } from '../../base/log.ts'
import type { Response, Session, Transport, WatchStream } from '../../base/transport.ts'
import { acceptSession } from '../streaming/accept.ts'
import { acceptOutput, wantsWebSocket, type OutputForm } from '../streaming/output.ts'
import { IncomingRequest, type Exchange, type Outlet } from './exchange.ts'
import type { ServerLimits } from './limits.ts'
import { writeWatch } from './watch_writer.ts'

export interface Answerer {
  /** Never rejects. */
  answer(exchange: Exchange): Promise<void>
  /** Ends what has no end of its own: watches and sessions. */
  drain(): void
  /** Resolves when no request is being answered. */
  idle(): Promise<void>
}

type AnswererOptions = { readonly handle: Transport; readonly limits: ServerLimits; readonly log: Log }

export function createAnswerer({ handle, limits, log }: AnswererOptions): Answerer {
  const unending = new Set<() => void>()
  let busy = 0
  let draining = false
  const idleWaiters: (() => void)[] = []

  async function respondTo(exchange: Exchange): Promise<void> {
    const response = await callHandler(exchange)
    if (!response) return
    const { body } = response
    switch (body.is) {
      case 'none':
        return sendWhole(exchange, { ...response, headers: { 'content-type': 'text/plain', ...response.headers } }, NOTHING)
      case 'bytes':
        return sendWhole(exchange, response, body.bytes)
      case 'object':
        return sendWhole(exchange, response, body.json())
      case 'stream':
        return sendStream(exchange, response, body.stream)
      case 'watch':
        return sendWatch(exchange, response, body.watch)
      case 'session':
        return startSession(exchange, body.session)
    }
  }

  /** Undefined when the client has gone and nobody waits for an answer. */
  async function callHandler(exchange: Exchange): Promise<Response | undefined> {
    try {
      if (exchange.identity.is === 'untrusted' && !exchange.headers['authorization']) {
        log.debug('a client certificate is not trusted', { why: exchange.identity.why })
        throw unauthorized()
      }
      const body = await exchange.readBody({ bytesMax: limits.bodyBytesMax, timeoutMs: limits.bodyTimeoutMs })
      if (body.is === 'gone') return undefined
      if (body.is === 'tooLarge') throw tooLargeBody(limits.bodyBytesMax)
      if (body.is === 'tooSlow') throw timeout('the body of the request did not arrive in time')
      return await handle(new IncomingRequest(exchange, body))
    } catch (error) {
      if (!(error instanceof ApiError) && exchange.signal.aborted) return undefined
      return errorResponse(error, exchange)
    }
  }

  function errorResponse(error: unknown, { method, target }: Exchange): Response {
    if (error instanceof ApiError) return statusResponse(error)
    log.error('a request failed in a way nobody foresaw', { method, target, error })
    return statusResponse(internalError(messageOf(error)))
  }

  async function sendStream(exchange: Exchange, response: Response, source: ByteSource): Promise<void> {
    const outlet = await openOutlet(exchange, { ...response, headers: { 'content-type': 'text/plain', ...response.headers } }, 'bytes')
    if (!outlet) return
    const { stream } = outlet
    const { signal } = exchange
    try {
      if (exchange.method === 'HEAD') return void stream.end()
      for await (const bytes of source) {
        if (signal.aborted) return
        if (!stream.write(bytes)) await once(stream, 'drain', { signal })
      }
      stream.end()
    } catch (error) {
      if (signal.aborted) return
      // The head is out, so the client can only be told by an answer that breaks off.
      log.warn('an answer broke off', { target: exchange.target, error })
      outlet.cut()
    }
  }

  async function sendWatch(exchange: Exchange, response: Response, watch: WatchStream): Promise<void> {
    const outlet = await openOutlet(exchange, { ...response, headers: { 'content-type': 'application/json', ...response.headers } }, 'lines')
    if (!outlet) return
    const writer = writeWatch(watch, outlet, limits.watchBacklogBytesMax, backlogBytes =>
      log.warn('a watcher was too slow and is cut off', { target: exchange.target, backlogBytes }),
    )
    return untilClosed(outlet.stream, () => writer.end())
  }

  /** Where an answer goes that has no end yet; undefined when there is no way there, and the client has been told why. */
  async function openOutlet(exchange: Exchange, { status, headers }: Response, form: OutputForm): Promise<Outlet | undefined> {
    if (!wantsWebSocket(exchange.upgrade)) return exchange.open(status, headers)
    const accepted = await acceptOutput(exchange.upgrade, form)
    if (accepted.is === 'refused') sendError(exchange, accepted.error)
    return accepted.is === 'accepted' ? accepted.outlet : undefined
  }

  async function startSession(exchange: Exchange, session: Session): Promise<void> {
    if (!exchange.upgrade) return sendError(exchange, badRequest('Upgrade request required'))
    const accepted = acceptSession(exchange.upgrade, session, log)
    if (accepted.is === 'refused') return sendError(exchange, accepted.error)
    return untilClosed(exchange.upgrade.socket, () => accepted.stop())
  }

  /** What only ends when a side wants it to; `stop` asks for it when the server closes. */
  function untilClosed(stream: NodeJS.EventEmitter & { readonly destroyed: boolean }, stop: () => void): Promise<void> {
    return new Promise(resolve => {
      if (stream.destroyed) return resolve()
      unending.add(stop)
      stream.once('close', () => {
        unending.delete(stop)
        resolve()
      })
      if (draining) stop()
    })
  }

  return {
    async answer(exchange) {
      busy++
      try {
        await respondTo(exchange)
      } catch (error) {
        // A header that cannot be sent, for one.
        log.error('an answer could not be written', { target: exchange.target, error })
        try {
          sendError(exchange, internalError('the answer could not be written'))
        } catch {
          // The head is out already; the connection's own end will tell the client.
        }
      } finally {
        if (--busy === 0) idleWaiters.splice(0).forEach(resolve => resolve())
      }
    },
    drain() {
      draining = true
      for (const stop of unending) stop()
    },
    idle: () => (busy === 0 ? Promise.resolve() : new Promise(resolve => idleWaiters.push(resolve))),
  }
}

const sendError = (exchange: Exchange, error: ApiError): void => {
  const response = statusResponse(error)
  if (response.body.is === 'object') sendWhole(exchange, response, response.body.json())
}

const NOTHING = new Uint8Array(0)

function sendWhole(exchange: Exchange, { status, headers }: Response, bytes: Uint8Array): void {
  // RFC 9110: these have neither a body nor a length.
  const bodyless = status === 204 || status === 304
  exchange.send(
    status,
    bodyless ? headers : { 'content-type': 'application/json', ...headers, 'content-length': String(bytes.length) },
    bodyless ? undefined : bytes,
  )
}

function statusResponse({ status }: ApiError): Response {
  const retryAfter = status.details?.retryAfterSeconds
  return {
    status: status.code,
    headers: { 'content-type': 'application/json', ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }) },
    body: { is: 'object', object: status, json: () => encodeText(`${JSON.stringify(status)}\n`) },
  }
}
