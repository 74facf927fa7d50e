/**
 * What is in use stays. A claim that a Pod names, and a volume that a claim has, keep their finalizer after they were
 * deleted; they are Terminating until the last Pod is gone, or the claim.
 */
import { PersistentVolumeClaim } from '../../api/kinds/persistent_volume_claim.ts'
import { PersistentVolume } from '../../api/kinds/persistent_volume.ts'
import { Pod } from '../../api/kinds/pod.ts'
import type { Kind } from '../../api/kind.ts'
import { keyOf, keyText, type KubernetesObject } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import { CLAIM_PROTECTION, VOLUME_PROTECTION } from '../../api/storage.ts'
import { claimsOf, notMadeFor } from '../../api/volume_matching.ts'
import type { Host } from '../../base/host.ts'
import type { Cache } from '../../client/cache.ts'
import type { CacheIndex } from '../../client/cache_index.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches } from '../../client/controller.ts'

export interface ClaimProtectionParts {
  readonly claims: Cache<PersistentVolumeClaim>
  readonly pods: Cache<Pod>
  /** By the claims they name, as `namespace/name`. */
  readonly podsByClaim: CacheIndex<Pod>
}

export function startClaimProtectionController(host: Host, client: Client, { claims, pods, podsByClaim }: ClaimProtectionParts) {
  return startController(host, client, {
    name: 'pvc-protection-controller',
    sources: [
      watches(PersistentVolumeClaim, claims),
      // Only what has gone, or has ended, can set a claim free.
      watches(Pod, pods, ({ key, object, previous }) =>
        previous && (!object || isShutDown(object)) ? claimsOf(previous).map(({ claim }) => ({ namespace: key.namespace, name: claim })) : [],
      ),
    ],
    async reconcile(key, api) {
      const claim = claims.get(key)
      if (!claim) return settled
      await protect(api, PersistentVolumeClaim, claim, CLAIM_PROTECTION, await isInUse(claim, api))
      return settled
    },
  })

  async function isInUse(claim: PersistentVolumeClaim, api: Client): Promise<boolean> {
    const key = keyOf(claim)
    if (podsByClaim.find(keyText(key)).some(pod => uses(pod, claim))) return true
    // The watch of Pods may be behind that of claims, and a claim that has gone does not come back.
    if (!claim.metadata.deletionTimestamp || pods.revision >= Number(claim.metadata.resourceVersion)) return false
    return (await api.list(Pod, { namespace: key.namespace })).items.some(pod => uses(pod, claim))
  }
}

export function startVolumeProtectionController(host: Host, client: Client, { volumes }: { volumes: Cache<PersistentVolume> }) {
  return startController(host, client, {
    name: 'pv-protection-controller',
    sources: [watches(PersistentVolume, volumes)],
    async reconcile(key, api) {
      const volume = volumes.get(key)
      if (volume) await protect(api, PersistentVolume, volume, VOLUME_PROTECTION, volume.status.phase === 'Bound')
      return settled
    },
  })
}

/**
 * A Pod counts from when it has a node: a kubelet starts none with a claim that is being deleted. It counts until it is gone,
 * ended or not; but the claim of its own ephemeral volume is deleted with it, and so only until it has ended.
 */
const uses = (pod: Pod, claim: PersistentVolumeClaim): boolean =>
  Boolean(pod.spec.nodeName) &&
  claimsOf(pod).some(named => named.claim === claim.metadata.name && (!named.isEphemeral || (!isShutDown(pod) && notMadeFor(pod, claim) === undefined)))

/** The kubelet has done with it, or nobody asks the kubelet. */
const isShutDown = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0

async function protect<T extends KubernetesObject>(api: Client, kind: Kind<T>, object: T, finalizer: string, isUsed: boolean): Promise<void> {
  const { finalizers = [], deletionTimestamp } = object.metadata
  const isProtected = finalizers.includes(finalizer)
  if (deletionTimestamp ? !isProtected || isUsed : isProtected) return
  const metadata = { ...object.metadata, finalizers: deletionTimestamp ? finalizers.filter(one => one !== finalizer) : [...finalizers, finalizer] }
  try {
    await api.update(kind, { ...object, metadata })
  } catch (error) {
    // Somebody else has changed it, and the cache will tell.
    if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound')) throw error
  }
}
