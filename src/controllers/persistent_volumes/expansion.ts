/** A claim may ask for more where its class allows it. Nothing in Poise makes a volume larger, and this says so. */
import { PersistentVolumeClaim } from '../../api/kinds/persistent_volume_claim.ts'
import { PersistentVolume } from '../../api/kinds/persistent_volume.ts'
import { compareQuantities } from '../../api/quantity.ts'
import type { Host } from '../../base/host.ts'
import type { Cache, CacheChange } from '../../client/cache.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches } from '../../client/controller.ts'
import type { EventRecorder } from '../../client/event_recorder.ts'

export interface VolumeExpansionParts {
  readonly claims: Cache<PersistentVolumeClaim>
  readonly volumes: Cache<PersistentVolume>
  readonly events: EventRecorder
}

export function startVolumeExpansionController(host: Host, client: Client, { claims, volumes, events }: VolumeExpansionParts) {
  return startController(host, client, {
    name: 'volume_expand',
    sources: [watches(PersistentVolumeClaim, claims, change => (isAskedForMore(change) ? [change.key] : [])), watches(PersistentVolume, volumes, () => [])],
    async reconcile(key) {
      const claim = claims.get(key)
      const volume = claim && volumes.get({ namespace: '', name: claim.spec.volumeName ?? '' })
      if (!claim || !volume) return settled
      const message = "Ignoring the PVC: didn't find a plugin capable of expanding the volume; waiting for an external controller to process this PVC."
      // A driver of somebody else's may well do it.
      if (volume.spec.csi) events.normal(claim, 'ExternalExpanding', message)
      else events.warning(claim, 'ExternalExpanding', message)
      return settled
    },
  })
}

/** Once for each time it is asked, and once for each that was asked before we began. */
function isAskedForMore({ object, previous }: CacheChange<PersistentVolumeClaim>): boolean {
  if (object?.status.phase !== 'Bound') return false
  const wanted = object.spec.resources.requests?.storage ?? '0'
  const had = previous?.status.phase === 'Bound' ? previous.spec.resources.requests?.storage : object.status.capacity?.storage
  return compareQuantities(wanted, object.status.capacity?.storage ?? '0') > 0 && compareQuantities(wanted, had ?? '0') > 0
}
