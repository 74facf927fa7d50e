/** Tokens of ServiceAccounts for Pods: asked for once, and again when four fifths of their life, or a day, are over. */
import { ServiceAccount } from '../../api/kinds/service_account.ts'
import type { TokenRequest } from '../../api/kinds/token_request.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { Millis } from '../../base/clock.ts'
import type { KubeletContext } from '../context.ts'

export interface Tokens {
  get(pod: Pod, audience: string | undefined, expirationSeconds: number): Promise<string>
  forget(uid: string): void
}

const RENEW_AFTER_MS_MAX = 24 * 3_600_000

export function createTokens({ client, host }: KubeletContext): Tokens {
  const known = new Map<string, { token: string; renewAt: Millis }>()

  return {
    async get(pod, audience, expirationSeconds) {
      const key = `${pod.metadata.uid} ${audience ?? ''} ${expirationSeconds}`
      const held = known.get(key)
      const now = host.clock.wall()
      if (held && now < held.renewAt) return held.token
      const { status } = await client.createSubresource<TokenRequest>(
        ServiceAccount as never,
        { namespace: pod.metadata.namespace ?? '', name: pod.spec.serviceAccountName || 'default' },
        'token',
        {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: {
            audiences: audience ? [audience] : [],
            expirationSeconds,
            boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: pod.metadata.name, uid: pod.metadata.uid },
          },
        },
      )
      const lifeMs = Date.parse(status.expirationTimestamp) - now
      known.set(key, { token: status.token, renewAt: now + Math.min(lifeMs * 0.8, RENEW_AFTER_MS_MAX) })
      return status.token
    },
    forget(uid) {
      for (const key of known.keys()) if (key.startsWith(`${uid} `)) known.delete(key)
    },
  }
}
