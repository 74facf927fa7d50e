import type { TLSSocket } from 'node:tls'
import type { User } from '../../base/transport.ts'

/** Whom a connection belongs to, by its client certificate. */
export type Identity =
  | { readonly is: 'anonymous' }
  | { readonly is: 'user'; readonly user: User }
  /** A certificate was shown that our CA has not signed, or whose time is over. */
  | { readonly is: 'untrusted'; readonly why: string }

const ANONYMOUS: Identity = { is: 'anonymous' }

/**
 * The common name is the user, each organization a group (Kubernetes, "X509 client certificates"). The handshake has
 * checked the chain to our CA and the purpose; it does not refuse, because a bearer token may still say who it is.
 */
export function identify(socket: TLSSocket): Identity {
  const { subject } = socket.getPeerCertificate() as { subject?: Record<string, string | string[] | undefined> }
  if (!subject) return ANONYMOUS
  if (!socket.authorized) return { is: 'untrusted', why: String(socket.authorizationError) }
  const name = [subject['CN'] ?? []].flat()[0]
  if (!name) return { is: 'untrusted', why: 'the certificate has no common name' }
  return { is: 'user', user: { name, groups: [subject['O'] ?? []].flat() } }
}
