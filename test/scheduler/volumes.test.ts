/** Pods with claims: which nodes will do, and who gets which volume, over a whole cluster in virtual time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PersistentVolume } from '../../src/api/kinds/persistent_volume.ts'
import { PersistentVolumeClaim } from '../../src/api/kinds/persistent_volume_claim.ts'
import { StorageClass } from '../../src/api/kinds/storage_class.ts'
import { isBound } from '../../src/api/storage.ts'
import { begin, HOSTNAME, ZONE, type Site } from './site.ts'

const HELPLESS = (n: number) => `no new claims to deallocate, preemption: 0/${n} nodes are available: ${n} Preemption is not helpful for scheduling.`
const using = (...claims: string[]) => ({ volumes: claims.map(claimName => ({ name: claimName, persistentVolumeClaim: { claimName } })) })

test('a Pod waits for a claim that is not there, and for one that nothing is bound to', async () => {
  const site = await begin({ seed: 1, nodes: 2 })
  assert.equal(await site.failToPlace('a', using('data')), `0/2 nodes are available: persistentvolumeclaim "data" not found. ${HELPLESS(2)}`)
  await claim(site, 'data', { storageClassName: '' })
  await site.until('a', ({ status }) => status.conditions?.[0]?.message?.includes('unbound') ?? false)
  assert.equal(
    (await site.get('a')).status.conditions?.[0]?.message,
    `0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. ${HELPLESS(2)}`,
  )
  await volume(site, 'disk', { storageClassName: '' })
  await site.until('a', ({ spec }) => spec.nodeName !== undefined)
  await site.cluster.stop()
})

test('a Pod goes where its volume is, and says so where it cannot', async () => {
  const site = await begin({ seed: 2, nodes: 3 })
  await volume(site, 'disk', { storageClassName: '', ...onNode('node-2') })
  await claim(site, 'data', { storageClassName: '' })
  assert.equal(await site.place('a', using('data')), 'node-2')
  assert.equal(
    await site.failToPlace('b', { ...using('data'), nodeSelector: { [HOSTNAME]: 'node-1' } }),
    "0/3 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity, 2 node(s) didn't match Pod's node affinity/selector. " + HELPLESS(3),
  )
  await site.cluster.stop()
})

test('where the class waits for its first consumer, the scheduler chooses the volume together with the node', async () => {
  const site = await begin({ seed: 3, nodes: 3 })
  await storageClass(site, 'local')
  await volume(site, 'large', { storageClassName: 'local', capacity: { storage: '10Gi' }, ...onNode('node-0') })
  await volume(site, 'small', { storageClassName: 'local', ...onNode('node-1') })
  await claim(site, 'big-data', { storageClassName: 'local', resources: { requests: { storage: '5Gi' } } })
  await claim(site, 'data', { storageClassName: 'local' })
  await site.advance(1_000)
  assert.equal(isBound(await claimNamed(site, 'data')), false, 'nobody has used it yet')
  assert.equal(await site.place('big', using('big-data')), 'node-0')
  assert.equal(await site.place('little', using('data')), 'node-1')
  const bound = await claimNamed(site, 'data')
  assert.deepEqual([isBound(bound), bound.spec.volumeName], [true, 'small'], 'before the Pod was')
  await claim(site, 'more', { storageClassName: 'local' })
  assert.equal(
    await site.failToPlace('late', using('more')),
    `0/3 nodes are available: 3 node(s) didn't find available persistent volumes to bind. ${HELPLESS(3)}`,
  )
  await volume(site, 'new', { storageClassName: 'local', ...onNode('node-2') })
  await site.until('late', ({ spec }) => spec.nodeName === 'node-2')
  await site.cluster.stop()
})

test('two Pods decided on at once are not given the same volume', async () => {
  const site = await begin({ seed: 4, nodes: 2 })
  await storageClass(site, 'local')
  for (const node of ['node-0', 'node-1']) await volume(site, `disk-${node}`, { storageClassName: 'local', ...onNode(node) })
  for (const name of ['a', 'b']) await claim(site, name, { storageClassName: 'local' })
  for (const name of ['a', 'b']) await site.create(name, using(name))
  for (const name of ['a', 'b']) await site.until(name, ({ spec }) => spec.nodeName !== undefined)
  assert.notEqual(await site.nodeOf('a'), await site.nodeOf('b'))
  await site.cluster.stop()
})

test('the provisioner is told the node, and the Pod is bound when its volume has been made', async () => {
  const site = await begin({ seed: 5, nodes: 2 })
  await storageClass(site, 'slow', { provisioner: 'example.com/slow' })
  await claim(site, 'data', { storageClassName: 'slow' })
  await site.create('a', { ...using('data'), nodeSelector: { [HOSTNAME]: 'node-1' } })
  await site.advance(30_000)
  assert.equal(await site.nodeOf('a'), undefined)
  const asked = await claimNamed(site, 'data')
  assert.equal(asked.metadata.annotations?.['volume.kubernetes.io/selected-node'], 'node-1')
  await volume(site, 'made', {
    storageClassName: 'slow',
    claimRef: { namespace: 'default', name: 'data', uid: asked.metadata.uid, kind: 'PersistentVolumeClaim', apiVersion: 'v1' },
  })
  await site.until('a', ({ spec }) => spec.nodeName === 'node-1')
  await site.cluster.stop()
})

test('a Pod whose volume cannot be made is told why, and tried again elsewhere', async () => {
  const site = await begin({ seed: 6, nodes: 2 })
  await storageClass(site, 'slow', { provisioner: 'example.com/slow' })
  await claim(site, 'data', { storageClassName: 'slow' })
  await site.create('a', using('data'))
  await site.advance(1_000)
  const { run, client } = site
  const annotations = { 'volume.kubernetes.io/selected-node': null }
  await run(client.patch(PersistentVolumeClaim, { namespace: 'default', name: 'data' }, { type: 'merge', body: { metadata: { annotations } } }))
  await site.advance(100)
  const [event] = await site.said('a', 'FailedScheduling')
  assert.equal(event?.message, 'running PreBind plugin "VolumeBinding": binding volumes: provisioning failed for PVC "data"')
  await site.advance(2_000)
  assert.ok((await claimNamed(site, 'data')).metadata.annotations?.['volume.kubernetes.io/selected-node'], 'it was tried again')
  await site.cluster.stop()
})

test('a claim for one Pod keeps the second one waiting until the first is gone', async () => {
  const site = await begin({ seed: 7, nodes: 2 })
  await volume(site, 'disk', { storageClassName: '', accessModes: ['ReadWriteOncePod'] })
  await claim(site, 'data', { storageClassName: '', accessModes: ['ReadWriteOncePod'] })
  await site.place('a', using('data'))
  assert.match(
    await site.failToPlace('b', using('data')),
    /^0\/2 nodes are available: 2 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode\. /,
  )
  await site.delete('a', 0)
  await site.until('b', ({ spec }) => spec.nodeName !== undefined)
  await site.cluster.stop()
})

test('a volume of another zone is out of reach where nodes have zones', async () => {
  const site = await begin({ seed: 8, nodes: 2 })
  await site.label('node-0', { [ZONE]: 'a' })
  await site.label('node-1', { [ZONE]: 'b' })
  await volume(site, 'disk', { storageClassName: '' }, { [ZONE]: 'b__c' })
  await claim(site, 'data', { storageClassName: '' })
  assert.equal(await site.place('a', using('data')), 'node-1')
  assert.match(await site.failToPlace('b', { ...using('data'), nodeSelector: { [ZONE]: 'a' } }), /1 node\(s\) had no available volume zone/)
  await site.cluster.stop()
})

const onNode = (name: string) => ({
  nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: HOSTNAME, operator: 'In', values: [name] }] }] } },
})

const storageClass = ({ run, client }: Site, name: string, more: object = {}) =>
  run(
    client.create(StorageClass, {
      metadata: { name },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
      ...more,
    } as never),
  )

const volume = ({ run, client }: Site, name: string, spec: object, labels: Record<string, string> = {}) =>
  run(
    client.create(PersistentVolume, {
      metadata: { name, labels },
      spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/tmp/data' }, ...spec },
    } as never),
  )

const claim = ({ run, client }: Site, name: string, spec: object) =>
  run(
    client.create(PersistentVolumeClaim, {
      metadata: { name, namespace: 'default' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
    } as never),
  )

const claimNamed = ({ run, client }: Site, name: string) => run(client.get(PersistentVolumeClaim, { namespace: 'default', name }))
