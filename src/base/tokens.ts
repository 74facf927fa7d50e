import type { Millis } from './clock.ts'

/**
 * Signs and checks the tokens of service accounts (TokenRequest). Synchronous, so that a simulation can play it.
 * Whether the account and the Pod still live is for the API server to look up: a token is only paper.
 */
export interface TokenIssuer {
  /** What `iss` says, and the audience of a token that names none. */
  readonly issuer: string
  issue(claims: TokenClaims): string
  /** Undefined for anything that this issuer has not signed, or whose time is not now. The audience is the caller's to check. */
  verify(token: string): TokenClaims | undefined
  /** The public keys (a JSON Web Key Set), for `/openid/v1/jwks`. */
  readonly keySet: { readonly keys: readonly object[] }
}

/** The claims as Kubernetes names them; times are in whole seconds since the epoch. */
export interface TokenClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: readonly string[]
  readonly iat: number
  readonly nbf: number
  readonly exp: number
  readonly jti: string
  readonly 'kubernetes.io': {
    readonly namespace: string
    readonly serviceaccount: { readonly name: string; readonly uid: string }
    readonly pod?: { readonly name: string; readonly uid: string }
    readonly node?: { readonly name: string; readonly uid?: string }
    readonly secret?: { readonly name: string; readonly uid: string }
    /** After this the client should have asked for a new one: the token lives on only for clients that do not. */
    readonly warnafter?: number
  }
}

export interface TokenRequest {
  readonly namespace: string
  readonly serviceAccount: { readonly name: string; readonly uid: string }
  readonly pod?: { readonly name: string; readonly uid: string }
  readonly node?: { readonly name: string; readonly uid?: string }
  readonly audiences: readonly string[]
  readonly expirationSeconds: number
  readonly tokenId: string
}

export const CLUSTER_ISSUER = 'https://kubernetes.default.svc.cluster.local'

/** What the kubelet asks for in every Pod; just over the hour after which a client must have renewed. */
const WARN_AFTER_SECONDS = 3607
/** The API server lengthens exactly that request to a year, for clients that read their token once and never again. */
const EXTENDED_SECONDS = 365 * 24 * 3600

/**
 * The claims for a request. The API server's own audience with the kubelet's 3607 seconds gives a token of a year that
 * warns after 3607 seconds (kube-apiserver --service-account-extend-token-expiration, on by default).
 */
export function planClaims(request: TokenRequest, issuer: string, wall: Millis): TokenClaims {
  const { namespace, serviceAccount, pod, node, audiences, expirationSeconds, tokenId } = request
  const now = Math.floor(wall / 1000)
  const aud = audiences.length > 0 ? audiences : [issuer]
  const extended = expirationSeconds === WARN_AFTER_SECONDS && pod !== undefined && aud.includes(issuer)
  return {
    iss: issuer,
    sub: `system:serviceaccount:${namespace}:${serviceAccount.name}`,
    aud,
    iat: now,
    nbf: now,
    exp: now + (extended ? EXTENDED_SECONDS : expirationSeconds),
    jti: tokenId,
    'kubernetes.io': {
      namespace,
      ...(node && { node }),
      ...(pod && { pod }),
      serviceaccount: serviceAccount,
      ...(extended && { warnafter: now + expirationSeconds }),
    },
  }
}
