/** Tokens as JSON Web Tokens, signed with ES256 by the cluster's service-account key (RFC 7515, 7518). */
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { CLUSTER_ISSUER, type TokenClaims, type TokenIssuer } from '../base/tokens.ts'

export interface TokenIssuerOptions {
  readonly issuer?: string
  readonly wall?: () => number
}

/** `privateKey`: an elliptic curve key (P-256) in PEM. */
export function createTokenIssuer(privateKey: string, { issuer = CLUSTER_ISSUER, wall = Date.now }: TokenIssuerOptions = {}): TokenIssuer {
  const signingKey = createPrivateKey(privateKey)
  const publicKey = createPublicKey(signingKey)
  const keyId = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
  const header = encode({ alg: 'ES256', kid: keyId })
  return {
    issuer,
    keySet: { keys: [{ ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: keyId }] },
    issue(claims) {
      const signed = `${header}.${encode(claims)}`
      // JWS wants the two numbers side by side, where OpenSSL's habit is DER.
      return `${signed}.${sign('sha256', Buffer.from(signed), { key: signingKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
    },
    verify(token) {
      const [head, body, signature, ...rest] = token.split('.')
      // Only the very header that we write is taken: a token cannot choose its own algorithm.
      if (head !== header || !body || !signature || rest.length > 0) return undefined
      const key = { key: publicKey, dsaEncoding: 'ieee-p1363' as const }
      if (!verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))) return undefined
      const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as TokenClaims
      const now = wall() / 1000
      return claims.iss === issuer && claims.nbf <= now && now < claims.exp ? claims : undefined
    },
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
