/** Recognises the tokens of ServiceAccounts: signed by us, still valid, and all they are bound to still there. */
import type { KubernetesObject } from '../../api/meta.ts'
import type { TokenClaims, TokenIssuer } from '../../base/tokens.ts'
import type { User } from '../../base/transport.ts'
import type { Store } from '../../store/store.ts'
import type { TokenAuthenticator } from './authenticate.ts'

export function serviceAccountTokens(issuer: TokenIssuer, store: Store): TokenAuthenticator {
  return {
    async authenticate(token, audiences = [issuer.issuer]) {
      const claims = issuer.verify(token)
      if (!claims) return undefined
      const common = claims.aud.filter(audience => audiences.includes(audience))
      return common.length > 0 && (await isStillBound(store, claims)) ? { user: userOf(claims), audiences: common } : undefined
    },
  }
}

async function isStillBound(store: Store, claims: TokenClaims): Promise<boolean> {
  const { namespace, serviceaccount, pod, secret } = claims['kubernetes.io']
  return (
    (await exists(store, `/serviceaccounts/${namespace}/${serviceaccount.name}`, serviceaccount.uid)) &&
    (!pod || (await exists(store, `/pods/${namespace}/${pod.name}`, pod.uid))) &&
    (!secret || (await exists(store, `/secrets/${namespace}/${secret.name}`, secret.uid)))
  )
}

async function exists(store: Store, key: string, uid: string): Promise<boolean> {
  const stored = await store.get(key)
  return (stored?.value as KubernetesObject | undefined)?.metadata.uid === uid
}

function userOf({ sub, jti, 'kubernetes.io': { namespace, serviceaccount, pod, node } }: TokenClaims): User {
  const extra: Record<string, readonly string[]> = { 'authentication.kubernetes.io/credential-id': [`JTI=${jti}`] }
  if (node) extra['authentication.kubernetes.io/node-name'] = [node.name]
  if (node?.uid) extra['authentication.kubernetes.io/node-uid'] = [node.uid]
  if (pod) {
    extra['authentication.kubernetes.io/pod-name'] = [pod.name]
    extra['authentication.kubernetes.io/pod-uid'] = [pod.uid]
  }
  return { name: sub, uid: serviceaccount.uid, groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`], extra }
}
