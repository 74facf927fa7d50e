/** What the provisioner of poise.dev/local-path does for a claim, and about a volume it has made. Decides and touches nothing. */
import type { Node } from '../../api/kinds/node.ts'
import type { PersistentVolumeClaim } from '../../api/kinds/persistent_volume_claim.ts'
import type { PersistentVolume } from '../../api/kinds/persistent_volume.ts'
import type { StorageClass } from '../../api/kinds/storage_class.ts'
import {
  BETA_STORAGE_PROVISIONER,
  LOCAL_PATH_PROVISIONER,
  PROVISIONED_BY,
  PROVISIONER_FINALIZER,
  SELECTED_NODE,
  STORAGE_PROVISIONER,
} from '../../api/storage.ts'
import { claimReference } from './plan_claim.ts'

export type ProvisionStep =
  | { readonly is: 'nothing' }
  | { readonly is: 'make'; readonly nodeName: string; readonly directory: string }
  /** The node the scheduler chose has gone: it must choose again. */
  | { readonly is: 'chooseAgain' }
  | { readonly is: 'refuse'; readonly why: string }

export function planProvision(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass | undefined,
  hasNode: (name: string) => boolean,
  hasVolume: (name: string) => boolean,
): ProvisionStep {
  const { metadata, spec } = claim
  const provisioner = metadata.annotations?.[STORAGE_PROVISIONER] ?? metadata.annotations?.[BETA_STORAGE_PROVISIONER]
  if (provisioner !== LOCAL_PATH_PROVISIONER || spec.volumeName || metadata.deletionTimestamp) return { is: 'nothing' }
  if (!storageClass || storageClass.provisioner !== LOCAL_PATH_PROVISIONER || hasVolume(volumeNameOf(claim))) return { is: 'nothing' }
  const why = refusal(claim, storageClass)
  if (why) return { is: 'refuse', why }
  const nodeName = metadata.annotations?.[SELECTED_NODE]
  if (!nodeName) return { is: 'nothing' }
  if (!hasNode(nodeName)) return { is: 'chooseAgain' }
  return { is: 'make', nodeName, directory: `${volumeNameOf(claim)}_${metadata.namespace}_${metadata.name}` }
}

const ACCESS_MODES = ['ReadWriteOnce', 'ReadWriteOncePod']

/** A directory of one node can do no more. */
function refusal({ spec }: PersistentVolumeClaim, { volumeBindingMode, parameters = {} }: StorageClass): string | undefined {
  const mode = spec.accessModes?.find(one => !ACCESS_MODES.includes(one))
  if (mode) return `only ReadWriteOnce and ReadWriteOncePod volumes are supported, not ${mode}: a volume is a directory of one node`
  if (spec.volumeMode === 'Block') return 'block volumes are not supported'
  if (spec.selector) return 'claim Selector is not supported'
  if (spec.dataSource ?? spec.dataSourceRef) return 'a data source is not supported'
  const [parameter] = Object.keys(parameters)
  if (parameter !== undefined) return `there is no parameter ${JSON.stringify(parameter)}`
  return volumeBindingMode === 'WaitForFirstConsumer'
    ? undefined
    : 'a volume is a directory of one node, and no node was selected: volumeBindingMode must be WaitForFirstConsumer'
}

export const volumeNameOf = ({ metadata }: PersistentVolumeClaim): string => `pvc-${metadata.uid}`

/** The volume for a claim, at a directory that is there. */
export const volumeFor = (claim: PersistentVolumeClaim, storageClass: StorageClass, node: Node, path: string) => ({
  metadata: {
    name: volumeNameOf(claim),
    annotations: { [PROVISIONED_BY]: LOCAL_PATH_PROVISIONER },
    finalizers: storageClass.reclaimPolicy === 'Delete' ? [PROVISIONER_FINALIZER] : [],
  },
  spec: {
    accessModes: claim.spec.accessModes,
    capacity: { storage: claim.spec.resources.requests?.storage ?? '0' },
    claimRef: claimReference(claim),
    local: { path },
    nodeAffinity: {
      required: { nodeSelectorTerms: [{ matchExpressions: [{ key: HOSTNAME, operator: 'In' as const, values: [hostnameOf(node)] }] }] },
    },
    persistentVolumeReclaimPolicy: storageClass.reclaimPolicy,
    storageClassName: storageClass.metadata.name!,
    volumeMode: claim.spec.volumeMode,
  },
})

const HOSTNAME = 'kubernetes.io/hostname'
const hostnameOf = ({ metadata }: Node): string => metadata.labels?.[HOSTNAME] ?? metadata.name!

export type ReclaimStep =
  | { readonly is: 'nothing' }
  /** `nodeName` undefined: the node has gone, and its disk with it. */
  | { readonly is: 'remove'; readonly path: string; readonly nodeName: string | undefined }
  /** Whether the data goes with the volume may be changed at any time. */
  | { readonly is: 'setFinalizers'; readonly finalizers: readonly string[] }

/** @param nodes the nodes there are */
export function planReclaim({ metadata, spec, status }: PersistentVolume, nodes: readonly Node[]): ReclaimStep {
  if (metadata.annotations?.[PROVISIONED_BY] !== LOCAL_PATH_PROVISIONER || !spec.local) return { is: 'nothing' }
  const { finalizers = [] } = metadata
  const isHeld = finalizers.includes(PROVISIONER_FINALIZER)
  if (spec.persistentVolumeReclaimPolicy !== 'Delete')
    return isHeld ? { is: 'setFinalizers', finalizers: finalizers.filter(one => one !== PROVISIONER_FINALIZER) } : { is: 'nothing' }
  if (status.phase === 'Released') {
    const hosts = spec.nodeAffinity?.required?.nodeSelectorTerms.flatMap(
      ({ matchExpressions }) => matchExpressions?.flatMap(({ values }) => values ?? []) ?? [],
    )
    return { is: 'remove', path: spec.local.path, nodeName: nodes.find(node => hosts?.includes(hostnameOf(node)))?.metadata.name }
  }
  if (isHeld || metadata.deletionTimestamp) return { is: 'nothing' }
  return { is: 'setFinalizers', finalizers: [...finalizers, PROVISIONER_FINALIZER] }
}
