import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { classOfVolume, printAccessModes } from '../storage.ts'
import { persistentVolumeSpec, persistentVolumeStatus } from '../types/persistent_volume.ts'
import { persistentVolumeWarnings, validatePersistentVolume, validatePersistentVolumeUpdate } from '../validation/persistent_volume.ts'
import { ageColumn, nameColumn, textColumn, wideColumn } from './columns.ts'
import { declareKind, keepOtherPart, statusSubresource } from './declare.ts'

const schema = object(
  'io.k8s.api.core.v1.PersistentVolume',
  {
    ...objectFields,
    spec: present(persistentVolumeSpec),
    status: present(persistentVolumeStatus),
  },
  { doc: 'A piece of storage of the cluster, with a life of its own: Pods come and go, the data stays.' },
)

export interface PersistentVolume extends Infer<typeof schema> {}

export const PersistentVolume: Kind<PersistentVolume> = declareKind<PersistentVolume>({
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  shortNames: ['pv'],
  namespaced: false,
  schema,
  subresources: [statusSubresource],
  prepareForCreate: volume => {
    volume.status = { phase: 'Pending', lastPhaseTransitionTime: volume.metadata.creationTimestamp! }
  },
  prepareForUpdate: keepOtherPart,
  validate: validatePersistentVolume,
  validateUpdate: validatePersistentVolumeUpdate,
  warnings: persistentVolumeWarnings,
  columns: [
    nameColumn,
    textColumn('Capacity', 'How large it is.', ({ spec }) => spec.capacity?.storage ?? '0'),
    textColumn('Access Modes', 'How it can be used.', ({ spec }) => printAccessModes(spec.accessModes)),
    textColumn('Reclaim Policy', 'What becomes of it when its claim is deleted.', ({ spec }) => spec.persistentVolumeReclaimPolicy),
    textColumn('Status', 'Whether a claim has it, or had it.', ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : status.phase)),
    textColumn('Claim', 'The claim that has it.', ({ spec: { claimRef } }) => (claimRef ? `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}` : '')),
    textColumn('StorageClass', 'The class it belongs to.', classOfVolume),
    textColumn('VolumeAttributesClass', 'The class of its attributes.', ({ spec }) => spec.volumeAttributesClassName ?? '<unset>'),
    textColumn('Reason', 'Why it is in this phase.', ({ status }) => status.reason ?? ''),
    ageColumn,
    wideColumn('VolumeMode', 'A file system, or a bare device.', ({ spec }) => spec.volumeMode),
  ],
})
