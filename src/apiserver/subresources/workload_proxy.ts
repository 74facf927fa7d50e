/**
 * `/api/v1/namespaces/{namespace}/pods|services/[scheme:]name[:port]/proxy/…`: what a Pod serves, seen through the API.
 *
 *   call ─▶ which Pod address and port? ─▶ Backends ─▶ the answer, as it is
 */
import { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { Service } from '../../api/kinds/service.ts'
import { badRequest, failure, unavailable } from '../../api/status.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Request, Response } from '../../base/transport.ts'
import type { Parts } from '../parts.ts'
import type { Call } from '../registry/call.ts'
import { storedObject } from '../registry/get.ts'
import { prefixOf } from '../registry/keys.ts'

export interface BackendAddress {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
}

/** Sends a request to a server that is none of the cluster's own. Rejects with the reason when it cannot be reached. */
export type Backends = (address: BackendAddress, request: Request) => Promise<Response>

/** Of the API's own connection: they say nothing to the server behind. */
const OWN_HEADERS = ['authorization', 'connection', 'cookie', 'host', 'keep-alive', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade']

export const podProxy = (parts: Parts, backends: Backends | undefined, call: Call): Promise<Response> =>
  proxied(backends, call, async ({ scheme, name, port }) => {
    const pod = (await storedObject(parts, { kind: Pod as never, namespace: call.namespace, name })).value as unknown as Pod
    if (!pod.status.podIP) throw badRequest('address not allowed')
    return { scheme, host: pod.status.podIP, port: port ? portOf(port) : (firstPortOf(pod) ?? DEFAULT_PORTS[scheme]) }
  })

export const serviceProxy = (parts: Parts, backends: Backends | undefined, call: Call): Promise<Response> =>
  proxied(backends, call, async ({ scheme, name, port }) => {
    const service = (await storedObject(parts, { kind: Service as never, namespace: call.namespace, name })).value as unknown as Service
    const ports = service.spec.ports ?? []
    const chosen = port ? ports.find(candidate => candidate.name === port || String(candidate.port) === port) : ports.length === 1 ? ports[0] : undefined
    if (!chosen && port) throw unavailable(`no service port ${JSON.stringify(port)} found for service ${JSON.stringify(name)}`)
    const { items } = await parts.store.list(prefixOf(EndpointSlice as never, call.namespace))
    const slices = items.map(({ value }) => value as unknown as EndpointSlice)
    const targets = slices
      .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name)
      .flatMap(slice => targetsOf(slice, chosen?.name ?? ''))
    if (targets.length === 0) throw unavailable(`no endpoints available for service ${JSON.stringify(name)}`)
    return { scheme, ...targets[parts.random.below(targets.length)]! }
  })

async function proxied(backends: Backends | undefined, call: Call, find: (target: NamedTarget) => Promise<BackendAddress>): Promise<Response> {
  const { request } = call
  const [prefix, rest] = splitPath(request.path)
  // Relative links of what is served would lead astray.
  if (rest === '' && (request.method === 'GET' || request.method === 'HEAD')) return movedTo(`${prefix}/${search(request.query)}`)
  if (!backends) throw failure(501, '', 'this server has no way to the addresses of Pods: use kubectl port-forward')
  if (request.headers.upgrade) throw failure(501, '', 'connections cannot be upgraded through the proxy: use kubectl port-forward')
  const address = await find(namedTarget(call))
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !name.startsWith(':') && !OWN_HEADERS.includes(name)))
  try {
    // Field by field: a request that came over the wire makes some of them when they are asked for, and who asked stays here.
    const { method, query, body, signal } = request
    const answer = await backends(address, {
      method,
      query,
      body,
      signal,
      path: rest || '/',
      headers: { ...headers, 'x-forwarded-uri': request.path, 'x-forwarded-proto': 'https' },
    })
    return { ...answer, headers: redirectedThrough(prefix, answer.headers) }
  } catch (error) {
    throw unavailable(`error trying to reach service: ${messageOf(error)}`)
  }
}

interface NamedTarget {
  readonly scheme: 'http' | 'https'
  readonly name: string
  /** '' when none was named. */
  readonly port: string
}

const DEFAULT_PORTS = { http: 80, https: 443 }

/** `web`, `web:8080`, `web:http`, `https:web:443`. */
function namedTarget({ name: text, kind }: Call): NamedTarget {
  const parts = text.split(':')
  const [scheme = '', name = '', port = ''] = parts.length === 3 ? parts : ['', ...parts]
  if (parts.length > 3 || !name || !['', 'http', 'https'].includes(scheme))
    throw badRequest(`invalid ${kind.kind.toLowerCase()} request ${JSON.stringify(text)}`)
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port }
}

function portOf(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw badRequest(`invalid port ${JSON.stringify(text)}: a number from 1 to 65535`)
  return port
}

const firstPortOf = ({ spec }: Pod): number | undefined => spec.containers.flatMap(({ ports }) => ports ?? [])[0]?.containerPort

function targetsOf({ endpoints, ports }: EndpointSlice, portName: string): { host: string; port: number }[] {
  const port = ports?.find(({ name }) => (name ?? '') === portName)?.port
  if (port === undefined) return []
  return endpoints.filter(({ conditions }) => conditions?.ready ?? true).flatMap(({ addresses }) => (addresses[0] ? [{ host: addresses[0], port }] : []))
}

/** What comes before the path behind the proxy, and that path, still encoded as it came. */
function splitPath(path: string): [prefix: string, rest: string] {
  const [prefix = path] = /^.*?\/(?:pods|services)\/[^/]+\/proxy(?=\/|$)/.exec(path) ?? []
  return [prefix, path.slice(prefix.length)]
}

const search = (query: URLSearchParams): string => (query.size > 0 ? `?${query.toString()}` : '')

const movedTo = (location: string): Response => ({ status: 301, headers: { location }, body: { is: 'none' } })

function redirectedThrough(prefix: string, headers: Response['headers']): Response['headers'] {
  const { location } = headers
  return typeof location === 'string' && location.startsWith('/') ? { ...headers, location: prefix + location } : headers
}
