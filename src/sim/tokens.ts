/** Tokens of service accounts without cryptography: what a simulation needs is that a token can be traced to who it is for. */
import type { Clock } from '../base/clock.ts'
import { CLUSTER_ISSUER, type TokenClaims, type TokenIssuer } from '../base/tokens.ts'

export function createSimulatedTokenIssuer(clock: Clock): TokenIssuer {
  const issued = new Map<string, TokenClaims>()
  return {
    issuer: CLUSTER_ISSUER,
    keySet: { keys: [] },
    issue(claims) {
      const token = `simulated.${issued.size + 1}.${claims.jti}`
      issued.set(token, claims)
      return token
    },
    verify(token) {
      const claims = issued.get(token)
      const seconds = clock.wall() / 1000
      return claims && claims.nbf <= seconds && seconds < claims.exp ? claims : undefined
    },
  }
}
