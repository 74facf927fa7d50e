/**
 * ConfigMaps and Secrets that volumes show, each watched once for all Pods of the node that show it:
 *
 *   Pod starts ─▶ follow ─▶ one watch an object ─▶ changed ─▶ every Pod that shows it
 *   Pod is gone ─▶ leave ─▶ the last one ends the watch
 *
 * There are as many watches as objects that Pods of this node name in volumes, and no more: what the node authorizer
 * lets a kubelet see is exactly that. An immutable object is not watched any longer once it has been seen.
 */
import type { Kind } from '../../api/kind.ts'
import { ConfigMap } from '../../api/kinds/config_map.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { Secret } from '../../api/kinds/secret.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import { notFound } from '../../api/status.ts'
import type { Cache } from '../../client/cache.ts'
import { createCache } from '../../client/reflector.ts'
import type { KubeletContext } from '../context.ts'

/** Rejects as the client does. */
export type ReadObject = <T extends KubernetesObject>(kind: Kind<T>, namespace: string, name: string) => Promise<T>

export interface Objects {
  /** As it is now: for a Pod that starts, whose author may have written the object just before. */
  readonly fresh: ReadObject
  /** As the watch has last seen it; asks where nothing has been seen yet. */
  readonly recent: ReadObject
  /** From now on `changed` is called whenever an object that the Pod's volumes show may look different. Again without harm. */
  follow(pod: Pod, changed: () => void): void
  leave(uid: string): void
  stop(): void
}

interface Followed {
  readonly kind: Kind<never>
  /** By the UID of the Pod that shows it. */
  readonly followers: Map<string, () => void>
  watch: Cache<KubernetesObject> | undefined
  isSynced: boolean
  object: KubernetesObject | undefined
}

export function createObjects({ client, host }: Pick<KubeletContext, 'client' | 'host'>): Objects {
  const followed = new Map<string, Followed>()

  /** Answers may overtake each other: what is older than what is known says nothing. */
  function learn(entry: Followed, object: KubernetesObject): KubernetesObject {
    const known = entry.object
    if (known && Number(object.metadata.resourceVersion) <= Number(known.metadata.resourceVersion)) return known
    entry.object = object
    if ((object as { immutable?: boolean }).immutable === true) entry.watch?.stop()
    return object
  }

  function begin(kind: Kind<never>, namespace: string, name: string): Followed {
    const entry: Followed = { kind, followers: new Map(), watch: undefined, isSynced: false, object: undefined }
    const watch = createCache<KubernetesObject>(host, client, kind, { namespace, fieldSelector: `metadata.name=${name}` })
    entry.watch = watch
    watch.onChange(({ object, previous }) => {
      const before = entry.object
      if (object) learn(entry, object)
      else if (before?.metadata.uid === previous?.metadata.uid) entry.object = undefined
      // What the first list brings is no change: the Pod it was begun for asks by itself.
      if (entry.object !== before && (before || entry.isSynced)) for (const changed of entry.followers.values()) changed()
    })
    void watch.synced.then(() => (entry.isSynced = true))
    return entry
  }

  const fresh: ReadObject = async (kind, namespace, name) => {
    const object = await client.get(kind, { namespace, name })
    const entry = followed.get(keyOf(kind, namespace, name))
    return entry ? (learn(entry, object) as typeof object) : object
  }

  return {
    fresh,
    async recent(kind, namespace, name) {
      const entry = followed.get(keyOf(kind, namespace, name))
      if (!entry?.isSynced) return fresh(kind, namespace, name)
      if (!entry.object) throw notFound(kind, name)
      return entry.object as never
    },
    follow(pod, changed) {
      const { uid = '', namespace = '' } = pod.metadata
      for (const [kind, name] of shownBy(pod)) {
        const key = keyOf(kind, namespace, name)
        const entry = followed.get(key) ?? begin(kind, namespace, name)
        followed.set(key, entry)
        entry.followers.set(uid, changed)
      }
    },
    leave(uid) {
      for (const [key, { followers, watch }] of followed) {
        if (!followers.delete(uid) || followers.size > 0) continue
        watch?.stop()
        followed.delete(key)
      }
    },
    stop: () => followed.forEach(({ watch }) => watch?.stop()),
  }
}

function shownBy({ spec }: Pod): [Kind<never>, string][] {
  return (spec.volumes ?? []).flatMap(({ configMap, secret, projected }) => [
    ...named(ConfigMap as never, configMap?.name),
    ...named(Secret as never, secret?.secretName),
    ...(projected?.sources ?? []).flatMap(source => [...named(ConfigMap as never, source.configMap?.name), ...named(Secret as never, source.secret?.name)]),
  ])
}

const named = (kind: Kind<never>, name: string | undefined): [Kind<never>, string][] => (name ? [[kind, name]] : [])

const keyOf = ({ plural }: Pick<Kind<never>, 'plural'>, namespace: string, name: string): string => `${plural}/${namespace}/${name}`
