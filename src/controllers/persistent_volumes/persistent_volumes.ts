/**
 * PersistentVolumes and their claims: brings them together, keeps their phases, and says what becomes of a volume whose
 * claim is gone.
 *
 *   claim   ─▶ planClaim  ─▶ bind │ provision: ask the class' provisioner │ wait, and look again │ lost
 *   volume  ─▶ planVolume ─▶ Available │ Bound │ Released ─▶ kept │ its provisioner takes it away │ Failed
 *
 * A binding is four writes: the volume's reference and phase, the claim's reference and status. Each says what it is about,
 * so that a pass that was interrupted is gone on with by the next. Both kinds share one queue: the key of a volume has no
 * namespace.
 */
import { deepEqual } from '../../api/deep.ts'
import { PersistentVolumeClaim } from '../../api/kinds/persistent_volume_claim.ts'
import { PersistentVolume } from '../../api/kinds/persistent_volume.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { StorageClass } from '../../api/kinds/storage_class.ts'
import type { Kind } from '../../api/kind.ts'
import { keyOf, keyText, timestamp, type KubernetesObject, type ObjectKey } from '../../api/meta.ts'
import { isActive } from '../../api/pod.ts'
import { isReason } from '../../api/status.ts'
import { BETA_STORAGE_PROVISIONER, STORAGE_PROVISIONER, defaultClassOf } from '../../api/storage.ts'
import type { Millis } from '../../base/clock.ts'
import type { Host } from '../../base/host.ts'
import type { Cache } from '../../client/cache.ts'
import { indexBy, type CacheIndex } from '../../client/cache_index.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches, type Outcome } from '../../client/controller.ts'
import type { EventRecorder } from '../../client/event_recorder.ts'
import { boundClaim, boundVolume, planClaim, type ClaimEvent } from './plan_claim.ts'
import { planVolume, unboundVolume } from './plan_volume.ts'

export interface PersistentVolumeParts {
  readonly volumes: Cache<PersistentVolume>
  readonly claims: Cache<PersistentVolumeClaim>
  readonly storageClasses: Cache<StorageClass>
  /** By the claims they name, as `namespace/name`. */
  readonly podsByClaim: CacheIndex<Pod>
  readonly events: EventRecorder
}

/** How often Kubernetes looks at claims that have no volume, and says again what they wait for. */
const LOOK_AGAIN_MS: Millis = 15_000
/** Somebody else was faster: the caches will show it soon. */
const CONFLICT_MS: Millis = 10

export function startPersistentVolumeController(host: Host, client: Client, parts: PersistentVolumeParts) {
  const { volumes, claims, storageClasses, podsByClaim, events } = parts
  const unbound = indexBy(claims, claim => (claim.status.phase === 'Bound' ? [] : ['unbound']))
  const unboundKeys = () => unbound.find('unbound').map(keyOf)

  const controller = startController(host, client, {
    name: 'persistentvolume-controller',
    sources: [
      watches(PersistentVolumeClaim, claims, ({ key, object, previous }) => [key, ...volumeKeys(object), ...volumeKeys(previous)]),
      watches(PersistentVolume, volumes, ({ key, object, previous }) => [
        key,
        ...claimKeys(object),
        ...claimKeys(previous),
        // A volume that has become free may be what a claim waits for.
        ...(object?.status.phase === 'Available' && previous?.status.phase !== 'Available' ? unboundKeys() : []),
        ...(!previous ? unboundKeys().filter(claim => claims.get(claim)?.spec.volumeName === key.name) : []),
      ]),
      watches(StorageClass, storageClasses, unboundKeys),
    ],
    async reconcile(key, api) {
      try {
        return await (key.namespace ? lookAtClaim(key, api) : lookAtVolume(key, api))
      } catch (error) {
        if (isReason(error, 'Conflict')) return { again: CONFLICT_MS }
        // It went while we looked.
        if (isReason(error, 'NotFound')) return settled
        throw error
      }
    },
  })

  async function lookAtClaim(key: ObjectKey, api: Client): Promise<Outcome> {
    const claim = claims.get(key)
    if (!claim) return settled
    const { volumeName } = claim.spec
    const named = volumeName
      ? (volumes.get({ namespace: '', name: volumeName }) ?? (await newest(api, PersistentVolume, { namespace: '', name: volumeName })))
      : undefined
    const step = planClaim(claim, {
      volumes: volumes.list(),
      named,
      classNamed: name => storageClasses.get({ namespace: '', name }),
      defaultClass: defaultClassOf(storageClasses.list()),
      unscheduledPods: unscheduledPods(key),
    })
    switch (step.is) {
      case 'bind':
        await bind(api, claim, step.volume)
        return settled
      case 'assignClass':
        await api.update(PersistentVolumeClaim, { ...claim, spec: { ...claim.spec, storageClassName: step.name } })
        return settled
      case 'provision': {
        say(claim, step.event)
        const annotations = { ...claim.metadata.annotations, [STORAGE_PROVISIONER]: step.provisioner, [BETA_STORAGE_PROVISIONER]: step.provisioner }
        if (!deepEqual(annotations, claim.metadata.annotations))
          await api.update(PersistentVolumeClaim, { ...claim, metadata: { ...claim.metadata, annotations } })
        return { again: LOOK_AGAIN_MS }
      }
      case 'wait':
        if (step.event) say(claim, step.event)
        await setClaimStatus(api, claim, { ...claim.status, phase: 'Pending', accessModes: undefined, capacity: undefined })
        return claim.metadata.deletionTimestamp ? settled : { again: LOOK_AGAIN_MS }
      case 'lost':
        if (claim.status.phase !== 'Lost') say(claim, step.event)
        await setClaimStatus(api, claim, { ...claim.status, phase: 'Lost', accessModes: undefined, capacity: undefined })
        return settled
    }
  }

  async function lookAtVolume(key: ObjectKey, api: Client): Promise<Outcome> {
    const volume = volumes.get(key)
    if (!volume) return settled
    const step = planVolume(volume, await claimOf(volume, api))
    switch (step.is) {
      case 'nothing':
        return settled
      case 'phase':
        await setVolumePhase(api, volume, step.phase)
        return settled
      case 'unbind':
        await setVolumePhase(api, await api.update(PersistentVolume, unboundVolume(volume)), 'Available')
        return settled
      case 'failed':
        events.warning(volume, step.reason, step.message)
        await setVolumePhase(api, volume, 'Failed', step.message)
        return settled
      case 'mismatch':
        events.warning(
          volume,
          'VolumeMismatch',
          `Cannot bind PersistentVolume to requested PersistentVolumeClaim "${step.claim.metadata.name}" due to incompatible volumeMode.`,
        )
        events.warning(
          step.claim,
          'VolumeMismatch',
          `Cannot bind PersistentVolume "${volume.metadata.name}" to requested PersistentVolumeClaim due to incompatible volumeMode.`,
        )
        return settled
    }
  }

  /** The claim the volume's reference names, with the uid it names. */
  async function claimOf({ spec: { claimRef } }: PersistentVolume, api: Client): Promise<PersistentVolumeClaim | undefined> {
    if (!claimRef?.uid || !claimRef.namespace || !claimRef.name) return undefined
    const key = { namespace: claimRef.namespace, name: claimRef.name }
    const known = claims.get(key)
    return known?.metadata.uid === claimRef.uid ? known : newest(api, PersistentVolumeClaim, key)
  }

  async function bind(api: Client, claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<void> {
    const reserved = boundVolume(volume, claim)
    await setVolumePhase(api, reserved ? await api.update(PersistentVolume, reserved) : volume, 'Bound')
    const complete = boundClaim(claim, volume)
    const bound = complete ? await api.update(PersistentVolumeClaim, complete) : claim
    const { phase, capacity } = bound.status
    await setClaimStatus(api, bound, {
      ...bound.status,
      phase: 'Bound',
      accessModes: volume.spec.accessModes,
      // Of a claim that has it already the size is for whoever resizes volumes to say.
      capacity: phase === 'Bound' && capacity ? capacity : volume.spec.capacity,
    })
  }

  async function setClaimStatus(api: Client, claim: PersistentVolumeClaim, status: PersistentVolumeClaim['status']): Promise<void> {
    const stated = Object.fromEntries(Object.entries(status).filter(([, value]) => value !== undefined)) as typeof status
    if (!deepEqual(claim.status, stated)) await api.updateStatus(PersistentVolumeClaim, { ...claim, status: stated })
  }

  async function setVolumePhase(api: Client, volume: PersistentVolume, phase: PersistentVolume['status']['phase'], message?: string): Promise<void> {
    if (volume.status.phase === phase) return
    const status = { phase, lastPhaseTransitionTime: timestamp(host.clock.wall()), ...(message && { message }) }
    await api.updateStatus(PersistentVolume, { ...volume, status })
  }

  const say = (claim: PersistentVolumeClaim, { type, reason, message }: ClaimEvent) =>
    type === 'Normal' ? events.normal(claim, reason, message) : events.warning(claim, reason, message)

  const unscheduledPods = (key: ObjectKey): string[] =>
    podsByClaim
      .find(keyText(key))
      .filter(pod => !pod.spec.nodeName && isActive(pod))
      .map(({ metadata }) => metadata.name!)
      .sort()

  return {
    async stop() {
      await controller.stop()
      unbound.stop()
    },
  }
}

/**
 * What the API has. The cache of one kind may be behind that of the other, and what is concluded from an object's absence
 * cannot be taken back: data would be lost.
 */
async function newest<T extends KubernetesObject>(api: Client, kind: Kind<T>, key: ObjectKey): Promise<T | undefined> {
  try {
    return await api.get(kind, key)
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined
    throw error
  }
}

const volumeKeys = (claim: PersistentVolumeClaim | undefined): ObjectKey[] => (claim?.spec.volumeName ? [{ namespace: '', name: claim.spec.volumeName }] : [])

function claimKeys(volume: PersistentVolume | undefined): ObjectKey[] {
  const { namespace, name } = volume?.spec.claimRef ?? {}
  return namespace && name ? [{ namespace, name }] : []
}
