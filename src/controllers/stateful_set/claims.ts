/**
 * The storage of a StatefulSet's Pods: a claim for each template and ordinal, made before the Pod and kept after it,
 * unless the set says that claims go with their Pods (whenScaled) or with the set (whenDeleted). Who goes with whom is
 * said by an ownerReference; the garbage collector does the rest.
 */
import { deepEqual } from '../../api/deep.ts'
import { PersistentVolumeClaim } from '../../api/kinds/persistent_volume_claim.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { StatefulSet } from '../../api/kinds/stateful_set.ts'
import { keyOf, type OwnerReference } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Cache } from '../../client/cache.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../client/event_recorder.ts'
import { controllerReference } from '../workload/claim.ts'
import { claimsOf, podName, startOrdinal } from './identity.ts'

/** What the claims of an ordinal shall belong to. */
type ClaimOwner = 'set' | 'pod' | 'nobody'

export function claimOwner({ spec }: StatefulSet, isTooMany: boolean): ClaimOwner {
  const { whenDeleted, whenScaled } = spec.persistentVolumeClaimRetentionPolicy
  if (isTooMany && whenScaled === 'Delete') return 'pod'
  return whenDeleted === 'Delete' ? 'set' : 'nobody'
}

interface ClaimPlan {
  readonly is: 'keep' | 'change' | 'contested'
  readonly owners: readonly OwnerReference[]
}

/**
 * The owners a claim shall have. Those that are neither the set nor a Pod of this ordinal are let be, and when one of
 * them controls the claim nothing is changed at all.
 * @param pod the Pod of the ordinal, if there is one
 */
export function planOwners(set: StatefulSet, ordinal: number, pod: Pod | undefined, { metadata }: PersistentVolumeClaim): ClaimPlan {
  const owners = metadata.ownerReferences ?? []
  const others = owners.filter(owner => !isSet(owner, set) && !isPodOf(owner, set, ordinal))
  if (others.some(({ controller }) => controller)) return { is: 'contested', owners }
  const first = startOrdinal(set)
  const owner = claimOwner(set, ordinal < first || ordinal >= first + set.spec.replicas)
  const wanted = [...others, ...(owner === 'set' ? [controllerReference(StatefulSet, set)] : owner === 'pod' && pod ? [controllerReference(Pod, pod)] : [])]
  return deepEqual(wanted, owners) ? { is: 'keep', owners } : { is: 'change', owners: wanted }
}

const isSet = ({ kind, apiVersion, name }: OwnerReference, { metadata }: StatefulSet): boolean =>
  kind === 'StatefulSet' && apiVersion.startsWith('apps/') && name === metadata.name

const isPodOf = ({ kind, apiVersion, name }: OwnerReference, set: StatefulSet, ordinal: number): boolean =>
  kind === 'Pod' && apiVersion === 'v1' && name === podName(set, ordinal)

interface ClaimParts {
  readonly claims: Cache<PersistentVolumeClaim>
  readonly events: EventRecorder
}

export function createClaims({ claims, events }: ClaimParts) {
  const claimsThere = (set: StatefulSet, ordinal: number): PersistentVolumeClaim[] =>
    claimsOf(set, ordinal)
      .map(draft => claims.get({ namespace: set.metadata.namespace!, name: draft.metadata.name }))
      .filter(claim => claim !== undefined)

  return {
    /** Claims of a Pod that was one too many and has gone: they go too, and the next Pod must not take them with it. */
    areLeavingWithOldPod: (set: StatefulSet, ordinal: number, pod: Pod | undefined): boolean =>
      claimsThere(set, ordinal).some(({ metadata }) =>
        metadata.ownerReferences?.some(owner => isPodOf(owner, set, ordinal) && owner.uid !== pod?.metadata.uid),
      ),

    /** Throws when one cannot be made, or is being deleted. */
    async make(api: Client, set: StatefulSet, ordinal: number): Promise<void> {
      for (const draft of claimsOf(set, ordinal)) {
        const { name } = draft.metadata
        const there = claims.get({ namespace: set.metadata.namespace!, name })
        if (there?.metadata.deletionTimestamp) throw new Error(`pvc ${name} is being deleted`)
        if (there) continue
        const subject = `Claim ${name} Pod ${podName(set, ordinal)} in StatefulSet ${set.metadata.name}`
        const ownerReferences = claimOwner(set, false) === 'set' ? [controllerReference(StatefulSet, set)] : undefined
        try {
          await api.create(PersistentVolumeClaim, { ...draft, metadata: { ...draft.metadata, ...(ownerReferences && { ownerReferences }) } })
          events.normal(set, 'SuccessfulCreate', `create ${subject} success`)
        } catch (error) {
          // Somebody has made it by hand, as one does to give a Pod a volume that is there.
          if (isReason(error, 'AlreadyExists')) continue
          events.warning(set, 'FailedCreate', `create ${subject} failed error: ${messageOf(error)}`)
          throw error
        }
      }
    },

    /** Writes down whom the claims of an ordinal belong to. */
    async settleOwners(api: Client, set: StatefulSet, ordinal: number, pod: Pod | undefined): Promise<void> {
      for (const claim of claimsThere(set, ordinal)) {
        const plan = planOwners(set, ordinal, pod, claim)
        if (plan.is === 'keep') continue
        if (plan.is === 'contested') {
          if (claimOwner(set, false) !== 'nobody' || claimOwner(set, true) !== 'nobody') events.warning(set, 'ConflictingController', contested(claim))
          continue
        }
        const { uid, resourceVersion } = claim.metadata
        await api.patch(PersistentVolumeClaim, keyOf(claim), { type: 'merge', body: { metadata: { uid, resourceVersion, ownerReferences: plan.owners } } })
      }
    },
  }
}

const contested = ({ metadata }: PersistentVolumeClaim): string =>
  `PersistentVolumeClaim ${metadata.namespace}/${metadata.name} has a conflicting OwnerReference that acts as a managing controller, the retention policy is ignored for this claim`
