/** Everything that looks after volumes and claims, started together. */
import { Node } from '../../api/kinds/node.ts'
import { PersistentVolumeClaim } from '../../api/kinds/persistent_volume_claim.ts'
import { PersistentVolume } from '../../api/kinds/persistent_volume.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { StorageClass } from '../../api/kinds/storage_class.ts'
import { LOCAL_PATH_PROVISIONER } from '../../api/storage.ts'
import { claimsOf } from '../../api/volume_matching.ts'
import type { Host } from '../../base/host.ts'
import { indexBy } from '../../client/cache_index.ts'
import type { CacheOf } from '../../client/caches.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../client/event_recorder.ts'
import { createEventRecorder } from '../../client/events.ts'
import { startEphemeralVolumeController } from './ephemeral.ts'
import { startVolumeExpansionController } from './expansion.ts'
import { startLocalPathProvisioner } from './local_path.ts'
import { startPersistentVolumeController } from './persistent_volumes.ts'
import { startClaimProtectionController, startVolumeProtectionController } from './protection.ts'

/** The provisioner is somebody of its own: on other clusters it is a program that is installed. */
export interface Provisioner {
  readonly client: Client
  /** The kubelet's server of a node. Undefined: it is not running. */
  readonly kubeletOf: (nodeName: string) => Client | undefined
}

export interface StorageParts {
  readonly cacheOf: CacheOf
  readonly events: (component: string) => EventRecorder
  readonly localPath: Provisioner
}

export function startStorageControllers(host: Host, client: Client, { cacheOf, events, localPath }: StorageParts): { stop(): Promise<void> } {
  const pods = cacheOf(Pod)
  const claims = cacheOf(PersistentVolumeClaim)
  const volumes = cacheOf(PersistentVolume)
  const storageClasses = cacheOf(StorageClass)
  const podsByClaim = indexBy(pods, pod => claimsOf(pod).map(({ claim }) => `${pod.metadata.namespace}/${claim}`))
  const controllers = [
    startPersistentVolumeController(host, client, { volumes, claims, storageClasses, podsByClaim, events: events('persistentvolume-controller') }),
    startClaimProtectionController(host, client, { claims, pods, podsByClaim }),
    startVolumeProtectionController(host, client, { volumes }),
    startEphemeralVolumeController(host, client, { pods, claims, podsByClaim, events: events('ephemeral_volume') }),
    startVolumeExpansionController(host, client, { claims, volumes, events: events('volume_expand') }),
    startLocalPathProvisioner(host, localPath.client, {
      claims,
      volumes,
      storageClasses,
      nodes: cacheOf(Node),
      kubeletOf: localPath.kubeletOf,
      events: createEventRecorder(host, localPath.client, { component: LOCAL_PATH_PROVISIONER }),
    }),
  ]
  return {
    async stop() {
      await Promise.all(controllers.map(controller => controller.stop()))
      podsByClaim.stop()
    },
  }
}
