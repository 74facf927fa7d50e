/**
 * Who asks: the connection has said so (client certificate, component in this process), or a bearer token says so,
 * or nobody did. A wrong token is refused even where anonymous would do, because its owner believes he is somebody.
 */
import { badRequest, unauthorized } from '../../api/status.ts'
import type { Request, User } from '../../base/transport.ts'
import { refusal, type Authorizer } from './authorizer.ts'

export const AUTHENTICATED = 'system:authenticated'
export const ANONYMOUS: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

export interface TokenAuthenticator {
  /** The user a token stands for; undefined when it is not one of ours, expired or revoked. */
  authenticate(token: string, audiences?: readonly string[]): Promise<{ user: User; audiences: readonly string[] } | undefined>
}

export function createAuthenticate(tokens: readonly TokenAuthenticator[], authorizer: Authorizer): (request: Request) => Promise<User> {
  return async request => {
    const user = await original(request, tokens)
    return request.headers['impersonate-user'] === undefined && !Object.keys(request.headers).some(name => name.startsWith('impersonate-'))
      ? user
      : impersonated(request, user, authorizer)
  }
}

/** The first of the authenticators that knows the token wins. */
export async function authenticateToken(
  tokens: readonly TokenAuthenticator[],
  token: string,
  audiences?: readonly string[],
): Promise<{ user: User; audiences: readonly string[] } | undefined> {
  for (const authenticator of tokens) {
    const found = await authenticator.authenticate(token, audiences)
    if (found) return { ...found, user: withAuthenticated(found.user) }
  }
  return undefined
}

/** Tokens that were handed out when the cluster was made: `poise join`, tests. */
export function staticTokens(users: ReadonlyMap<string, User>): TokenAuthenticator {
  return {
    async authenticate(token, audiences = []) {
      const user = users.get(token)
      return user && { user, audiences }
    },
  }
}

async function original(request: Request, tokens: readonly TokenAuthenticator[]): Promise<User> {
  if (request.user) return withAuthenticated(request.user)
  const token = bearerToken(request) ?? webSocketToken(request)
  if (token === undefined) return ANONYMOUS
  const found = await authenticateToken(tokens, token)
  if (!found) throw unauthorized()
  return found.user
}

function bearerToken({ headers }: Request): string | undefined {
  const [scheme = '', token = ''] = (headers.authorization ?? '').trim().split(' ')
  return scheme.toLowerCase() === 'bearer' && token !== '' ? token : undefined
}

/** What follows is the token in base64url. It is a subprotocol that no server ever chooses. */
export const TOKEN_PROTOCOL = 'base64url.bearer.authorization.k8s.io.'

/** A browser cannot give a WebSocket headers, so the token may stand among its subprotocols, beside one that can be chosen. */
function webSocketToken({ headers }: Request): string | undefined {
  if (headers['upgrade']?.toLowerCase() !== 'websocket') return undefined
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map(name => name.trim())
  const tokens = offered.filter(name => name.startsWith(TOKEN_PROTOCOL))
  if (tokens.length === 0) return undefined
  if (tokens.length > 1 || offered.length === 1) throw unauthorized()
  const encoded = tokens[0]!.slice(TOKEN_PROTOCOL.length)
  if (!/^[A-Za-z0-9_-]+$/.test(encoded)) throw unauthorized()
  try {
    return atob(encoded.replaceAll('-', '+').replaceAll('_', '/'))
  } catch {
    throw unauthorized()
  }
}

function withAuthenticated(user: User): User {
  return user.groups.includes(AUTHENTICATED) ? user : { ...user, groups: [...user.groups, AUTHENTICATED] }
}

/** `kubectl --as`: every part of the other identity has to be allowed by itself. */
async function impersonated({ headers }: Request, user: User, authorizer: Authorizer): Promise<User> {
  const name = headers['impersonate-user']
  if (!name) throw badRequest('requested an impersonation without a user: Impersonate-User is missing')
  const groups = headers['impersonate-group']?.split(', ').filter(Boolean) ?? []
  const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name) ?? []
  const extra = Object.entries(headers).filter(([header, value]) => header.startsWith(EXTRA_PREFIX) && value !== undefined)

  if (namespace && account) await mayImpersonate('', 'serviceaccounts', account, namespace)
  else await mayImpersonate('', 'users', name)
  for (const group of groups) await mayImpersonate('', 'groups', group)
  if (headers['impersonate-uid']) await mayImpersonate('authentication.k8s.io', 'uids', headers['impersonate-uid'])
  for (const [header] of extra) await mayImpersonate('authentication.k8s.io', `userextras/${header.slice(EXTRA_PREFIX.length)}`, '')

  const ownGroups = namespace ? ['system:serviceaccounts', `system:serviceaccounts:${namespace}`] : []
  return {
    name,
    groups: name === ANONYMOUS.name ? ANONYMOUS.groups : [...new Set([...ownGroups, ...groups, AUTHENTICATED])],
    ...(headers['impersonate-uid'] && { uid: headers['impersonate-uid'] }),
    ...(extra.length > 0 && {
      extra: Object.fromEntries(extra.map(([header, value]) => [decodeURIComponent(header.slice(EXTRA_PREFIX.length)), value!.split(', ')])),
    }),
  }

  async function mayImpersonate(group: string, resource: string, target: string, inNamespace = ''): Promise<void> {
    const [plural = '', subresource = ''] = resource.split('/')
    const attributes = { is: 'resource', user, verb: 'impersonate', group, version: 'v1', plural, subresource, namespace: inNamespace, name: target } as const
    const decision = await authorizer.authorize(attributes)
    if (decision.is !== 'allowed') throw refusal(attributes)
  }
}

const EXTRA_PREFIX = 'impersonate-extra-'
