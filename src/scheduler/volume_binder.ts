/**
 * Carries out what was decided about volumes, before the Pod is bound: volumes are given to their claims, provisioners are told the
 * node, and then the Pod waits until all its claims are bound.
 */
import { PersistentVolume } from '../api/kinds/persistent_volume.ts'
import { PersistentVolumeClaim } from '../api/kinds/persistent_volume_claim.ts'
import { StorageClass } from '../api/kinds/storage_class.ts'
import { keyOf } from '../api/meta.ts'
import { isReason } from '../api/status.ts'
import { BOUND_BY_CONTROLLER, isBound, SELECTED_NODE } from '../api/storage.ts'
import type { Clock } from '../base/clock.ts'
import type { Cache } from '../client/cache.ts'
import type { CacheOf } from '../client/caches.ts'
import type { Client } from '../client/client.ts'
import { createAssumedVolumes } from './assumed_volumes.ts'
import type { VolumeCatalog, VolumePlan } from './volumes.ts'

export interface VolumeBinder {
  readonly catalog: VolumeCatalog
  readonly caches: readonly Cache<never>[]
  /** From the moment of the decision; `bind` takes it back when it ends. */
  promise(plan: VolumePlan, nodeName: string): void
  /** Resolves when all claims are bound. Throws with what went wrong; then the Pod must choose again. */
  bind(plan: VolumePlan, nodeName: string): Promise<void>
  /** Nobody waits any more. */
  stop(): void
  /** Calls when a claim, volume or class has changed; with the claim's `namespace/name` if it was one. */
  onChange(listener: (claim: string | undefined) => void): { stop(): void }
}

const BIND_TIMEOUT_MS = 600_000

export function createVolumeBinder(clock: Clock, client: Client, cacheOf: CacheOf): VolumeBinder {
  const claims = cacheOf(PersistentVolumeClaim)
  const volumes = cacheOf(PersistentVolume)
  const storageClasses = cacheOf(StorageClass)
  const assumed = createAssumedVolumes({
    claim: (namespace, name) => claims.get({ namespace, name }),
    volume: name => volumes.get({ namespace: '', name }),
    volumes: () => volumes.list(),
    storageClass: name => storageClasses.get({ namespace: '', name }),
  })
  const waiting = new Set<(error: Error) => void>()

  const give = async ({ claim, volume }: VolumePlan['give'][number]): Promise<void> => {
    const { namespace, name, uid, resourceVersion } = claim.metadata
    const current = volumes.get(keyOf(volume)) ?? volume
    if (current.spec.claimRef?.uid === uid) return
    const metadata = current.spec.claimRef
      ? current.metadata
      : { ...current.metadata, annotations: { ...current.metadata.annotations, [BOUND_BY_CONTROLLER]: 'yes' } }
    const given = {
      ...current,
      metadata,
      spec: { ...current.spec, claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid, resourceVersion } },
    } as PersistentVolume
    await client.update(PersistentVolume, given).catch(async (error: unknown) => {
      // Another Pod of the claim was placed at the same moment, and has given it the volume already.
      const now = isReason(error, 'Conflict') ? await client.get(PersistentVolume, keyOf(volume)) : undefined
      if (now?.spec.claimRef?.uid !== uid) throw error
    })
  }
  const select = async (claim: PersistentVolumeClaim, nodeName: string): Promise<void> => {
    const { uid } = claim.metadata
    await client.patch(PersistentVolumeClaim, keyOf(claim), { type: 'merge', body: { metadata: { uid, annotations: { [SELECTED_NODE]: nodeName } } } })
  }
  /** Undefined while it may still be bound. */
  const stateOf = (claim: PersistentVolumeClaim, wasSelected: Set<string>): 'bound' | Error | undefined => {
    const name = JSON.stringify(claim.metadata.name)
    const current = claims.get(keyOf(claim))
    if (current?.metadata.uid !== claim.metadata.uid) return new Error(`pvc ${name} was deleted`)
    if (isBound(current!)) return 'bound'
    const isSelected = current!.metadata.annotations?.[SELECTED_NODE] !== undefined
    // The provisioner takes the node back when it cannot make a volume for it.
    if (wasSelected.has(claim.metadata.uid!) && !isSelected) return new Error(`provisioning failed for PVC ${name}`)
    if (isSelected) wasSelected.add(claim.metadata.uid!)
    return undefined
  }
  const allBound = (wanted: readonly PersistentVolumeClaim[]): Promise<void> =>
    new Promise((resolve, reject) => {
      const wasSelected = new Set<string>()
      let listener: { stop(): void } | undefined
      let settled = false
      const settle = (act: () => void) => {
        settled = true
        waiting.delete(fail)
        timer.cancel()
        listener?.stop()
        act()
      }
      const fail = (error: Error) => settle(() => reject(error))
      const timer = clock.at(clock.now() + BIND_TIMEOUT_MS, () => fail(new Error('timed out waiting for the condition')), 'volume binding')
      waiting.add(fail)
      const look = () => {
        if (settled) return
        const states = wanted.map(claim => stateOf(claim, wasSelected))
        const error = states.find(state => state instanceof Error)
        if (error) fail(error)
        else if (states.every(state => state === 'bound')) settle(resolve)
      }
      listener = claims.onChange(look)
      if (settled) listener.stop()
    })

  return {
    catalog: assumed.catalog,
    caches: [claims, volumes, storageClasses] as unknown as readonly Cache<never>[],
    promise: assumed.add,
    async bind(plan, nodeName) {
      const { give: given, provision } = plan
      if (given.length + provision.length === 0) return
      try {
        await Promise.all([...given.map(give), ...provision.map(claim => select(claim, nodeName))])
        await allBound([...given.map(({ claim }) => claim), ...provision])
      } finally {
        assumed.remove(plan)
      }
    },
    stop: () => waiting.forEach(fail => fail(new Error('the scheduler stops'))),
    onChange(listener) {
      const stops = [
        claims.onChange(({ key }) => listener(`${key.namespace}/${key.name}`)),
        volumes.onChange(() => listener(undefined)),
        storageClasses.onChange(() => listener(undefined)),
      ]
      return { stop: () => stops.forEach(one => one.stop()) }
    },
  }
}
