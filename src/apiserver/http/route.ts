/**
 * What a path and a method ask for, before anybody has looked whether it exists.
 *
 *   /api/v1/namespaces/default/pods/web/log   GET → get pods/log "web" in "default"
 *   /apis/apps/v1/deployments?watch=1         GET → watch deployments everywhere
 *   /healthz                                  GET → get path "/healthz"
 *
 * Segments are decoded after the path has been split, so that an encoded slash never becomes a separator.
 */
import { selectedName } from '../../api/field_selector.ts'
import { badRequest, methodNotAllowed } from '../../api/status.ts'
import type { Request } from '../../base/transport.ts'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'

export interface ResourceRoute {
  readonly is: 'resource'
  readonly verb: Verb
  readonly group: string
  readonly version: string
  readonly plural: string
  /** '' for cluster scope, and for a whole collection across namespaces. */
  readonly namespace: string
  /** '' for the collection. */
  readonly name: string
  /** Of a list or watch: the one name its field selector asks for. Such a request is authorized as one for that object. */
  readonly selectedName: string
  readonly subresource: string
  /** What follows a proxy subresource. */
  readonly tail: readonly string[]
  /** The old form /api/v1/watch/…, in which a name is a field selector. */
  readonly legacyWatch: boolean
}

export interface PathRoute {
  readonly is: 'path'
  /** Lower-case HTTP method: what authorization of paths calls a verb. */
  readonly verb: string
  readonly path: string
  readonly segments: readonly string[]
}

export type Route = ResourceRoute | PathRoute

/** Undefined: no such path, whoever asks (404 in plain text). Throws ApiError for a path or method that makes no sense. */
export function routeOf(request: Request): Route | undefined {
  const { method, path } = request
  if (!path.startsWith('/')) return undefined
  const raw = path.slice(1).split('/')
  if (raw.length > 1 && raw.at(-1) === '') raw.pop()
  const segments = raw.map(decodeSegment)
  if (raw.length > 1 && segments.includes('')) return undefined

  const root = segments[0]
  const resourceParts = root === 'api' ? segments.slice(2) : root === 'apis' ? segments.slice(3) : []
  if (resourceParts.length === 0) return { is: 'path', verb: method.toLowerCase(), path, segments: segments[0] === '' ? [] : segments }

  const legacyWatch = resourceParts[0] === 'watch' && resourceParts.length > 1
  const parts = splitResource(legacyWatch ? resourceParts.slice(1) : resourceParts)
  if (!parts) return undefined
  const badName = wrongName(parts.name) ?? wrongName(parts.namespace)
  if (badName) throw badRequest(badName)
  return {
    is: 'resource',
    verb: legacyWatch ? watchOnly(method) : verbOf(method, parts.name, request.query),
    group: root === 'api' ? '' : segments[1]!,
    version: root === 'api' ? segments[1]! : segments[2]!,
    ...parts,
    selectedName: parts.name ? '' : selectedName(request.query.get('fieldSelector') ?? ''),
    legacyWatch,
  }
}

type Parts = Pick<ResourceRoute, 'namespace' | 'plural' | 'name' | 'subresource' | 'tail'>

/** These two belong to the Namespace itself; any other word behind a namespace is a collection in it. */
const NAMESPACE_SUBRESOURCES = ['status', 'finalize']

function splitResource(parts: readonly string[]): Parts | undefined {
  const inNamespace = parts[0] === 'namespaces' && parts.length > 2 && !(parts.length === 3 && NAMESPACE_SUBRESOURCES.includes(parts[2]!))
  const [plural = '', name = '', subresource = '', ...tail] = inNamespace ? parts.slice(2) : parts
  if (tail.length > 0 && subresource !== 'proxy') return undefined
  return { namespace: inNamespace ? parts[1]! : '', plural, name, subresource, tail }
}

function verbOf(method: string, name: string, query: URLSearchParams): Verb {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (name) return 'get'
      return isTrue(query.get('watch')) ? 'watch' : 'list'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return name ? 'delete' : 'deletecollection'
    default:
      throw methodNotAllowed()
  }
}

function watchOnly(method: string): Verb {
  if (method !== 'GET') throw methodNotAllowed()
  return 'watch'
}

export const isTrue = (value: string | null): boolean => value === 'true' || value === '1' || value === ''

function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    throw badRequest(`the path contains a broken percent escape: ${JSON.stringify(segment)}`)
  }
}

/** A name is one segment of a storage path: nothing that climbs or splits it may get through. */
function wrongName(name: string): string | undefined {
  const why =
    name === '.' || name === '..' ? `may not be '${name}'` : name.includes('/') ? `may not contain '/'` : name.includes('%') ? `may not contain '%'` : undefined
  return why && `Name parameter invalid: ${JSON.stringify(name)}: ${why}`
}
