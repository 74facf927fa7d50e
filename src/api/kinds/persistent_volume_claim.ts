import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { classOfClaim, printAccessModes } from '../storage.ts'
import { persistentVolumeClaimSpec, persistentVolumeClaimStatus } from '../types/persistent_volume_claim.ts'
import { persistentVolumeClaimWarnings, validatePersistentVolumeClaim, validatePersistentVolumeClaimUpdate } from '../validation/persistent_volume_claim.ts'
import { ageColumn, nameColumn, textColumn, wideColumn } from './columns.ts'
import { declareKind, keepOtherPart, statusSubresource } from './declare.ts'

const schema = object(
  'io.k8s.api.core.v1.PersistentVolumeClaim',
  {
    ...objectFields,
    spec: present(persistentVolumeClaimSpec),
    status: present(persistentVolumeClaimStatus),
  },
  { doc: 'A wish for storage, which Pods of its namespace name to get it. It is bound to one PersistentVolume.' },
)

export interface PersistentVolumeClaim extends Infer<typeof schema> {}

export const PersistentVolumeClaim: Kind<PersistentVolumeClaim> = declareKind<PersistentVolumeClaim>({
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  namespaced: true,
  schema,
  subresources: [statusSubresource],
  setDefaults: matchDataSources,
  prepareForCreate: claim => {
    claim.status = { phase: 'Pending' }
  },
  prepareForUpdate: keepOtherPart,
  validate: validatePersistentVolumeClaim,
  validateUpdate: validatePersistentVolumeClaimUpdate,
  warnings: persistentVolumeClaimWarnings,
  columns: [
    nameColumn,
    textColumn('Status', 'Whether the claim has a volume.', ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : status.phase)),
    textColumn('Volume', 'The volume it has.', ({ spec }) => spec.volumeName ?? ''),
    textColumn('Capacity', 'How large that is.', claim => (claim.spec.volumeName ? (claim.status.capacity?.storage ?? '0') : '')),
    textColumn('Access Modes', 'How that can be used.', ({ spec, status }) => (spec.volumeName ? printAccessModes(status.accessModes) : '')),
    textColumn('StorageClass', 'The class it asks for.', claim => classOfClaim(claim) ?? ''),
    textColumn('VolumeAttributesClass', 'The class of attributes it asks for.', ({ spec }) => spec.volumeAttributesClassName ?? '<unset>'),
    ageColumn,
    wideColumn('VolumeMode', 'A file system, or a bare device.', ({ spec }) => spec.volumeMode),
  ],
})

/** The older field says the same as the newer one, unless the newer one says what the older cannot. */
function matchDataSources({ spec }: PersistentVolumeClaim): void {
  const { dataSource, dataSourceRef } = spec
  if (dataSource && !dataSourceRef) spec.dataSourceRef = { ...dataSource }
  if (dataSourceRef && !dataSource && dataSourceRef.namespace === undefined) spec.dataSource = { ...dataSourceRef }
}
