import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { atomicList, boolean, map, object, required, string, type Infer } from '../schema.ts'
import { isDefaultClass } from '../storage.ts'
import { validateStorageClass, validateStorageClassUpdate } from '../validation/storage_class.ts'
import { ageColumn, nameColumn, textColumn } from './columns.ts'
import { declareKind } from './declare.ts'

const topologySelectorTerm = object(
  'io.k8s.api.core.v1.TopologySelectorTerm',
  {
    matchLabelExpressions: atomicList(
      object('io.k8s.api.core.v1.TopologySelectorLabelRequirement', { key: required(string()), values: required(atomicList(string())) }),
    ),
  },
  { atomic: true },
)

const schema = object(
  'io.k8s.api.storage.v1.StorageClass',
  {
    ...objectFields,
    allowVolumeExpansion: boolean({ doc: 'Whether claims of the class may ask for more later.' }),
    allowedTopologies: atomicList(topologySelectorTerm, { doc: 'Where volumes of the class may be made; anywhere, if nothing is said.' }),
    mountOptions: atomicList(string(), { doc: 'Options its volumes are mounted with.' }),
    parameters: map(string(), { doc: 'What the provisioner is told.' }),
    provisioner: required(string({ doc: 'Who makes the volumes.' })),
    reclaimPolicy: string({ values: ['Delete', 'Recycle', 'Retain'], default: 'Delete', doc: 'What becomes of a volume when its claim is deleted.' }),
    volumeBindingMode: string({
      values: ['Immediate', 'WaitForFirstConsumer'],
      default: 'Immediate',
      doc: 'Whether a volume is made at once, or where the first Pod that uses it runs.',
    }),
  },
  { doc: 'A way of making volumes, with a name that claims can ask for.' },
)

export interface StorageClass extends Infer<typeof schema> {}

export const StorageClass: Kind<StorageClass> = declareKind<StorageClass>({
  group: 'storage.k8s.io',
  kind: 'StorageClass',
  plural: 'storageclasses',
  shortNames: ['sc'],
  namespaced: false,
  schema,
  validate: validateStorageClass,
  validateUpdate: validateStorageClassUpdate,
  columns: [
    { ...nameColumn, cell: storageClass => `${storageClass.metadata.name ?? ''}${isDefaultClass(storageClass as StorageClass) ? ' (default)' : ''}` },
    textColumn('Provisioner', 'Who makes the volumes.', ({ provisioner }) => provisioner),
    textColumn('ReclaimPolicy', 'What becomes of a volume when its claim is deleted.', ({ reclaimPolicy }) => reclaimPolicy),
    textColumn('VolumeBindingMode', 'When volumes are made.', ({ volumeBindingMode }) => volumeBindingMode),
    textColumn('AllowVolumeExpansion', 'Whether claims may ask for more later.', ({ allowVolumeExpansion }) => String(allowVolumeExpansion ?? false)),
    ageColumn,
  ],
})
