/**
 * Tokens of ServiceAccounts for Pods: asked for once, and again when four fifths of their life, or a day, are over. A little
 * earlier in truth, and each at another moment, so that Pods that started together do not ask together.
 */
import { ServiceAccount } from '../../api/kinds/service_account.ts'
import type { TokenRequest } from '../../api/kinds/token_request.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { Millis } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import type { KubeletContext } from '../context.ts'

export interface Tokens {
  /** Rejects when there is none that is still good and none can be had. */
  get(pod: Pod, audience: string | undefined, expirationSeconds: number): Promise<string>
  /** Wall time when the next token of a Pod is to be renewed; Infinity without tokens. */
  renewAt(uid: string): Millis
  forget(uid: string): void
}

const RENEW_AFTER_MS_MAX = 24 * 3_600_000
const JITTER_MS = 10_000
/** Until the API is asked again for a token it has refused to renew. */
const RETRY_MS = 60_000

interface Held {
  readonly token: string
  readonly expiresAt: Millis
  renewAt: Millis
}

export function createTokens({ client, host }: Pick<KubeletContext, 'client' | 'host'>): Tokens {
  const { clock, log } = host
  const random = host.random.fork('kubelet/tokens')
  const known = new Map<string, Map<string, Held>>()

  async function request({ metadata, spec }: Pod, audience: string | undefined, expirationSeconds: number): Promise<Held> {
    const { status, spec: granted } = await client.createSubresource<TokenRequest>(
      ServiceAccount as never,
      { namespace: metadata.namespace ?? '', name: spec.serviceAccountName || 'default' },
      'token',
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {
          audiences: audience ? [audience] : [],
          expirationSeconds,
          boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: metadata.name, uid: metadata.uid },
        },
      },
    )
    const expiresAt = Date.parse(status.expirationTimestamp)
    const lifeMs = (granted?.expirationSeconds ?? expirationSeconds) * 1000
    const renewAt = expiresAt - lifeMs + Math.min(lifeMs * 0.8, RENEW_AFTER_MS_MAX) - random.below(JITTER_MS)
    return { token: status.token, expiresAt, renewAt }
  }

  return {
    async get(pod, audience, expirationSeconds) {
      const { uid = '' } = pod.metadata
      const ofPod = known.get(uid) ?? new Map<string, Held>()
      // Before anything is awaited: the volumes of a Pod ask side by side, and none may forget the other's token.
      known.set(uid, ofPod)
      const key = `${audience ?? ''} ${expirationSeconds}`
      const held = ofPod.get(key)
      if (held && clock.wall() < held.renewAt) return held.token
      try {
        const fresh = await request(pod, audience, expirationSeconds)
        ofPod.set(key, fresh)
        return fresh.token
      } catch (error) {
        if (!held) throw error
        held.renewAt = clock.wall() + RETRY_MS
        if (clock.wall() >= held.expiresAt) throw new Error(`token "${key}" expired and refresh failed: ${messageOf(error)}`)
        log.warn('a token could not be renewed; the one before is still good', { pod: pod.metadata.name, error: messageOf(error) })
        return held.token
      }
    },
    renewAt: uid => Math.min(Infinity, ...[...(known.get(uid)?.values() ?? [])].map(held => held.renewAt)),
    forget: uid => void known.delete(uid),
  }
}
