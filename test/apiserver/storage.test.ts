/** PersistentVolumes, claims and classes in the API: the conformance tests of sig-storage about them, and admission. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startServer } from './harness.ts'

const VOLUMES = '/api/v1/persistentvolumes'
const CLAIMS = '/api/v1/namespaces/default/persistentvolumeclaims'
const CLASSES = '/apis/storage.k8s.io/v1/storageclasses'

const claimNamed = (name: string, spec: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
})
const volumeNamed = (name: string, spec: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/data' }, storageClassName: 'manual', ...spec },
})

describe('conformance: PersistentVolumes', () => {
  test('CSI Conformance should run through the lifecycle of a PV and a PVC', async () => {
    const server = await startServer()
    const labels = { e2e: 'lifecycle' }
    const volume = await server.post(VOLUMES, volumeNamed('pv-1', {}, { labels }))
    assert.equal(volume.status, 201, volume.text)
    assert.equal(volume.json.status.phase, 'Pending')
    const claim = await server.post(CLAIMS, claimNamed('pvc-1', { storageClassName: 'manual' }, { labels }))
    assert.equal(claim.status, 201, claim.text)

    assert.deepEqual(names(await server.get(`${VOLUMES}?labelSelector=e2e%3Dlifecycle`)), ['pv-1'])
    assert.deepEqual(names(await server.get(`${CLAIMS}?labelSelector=e2e%3Dlifecycle`)), ['pvc-1'])
    assert.deepEqual(names(await server.get('/api/v1/persistentvolumeclaims?labelSelector=e2e%3Dlifecycle')), ['pvc-1'])

    for (const path of [`${VOLUMES}/pv-1`, `${CLAIMS}/pvc-1`]) {
      const patched = await server.patch(path, 'merge', { metadata: { labels: { patched: 'yes' } } })
      assert.deepEqual(patched.json.metadata.labels, { ...labels, patched: 'yes' })
      const { json } = await server.get(path)
      json.metadata.labels.updated = 'yes'
      assert.equal((await server.put(path, json)).json.metadata.labels.updated, 'yes')
    }

    // Nothing uses them here, and nobody but the protection controllers takes the finalizers off.
    for (const path of [`${CLAIMS}/pvc-1`, `${VOLUMES}/pv-1`]) {
      assert.ok((await server.delete(path)).json.metadata.deletionTimestamp)
      assert.equal((await server.patch(path, 'merge', { metadata: { finalizers: null } })).status, 200)
      assert.equal((await server.get(path)).status, 404)
    }

    for (const [path, object] of [
      [CLAIMS, claimNamed('pvc-2', { storageClassName: 'manual' }, { labels: { e2e: 'second' } })],
      [VOLUMES, volumeNamed('pv-2', {}, { labels: { e2e: 'second' } })],
    ] as const) {
      assert.equal((await server.post(path, object)).status, 201)
      assert.equal((await server.delete(`${path}?labelSelector=e2e%3Dsecond`)).status, 200)
      const [left] = (await server.get(`${path}?labelSelector=e2e%3Dsecond`)).json.items
      assert.ok(left.metadata.deletionTimestamp)
      await server.patch(`${path}/${left.metadata.name}`, 'json', [{ op: 'remove', path: '/metadata/finalizers' }])
      assert.deepEqual(names(await server.get(`${path}?labelSelector=e2e%3Dsecond`)), [])
    }
  })

  test('CSI Conformance should apply changes to a pv/pvc status', async () => {
    const server = await startServer()
    await server.post(VOLUMES, volumeNamed('pv-1'))
    await server.post(CLAIMS, claimNamed('pvc-1'))
    const pv = `${VOLUMES}/pv-1/status`
    const pvc = `${CLAIMS}/pvc-1/status`
    assert.equal((await server.get(pv)).json.status.phase, 'Pending')
    assert.equal((await server.get(pvc)).json.status.phase, 'Pending')

    const condition = { type: 'StatusPatched', status: 'True', reason: 'Tested', message: 'patched' }
    assert.deepEqual((await server.patch(pvc, 'strategic', { status: { conditions: [condition] } })).json.status.conditions, [condition])
    assert.equal((await server.patch(pv, 'merge', { status: { message: 'StatusPatched', reason: 'Tested' } })).json.status.message, 'StatusPatched')

    const claim = (await server.get(pvc)).json
    claim.status.conditions = [...claim.status.conditions, { type: 'StatusUpdated', status: 'True' }]
    claim.spec.volumeName = 'not written here'
    const updated = await server.put(pvc, claim)
    assert.deepEqual(
      updated.json.status.conditions.map(({ type }: { type: string }) => type),
      ['StatusPatched', 'StatusUpdated'],
    )
    assert.equal(updated.json.spec.volumeName, undefined)
    const volume = (await server.get(pv)).json
    volume.status.message = 'StatusUpdated'
    assert.equal((await server.put(pv, volume)).json.status.message, 'StatusUpdated')
    assert.equal((await server.patch(`${VOLUMES}/pv-1`, 'merge', { status: { message: 'not written here' } })).json.status.message, 'StatusUpdated')
  })
})

describe('conformance: StorageClass', () => {
  test('StorageClasses CSI Conformance should run through the lifecycle of a StorageClass', async () => {
    const server = await startServer()
    const labels = { e2e: 'class' }
    const create = (name: string) => server.post(CLASSES, { metadata: { name, labels }, provisioner: 'example.com/disk' })
    const created = await create('fast')
    assert.equal(created.status, 201, created.text)
    assert.deepEqual([created.json.reclaimPolicy, created.json.volumeBindingMode], ['Delete', 'Immediate'])
    assert.equal((await server.get(`${CLASSES}/fast`)).json.provisioner, 'example.com/disk')
    assert.equal((await server.patch(`${CLASSES}/fast`, 'merge', { metadata: { labels: { fast: 'patched' } } })).json.metadata.labels.fast, 'patched')
    assert.equal((await server.delete(`${CLASSES}/fast`)).status, 200)
    assert.equal((await server.get(`${CLASSES}/fast`)).status, 404)

    await create('again')
    const { json } = await server.get(`${CLASSES}/again`)
    json.metadata.labels.updated = 'yes'
    assert.equal((await server.put(`${CLASSES}/again`, json)).json.metadata.labels.updated, 'yes')
    assert.deepEqual(names(await server.get(`${CLASSES}?labelSelector=updated%3Dyes`)), ['again'])
    assert.equal((await server.delete(`${CLASSES}?labelSelector=e2e%3Dclass`)).status, 200)
    assert.deepEqual(names(await server.get(`${CLASSES}?labelSelector=e2e%3Dclass`)), [])
  })
})

describe('admission of storage', () => {
  test('a claim that names no class gets the default one; one that asks for none gets none', async () => {
    const server = await startServer()
    assert.equal((await server.post(CLAIMS, claimNamed('a'))).json.spec.storageClassName, 'standard')
    assert.equal((await server.post(CLAIMS, claimNamed('b', { storageClassName: '' }))).json.spec.storageClassName, '')
    const old = { annotations: { 'volume.beta.kubernetes.io/storage-class': 'old' } }
    assert.equal((await server.post(CLAIMS, claimNamed('c', {}, old))).json.spec.storageClassName, undefined)

    server.clock.advance(1000)
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }
    await server.post(CLASSES, { metadata: { name: 'newer', annotations }, provisioner: 'example.com/disk' })
    assert.equal((await server.post(CLAIMS, claimNamed('d'))).json.spec.storageClassName, 'newer')

    await server.delete(CLASSES)
    assert.equal((await server.post(CLAIMS, claimNamed('e'))).json.spec.storageClassName, undefined)
  })

  test('volumes and claims are protected from the start', async () => {
    const server = await startServer()
    assert.deepEqual((await server.post(CLAIMS, claimNamed('a'))).json.metadata.finalizers, ['kubernetes.io/pvc-protection'])
    assert.deepEqual((await server.post(VOLUMES, volumeNamed('a', {}, { finalizers: ['example.com/mine'] }))).json.metadata.finalizers, [
      'example.com/mine',
      'kubernetes.io/pv-protection',
    ])
  })

  test('a claim grows only where its class lets it, and volumes of the standard class do not', async () => {
    const server = await startServer()
    const grown = { spec: { resources: { requests: { storage: '2Gi' } } } }
    await server.post(CLASSES, { metadata: { name: 'elastic' }, provisioner: 'example.com/disk', allowVolumeExpansion: true })
    for (const [name, storageClassName] of [
      ['fixed', 'standard'],
      ['grows', 'elastic'],
      ['none', ''],
    ] as const) {
      await server.post(CLAIMS, claimNamed(name, { storageClassName, volumeName: `pv-${name}` }))
      await server.patch(`${CLAIMS}/${name}/status`, 'merge', { status: { phase: 'Bound', capacity: { storage: '1Gi' } } })
    }
    const refused = await server.patch(`${CLAIMS}/fixed`, 'merge', grown)
    assert.equal(refused.status, 403)
    assert.equal(
      refused.json.message,
      'persistentvolumeclaims "fixed" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    )
    assert.equal((await server.patch(`${CLAIMS}/none`, 'merge', grown)).status, 403)
    assert.equal((await server.patch(`${CLAIMS}/grows`, 'merge', grown)).json.spec.resources.requests.storage, '2Gi')
  })

  test('a volume that asks to be recycled is taken with a warning', async () => {
    const server = await startServer()
    const answer = await server.post(VOLUMES, volumeNamed('a', { persistentVolumeReclaimPolicy: 'Recycle' }))
    assert.equal(answer.status, 201)
    assert.match(String(answer.headers['warning']), /The Recycle reclaim policy is deprecated.*Poise does not recycle/)
  })
})

const names = ({ json }: { json: any }): string[] => json.items.map(({ metadata }: any) => metadata.name)
