/** Makes the claims of ephemeral volumes. They belong to their Pod, and go with it. */
import { PersistentVolumeClaim } from '../../api/kinds/persistent_volume_claim.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { keyText } from '../../api/meta.ts'
import { isActive } from '../../api/pod.ts'
import type { Volume } from '../../api/types/volume.ts'
import { ephemeralClaimName, notMadeFor } from '../../api/volume_matching.ts'
import type { Host } from '../../base/host.ts'
import type { Cache } from '../../client/cache.ts'
import type { CacheIndex } from '../../client/cache_index.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches } from '../../client/controller.ts'
import type { EventRecorder } from '../../client/event_recorder.ts'
import { unlessSettled } from '../namespace_contents.ts'
import { controllerReference } from '../workload/claim.ts'

export interface EphemeralVolumeParts {
  readonly pods: Cache<Pod>
  readonly claims: Cache<PersistentVolumeClaim>
  /** By the claims they name, as `namespace/name`. */
  readonly podsByClaim: CacheIndex<Pod>
  readonly events: EventRecorder
}

export function startEphemeralVolumeController(host: Host, client: Client, { pods, claims, podsByClaim, events }: EphemeralVolumeParts) {
  return startController(host, client, {
    name: 'ephemeral-volume-controller',
    sources: [
      watches(Pod, pods, ({ key, object, previous }) => (object && !previous && object.spec.volumes?.some(({ ephemeral }) => ephemeral) ? [key] : [])),
      // One that stands in the way may have gone.
      watches(PersistentVolumeClaim, claims, ({ key, object }) =>
        object ? [] : podsByClaim.find(keyText(key)).map(({ metadata }) => ({ namespace: metadata.namespace!, name: metadata.name! })),
      ),
    ],
    async reconcile(key, api) {
      const pod = pods.get(key)
      if (!pod || !isActive(pod)) return settled
      for (const volume of pod.spec.volumes ?? []) if (volume.ephemeral) await ensureClaim(api, pod, volume)
      return settled
    },
  })

  async function ensureClaim(api: Client, pod: Pod, volume: Volume): Promise<void> {
    const { namespace = '' } = pod.metadata
    const name = ephemeralClaimName(pod, volume)
    const template = volume.ephemeral?.volumeClaimTemplate
    const found = claims.get({ namespace, name })
    const stranger = found && notMadeFor(pod, found)
    if (stranger) {
      events.warning(pod, 'FailedBinding', `ephemeral volume ${volume.name}: ${stranger}`)
      throw new Error(stranger)
    }
    if (found || !template) return
    const { labels, annotations } = template.metadata ?? {}
    try {
      await api.create(PersistentVolumeClaim, {
        metadata: { name, namespace, labels, annotations, ownerReferences: [controllerReference(Pod, pod)] },
        spec: template.spec,
      })
    } catch (error) {
      events.warning(pod, 'FailedBinding', `ephemeral volume ${volume.name}: ${error instanceof Error ? error.message : String(error)}`)
      unlessSettled(error)
    }
  }
}
