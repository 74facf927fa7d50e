/**
 * ConfigMaps and Secrets for volumes, read once for all Pods of the node that show them: a hundred Pods with the same
 * kube-root-ca.crt ask for it once a minute, not a hundred times.
 */
import type { Kind } from '../../api/kind.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import type { Millis } from '../../base/clock.ts'
import type { KubeletContext } from '../context.ts'

/** Rejects as the client does. */
export type ReadObject = <T extends KubernetesObject>(kind: Kind<T>, namespace: string, name: string) => Promise<T>

export interface Objects {
  /** As it is now: for a Pod that starts, whose author may have written the object just before. */
  readonly fresh: ReadObject
  /** As it was at most a minute ago: for bringing files up to date. */
  readonly recent: ReadObject
}

const AGE_MS_MAX = 60_000

export function createObjects({ client, host: { clock } }: Pick<KubeletContext, 'client' | 'host'>): Objects {
  const known = new Map<string, { answer: Promise<KubernetesObject>; askedAt: Millis }>()

  const fresh: ReadObject = (kind, namespace, name) => {
    const now = clock.now()
    // Nobody shows what has not been asked for twice as long: the map holds what the node mounts, and no more.
    for (const [key, { askedAt }] of known) if (now - askedAt > 2 * AGE_MS_MAX) known.delete(key)
    const key = keyOf(kind, namespace, name)
    const entry = { answer: client.get(kind, { namespace, name }), askedAt: now }
    known.set(key, entry)
    entry.answer.catch((error: unknown) => {
      // That it is not there is an answer too; any other failure is not.
      if (!isReason(error, 'NotFound') && known.get(key) === entry) known.delete(key)
    })
    return entry.answer
  }
  return {
    fresh,
    recent(kind, namespace, name) {
      const entry = known.get(keyOf(kind, namespace, name))
      return entry && clock.now() - entry.askedAt < AGE_MS_MAX ? (entry.answer as Promise<never>) : fresh(kind, namespace, name)
    },
  }
}

const keyOf = ({ plural }: Pick<Kind<never>, 'plural'>, namespace: string, name: string): string => `${plural}/${namespace}/${name}`
