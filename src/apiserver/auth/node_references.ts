/**
 * Which Secrets, ConfigMaps, claims and volumes the Pods of a Node name: what its kubelet may read, so that a Node that
 * has been broken into gives away the secrets of its own Pods and not those of the cluster.
 */
import type { PersistentVolume } from '../../api/kinds/persistent_volume.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { claimsOf } from '../../api/volume_matching.ts'
import type { Store, Stored } from '../../store/store.ts'

/** What a Pod can name. A volume it names through its claim. */
export type Referred = 'secret' | 'configMap' | 'serviceAccount' | 'claim' | 'volume'

export interface NodeReferences {
  /** `name` is a Secret or ConfigMap in `namespace`, or another thing a Pod can name. */
  has(nodeName: string, what: Referred, namespace: string, name: string): Promise<boolean>
}

const PODS = '/pods/'
const VOLUMES = '/persistentvolumes/'

/** Follows the Pods from the first question on. */
export function createNodeReferences(store: Store): NodeReferences {
  const podsOf = new Map<string, Map<string, Pod>>()
  let following: Promise<void> | undefined

  const put = (stored: Stored): void => {
    const pod = stored.value as Pod
    const { nodeName } = pod.spec
    if (!nodeName) return
    let pods = podsOf.get(nodeName)
    if (!pods) podsOf.set(nodeName, (pods = new Map()))
    pods.set(stored.key, pod)
  }
  const remove = (stored: Stored): void => {
    const { nodeName } = (stored.value as Pod).spec
    const pods = nodeName ? podsOf.get(nodeName) : undefined
    pods?.delete(stored.key)
    if (nodeName && pods?.size === 0) podsOf.delete(nodeName)
  }
  const follow = async (): Promise<void> => {
    const { items, revision } = await store.list(PODS)
    items.forEach(put)
    store.watch(PODS, revision, ({ stored, previous }) => {
      if (previous) remove(previous)
      if (stored) put(stored)
    })
  }

  async function has(nodeName: string, what: Exclude<Referred, 'volume'>, namespace: string, name: string): Promise<boolean> {
    await (following ??= follow())
    for (const pod of podsOf.get(nodeName)?.values() ?? []) {
      if (pod.metadata.namespace === namespace && names(pod, what).has(name)) return true
    }
    return false
  }

  return {
    async has(nodeName, what, namespace, name) {
      if (what !== 'volume') return has(nodeName, what, namespace, name)
      const volume = (await store.get(VOLUMES + name))?.value as PersistentVolume | undefined
      const claim = volume?.spec.claimRef
      return claim?.namespace !== undefined && claim.name !== undefined && has(nodeName, 'claim', claim.namespace, claim.name)
    },
  }
}

function names(pod: Pod, what: Exclude<Referred, 'volume'>): ReadonlySet<string> {
  const { spec } = pod
  if (what === 'claim') return new Set(claimsOf(pod).map(({ claim }) => claim))
  const found = new Set<string>()
  if (what === 'serviceAccount') return found.add(spec.serviceAccountName ?? 'default')
  // Every place in a PodSpec that names one is an object under one of these keys.
  collect(spec, KEYS[what], found)
  if (what === 'secret') spec.imagePullSecrets?.forEach(secret => secret.name && found.add(secret.name))
  return found
}

const KEYS = {
  configMap: ['configMap', 'configMapRef', 'configMapKeyRef'],
  secret: ['secret', 'secretRef', 'secretKeyRef'],
} as const

function collect(value: unknown, keys: readonly string[], found: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, keys, found)
    return
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, member] of Object.entries(value)) {
    if (keys.includes(key) && typeof member === 'object' && member !== null) {
      const { name, secretName } = member as { name?: string; secretName?: string }
      const named = secretName ?? name
      if (named) found.add(named)
    }
    collect(member, keys, found)
  }
}
