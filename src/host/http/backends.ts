/** HTTP to servers that are none of the cluster's own, such as those in Pods: for the API's proxies. */
import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { BackendAddress, Backends } from '../../apiserver/subresources/workload_proxy.ts'
import { abortReason } from '../../base/abort.ts'
import type { Request, Response } from '../../base/transport.ts'
import { dialError } from '../network_errors.ts'

/** Of one connection, and so of no other: RFC 9110, section 7.6.1. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-authenticate', 'te', 'trailer', 'transfer-encoding', 'upgrade']

export const createBackends = (): Backends => (address, request) =>
  new Promise((resolve, reject) => {
    const { signal } = request
    if (signal.aborted) return reject(abortReason(signal))
    const exchange = start(address, request)
    const stop = () => void exchange.destroy(abortReason(signal))
    signal.addEventListener('abort', stop, { once: true })
    let isConnected = false
    exchange.once('socket', socket => socket.once('connect', () => (isConnected = true)))
    exchange.once('error', error => reject(isConnected ? error : dialError(error, address.host, address.port)))
    exchange.once('close', () => signal.removeEventListener('abort', stop))
    exchange.once('response', message => resolve(responseOf(message)))
    exchange.end(request.body.is === 'bytes' ? request.body.bytes : undefined)
  })

function start({ scheme, host, port }: BackendAddress, { method, path, query, headers, body }: Request): ClientRequest {
  const length = body.is === 'bytes' ? { 'content-length': String(body.bytes.length) } : {}
  const target = { host, port, method, path: query.size > 0 ? `${path}?${query.toString()}` : path, headers: { ...headers, ...length }, agent: false as const }
  // As kubectl proxy: the certificates of Pods are their own.
  return scheme === 'http' ? requestHttp(target) : requestHttps({ ...target, rejectUnauthorized: false })
}

function responseOf(message: IncomingMessage): Response {
  const headers = Object.fromEntries(
    Object.entries(message.headers).flatMap(([name, value]) => (value === undefined || HOP_BY_HOP.includes(name) ? [] : [[name, value]])),
  )
  return { status: message.statusCode ?? 502, headers, body: { is: 'stream', stream: message as AsyncIterable<Uint8Array> } }
}
