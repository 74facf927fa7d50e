/**
 * The provisioner of poise.dev/local-path: volumes that are directories of nodes.
 *
 *   claim asks, scheduler has selected a node ─▶ its kubelet makes the directory ─▶ PersistentVolume
 *   claim gone, volume Released, policy Delete ─▶ the kubelet removes it ─▶ PersistentVolume goes
 *
 * A controller cannot touch a disk, so it asks the kubelet of the node, and both questions may be asked again: a directory
 * has the name of its claim's uid. The object is made after the directory and goes after it, so that what a volume says is
 * there is there, and nothing is left that nobody knows of.
 */
import { Node } from '../../api/kinds/node.ts'
import { PersistentVolumeClaim } from '../../api/kinds/persistent_volume_claim.ts'
import { PersistentVolume } from '../../api/kinds/persistent_volume.ts'
import { StorageClass } from '../../api/kinds/storage_class.ts'
import { keyOf, keyText, type ObjectKey } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import { PROVISIONER_FINALIZER, SELECTED_NODE, classOfClaim } from '../../api/storage.ts'
import type { BackoffRange } from '../../base/backoff.ts'
import { withTimeout, type Millis } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Host } from '../../base/host.ts'
import type { Cache } from '../../client/cache.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches, type Outcome } from '../../client/controller.ts'
import type { EventRecorder } from '../../client/event_recorder.ts'
import { planProvision, planReclaim, volumeFor, volumeNameOf } from './plan_local_path.ts'

export interface LocalPathParts {
  readonly claims: Cache<PersistentVolumeClaim>
  readonly volumes: Cache<PersistentVolume>
  readonly storageClasses: Cache<StorageClass>
  readonly nodes: Cache<Node>
  readonly events: EventRecorder
  /** The kubelet's server of a node. Undefined: it is not running. */
  readonly kubeletOf: (nodeName: string) => Client | undefined
}

interface Begun {
  readonly nodeName: string
  readonly directory: string
  readonly volumeName: string
}

/** Those of the library that Kubernetes' own provisioners are built with. */
const RETRY: BackoffRange = { baseMs: 15_000, maxMs: 1_000_000 }
const KUBELET_TIMEOUT_MS: Millis = 30_000

export function startLocalPathProvisioner(host: Host, client: Client, parts: LocalPathParts) {
  const { claims, volumes, storageClasses, nodes, events, kubeletOf } = parts
  /** Directories that were asked for and have no volume yet, by the key of their claim. */
  const begun = new Map<string, Begun>()

  return startController(host, client, {
    name: 'local-path-provisioner',
    retry: RETRY,
    sources: [
      watches(PersistentVolumeClaim, claims),
      watches(PersistentVolume, volumes),
      // Nothing is looked at before the classes and nodes are known.
      watches(StorageClass, storageClasses, () => []),
      watches(Node, nodes, () => []),
    ],
    reconcile: async (key, api) => {
      try {
        return await (key.namespace ? lookAtClaim(key, api) : lookAtVolume(key, api))
      } catch (error) {
        // Somebody else has changed it, or taken it away; the cache will tell.
        if (isReason(error, 'Conflict') || isReason(error, 'NotFound')) return settled
        throw error
      }
    },
  })

  async function lookAtClaim(key: ObjectKey, api: Client): Promise<Outcome> {
    const claim = claims.get(key)
    await removeBegun(key, claim, api)
    if (!claim) return settled
    const storageClass = storageClasses.get({ namespace: '', name: classOfClaim(claim) ?? '' })
    const nodeNamed = (name: string) => nodes.get({ namespace: '', name })
    const step = planProvision(
      claim,
      storageClass,
      name => nodeNamed(name) !== undefined,
      name => volumes.get({ namespace: '', name }) !== undefined,
    )
    const failed = (why: string) =>
      events.warning(claim, 'ProvisioningFailed', `failed to provision volume with StorageClass "${storageClass?.metadata.name}": ${why}`)
    switch (step.is) {
      case 'nothing':
        return settled
      case 'refuse':
        failed(step.why)
        return settled
      case 'chooseAgain': {
        failed(`node "${claim.metadata.annotations?.[SELECTED_NODE]}" not found`)
        const { [SELECTED_NODE]: _, ...annotations } = claim.metadata.annotations ?? {}
        await api.update(PersistentVolumeClaim, { ...claim, metadata: { ...claim.metadata, annotations } })
        return settled
      }
      case 'make': {
        events.normal(claim, 'Provisioning', `External provisioner is provisioning volume for claim "${key.namespace}/${key.name}"`)
        begun.set(keyText(key), { nodeName: step.nodeName, directory: step.directory, volumeName: volumeNameOf(claim) })
        try {
          const path = await makeDirectory(step)
          const volume = await api.create(PersistentVolume, volumeFor(claim, storageClass!, nodeNamed(step.nodeName)!, path))
          begun.delete(keyText(key))
          events.normal(claim, 'ProvisioningSucceeded', `Successfully provisioned volume ${volume.metadata.name}`)
          return settled
        } catch (error) {
          // Made before, and the cache did not know.
          if (isReason(error, 'AlreadyExists')) {
            begun.delete(keyText(key))
            return settled
          }
          failed(messageOf(error))
          throw error
        }
      }
    }
  }

  /** The claim has gone, or another has its name, before the volume came to be: nobody else would remove the directory. */
  async function removeBegun(key: ObjectKey, claim: PersistentVolumeClaim | undefined, api: Client): Promise<void> {
    const left = begun.get(keyText(key))
    if (!left || (claim && volumeNameOf(claim) === left.volumeName && !claim.metadata.deletionTimestamp)) return
    if (nodes.get({ namespace: '', name: left.nodeName })) {
      const volume = await api.get(PersistentVolume, { namespace: '', name: left.volumeName }).catch(unlessNotFound)
      // It is there although nobody has heard so: then it goes as all do.
      if (!volume) await ask(left.nodeName, 'DELETE', '/localPath', { path: await makeDirectory(left) })
    }
    begun.delete(keyText(key))
  }

  /** Answers with its path. */
  async function makeDirectory({ nodeName, directory }: Pick<Begun, 'nodeName' | 'directory'>): Promise<string> {
    return ((await ask(nodeName, 'POST', `/localPath/${directory}`)) as { path: string }).path
  }

  async function lookAtVolume(key: ObjectKey, api: Client): Promise<Outcome> {
    const volume = volumes.get(key)
    if (!volume) return settled
    const step = planReclaim(volume, nodes.list())
    switch (step.is) {
      case 'nothing':
        return settled
      case 'setFinalizers':
        await setFinalizers(api, volume, step.finalizers)
        return settled
      case 'remove': {
        try {
          if (step.nodeName) await ask(step.nodeName, 'DELETE', '/localPath', { path: step.path })
        } catch (error) {
          events.warning(volume, 'VolumeFailedDelete', messageOf(error))
          throw error
        }
        const left = await api.delete(PersistentVolume, keyOf(volume), { uid: volume.metadata.uid })
        const { finalizers = [] } = left?.metadata ?? {}
        if (left && finalizers.includes(PROVISIONER_FINALIZER))
          await setFinalizers(
            api,
            left,
            finalizers.filter(one => one !== PROVISIONER_FINALIZER),
          )
        return settled
      }
    }
  }

  async function setFinalizers(api: Client, volume: PersistentVolume, finalizers: readonly string[]): Promise<void> {
    await api.update(PersistentVolume, { ...volume, metadata: { ...volume.metadata, finalizers: [...finalizers] } })
  }

  async function ask(nodeName: string, method: 'POST' | 'DELETE', path: string, query: Record<string, string> = {}): Promise<unknown> {
    const kubelet = kubeletOf(nodeName)
    if (!kubelet) throw new Error(`the kubelet of node "${nodeName}" cannot be reached`)
    return withTimeout(host.clock, KUBELET_TIMEOUT_MS, signal => kubelet.request({ method, path, query, signal }), undefined, 'a directory of a volume')
  }
}

function unlessNotFound(error: unknown): undefined {
  if (!isReason(error, 'NotFound')) throw error
}
