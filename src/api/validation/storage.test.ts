/** Rules of volumes, claims and classes. The words are those of Kubernetes 1.34. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PersistentVolume } from '../kinds/persistent_volume.ts'
import { PersistentVolumeClaim } from '../kinds/persistent_volume_claim.ts'
import { Pod } from '../kinds/pod.ts'
import { StorageClass } from '../kinds/storage_class.ts'
import { createErrors, createdOf, changeErrors, draftOf, updateErrors } from '../testing/draft.ts'

const claim = (spec: object = {}) => ({ spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec } })
const volume = (spec: object = {}) => ({ spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/data' }, ...spec } })
const storageClass = (fields: object = {}) => ({ provisioner: 'example.com/disk', ...fields })

test('what a claim must say', () => {
  const cases: [object, string[]][] = [
    [claim(), []],
    [claim({ storageClassName: '' }), []],
    [claim({ accessModes: [] }), ['spec.accessModes: Required value: at least 1 access mode is required']],
    [
      claim({ accessModes: ['Once'] }),
      ['spec.accessModes: Unsupported value: "Once": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"'],
    ],
    [claim({ accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'] }), ['spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes']],
    [claim({ resources: {} }), ['spec.resources[storage]: Required value']],
    [claim({ resources: { requests: { storage: '0' } } }), ['spec.resources[storage]: Invalid value: "0": must be greater than zero']],
    [claim({ volumeMode: 'Tape' }), ['spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"']],
    [
      claim({ dataSource: { kind: 'Snapshot', name: 'a' } }),
      twice(`Invalid value: "Snapshot": must be 'PersistentVolumeClaim' when referencing the default apiGroup`),
    ],
  ]
  for (const [object, errors] of cases) assert.deepEqual(createErrors(PersistentVolumeClaim, object), errors, JSON.stringify(object))
})

test('a claim does not change, but for its binding, the class it did not name, and its size once it is bound', () => {
  const immutable = 'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
  const larger = { resources: { requests: { storage: '2Gi' } } }
  assert.deepEqual(updateErrors(PersistentVolumeClaim, claim(), claim({ volumeName: 'a' })), [])
  assert.deepEqual(updateErrors(PersistentVolumeClaim, claim({ volumeName: 'a' }), claim({ volumeName: 'b' })), [immutable])
  assert.deepEqual(updateErrors(PersistentVolumeClaim, claim(), claim({ storageClassName: 'fast' })), [])
  assert.deepEqual(updateErrors(PersistentVolumeClaim, claim({ storageClassName: '' }), claim({ storageClassName: 'fast' })), [immutable])
  assert.deepEqual(updateErrors(PersistentVolumeClaim, claim(), claim(larger)), [immutable])

  const bound = createdOf(PersistentVolumeClaim, claim({ resources: { requests: { storage: '3Gi' } } }))
  bound.status = { phase: 'Bound', capacity: { storage: '2Gi' } }
  const resized = (storage: string) =>
    changeErrors(PersistentVolumeClaim, bound, draftOf(PersistentVolumeClaim, claim({ resources: { requests: { storage } } })), '')
  assert.deepEqual(resized('9Gi'), [])
  assert.deepEqual(resized('2500Mi'), [])
  assert.deepEqual(resized('2Gi'), ['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity'])
})

test('what a volume must say', () => {
  const local = { hostPath: undefined, local: { path: '/disk' } }
  const nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['a'] }] }] } }
  const cases: [object, string[]][] = [
    [volume(), []],
    [volume({ ...local, nodeAffinity }), []],
    [volume({ accessModes: [], capacity: {} }), ['spec.accessModes: Required value', 'spec.capacity: Required value']],
    [volume({ capacity: { cpu: '1' } }), ['spec.capacity: Unsupported value: {"cpu":"1"}: supported values: "storage"']],
    [volume({ capacity: { storage: '-1' } }), ['spec.capacity[storage]: Invalid value: "-1": must be greater than zero']],
    [volume({ hostPath: undefined }), ['spec: Required value: must specify a volume type']],
    [volume({ nfs: { path: '/', server: 's' } }), ['spec.nfs: Forbidden: may not specify more than 1 volume type']],
    [volume({ hostPath: { path: '/a/../b' } }), [`spec.hostPath.path: Invalid value: "/a/../b": must not contain '..'`]],
    [volume(local), ['spec.nodeAffinity: Required value: Local volume requires node affinity']],
    [volume({ ...local, nodeAffinity: {} }), ['spec.nodeAffinity.required: Required value: must specify required node constraints']],
    [
      volume({ persistentVolumeReclaimPolicy: 'Keep' }),
      ['spec.persistentVolumeReclaimPolicy: Unsupported value: "Keep": supported values: "Delete", "Recycle", "Retain"'],
    ],
    [
      volume({ persistentVolumeReclaimPolicy: 'Recycle', hostPath: { path: '/' } }),
      [`spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath volume with the path '/'`],
    ],
  ]
  for (const [object, errors] of cases) assert.deepEqual(createErrors(PersistentVolume, object), errors, JSON.stringify(object))
})

test('a volume keeps its source and mode', () => {
  assert.deepEqual(updateErrors(PersistentVolume, volume(), volume({ claimRef: { namespace: 'a', name: 'b' }, capacity: { storage: '2Gi' } })), [])
  assert.deepEqual(updateErrors(PersistentVolume, volume(), volume({ hostPath: { path: '/other' } })), [
    'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation',
  ])
  assert.deepEqual(updateErrors(PersistentVolume, volume(), volume({ volumeMode: 'Block' })), ['volumeMode: Invalid value: "Block": field is immutable'])
})

test('what a class must say, and that it does not change', () => {
  assert.deepEqual(createErrors(StorageClass, storageClass()), [])
  assert.deepEqual(createErrors(StorageClass, { provisioner: '' }), ['provisioner: Required value'])
  assert.deepEqual(createErrors(StorageClass, storageClass({ reclaimPolicy: 'Recycle' })), [
    'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
  ])
  assert.deepEqual(createErrors(StorageClass, storageClass({ volumeBindingMode: 'Later' })), [
    'volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"',
  ])
  const changed = storageClass({ provisioner: 'other', parameters: { a: 'b' }, reclaimPolicy: 'Retain', volumeBindingMode: 'WaitForFirstConsumer' })
  assert.deepEqual(updateErrors(StorageClass, storageClass(), changed), [
    'parameters: Forbidden: updates to parameters are forbidden.',
    'provisioner: Forbidden: updates to provisioner are forbidden.',
    'reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.',
    'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
  ])
  assert.deepEqual(updateErrors(StorageClass, storageClass(), storageClass({ allowVolumeExpansion: true })), [])
})

test('a claim template of a Pod is checked as a claim is', () => {
  const pod = (volumeClaimTemplate: object) => ({
    spec: { containers: [{ name: 'a', image: 'b', terminationMessagePolicy: 'File' }], volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate } }] },
  })
  assert.deepEqual(createErrors(Pod, pod(claim())), [])
  assert.deepEqual(createErrors(Pod, pod({ metadata: { name: 'mine' }, ...claim({ accessModes: [] }) })), [
    'spec.volumes[0].ephemeral.volumeClaimTemplate.metadata: Forbidden: field not allowed in PVC template',
    'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes: Required value: at least 1 access mode is required',
  ])
})

test('tables show what people look for', () => {
  const cells = <T extends { metadata: object }>(kind: { columns: readonly { cell(object: T, nowMs: number): unknown; name: string }[] }, object: T) =>
    kind.columns.filter(({ name }) => name !== 'Age').map(({ cell }) => cell(object, 0))
  const pvc = createdOf(PersistentVolumeClaim, claim({ storageClassName: 'standard' }))
  assert.deepEqual(cells(PersistentVolumeClaim, pvc), ['x', 'Pending', '', '', '', 'standard', '<unset>', 'Filesystem'])
  pvc.spec.volumeName = 'pv-1'
  pvc.status = { phase: 'Bound', capacity: { storage: '2Gi' }, accessModes: ['ReadWriteMany', 'ReadWriteOnce'] }
  assert.deepEqual(cells(PersistentVolumeClaim, pvc), ['x', 'Bound', 'pv-1', '2Gi', 'RWO,RWX', 'standard', '<unset>', 'Filesystem'])
  const pv = createdOf(PersistentVolume, volume({ claimRef: { namespace: 'a', name: 'b' } }))
  assert.deepEqual(cells(PersistentVolume, pv), ['x', '1Gi', 'RWO', 'Retain', 'Pending', 'a/b', '', '<unset>', '', 'Filesystem'])
  const standard = createdOf(StorageClass, storageClass({ metadata: { name: 's', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } }))
  assert.deepEqual(cells(StorageClass, standard), ['s (default)', 'example.com/disk', 'Delete', 'Immediate', 'false'])
})

/** The older and the newer field say the same. */
const twice = (error: string): string[] => [`spec.dataSource: ${error}`, `spec.dataSourceRef: ${error}`]
