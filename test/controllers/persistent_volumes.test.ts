/** Claims and volumes over a whole cluster in virtual time: what binds, what waits, and what becomes of the data. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Event } from '../../src/api/kinds/event.ts'
import { Node } from '../../src/api/kinds/node.ts'
import { PersistentVolumeClaim } from '../../src/api/kinds/persistent_volume_claim.ts'
import { PersistentVolume } from '../../src/api/kinds/persistent_volume.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { StorageClass } from '../../src/api/kinds/storage_class.ts'
import type { Kind } from '../../src/api/kind.ts'
import type { KubernetesObject } from '../../src/api/meta.ts'
import { isReason } from '../../src/api/status.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'

const namespace = 'default'
const SELECTED_NODE = 'volume.kubernetes.io/selected-node'

async function begin(seed: string, nodes = 1) {
  const cluster = await startVirtualCluster({ seed, nodes })
  const { client, run } = cluster
  const find = async <T extends KubernetesObject>(kind: Kind<T>, name: string): Promise<T | undefined> => {
    try {
      return await run(client.get(kind, { namespace: kind.namespaced ? namespace : '', name }))
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined
      throw error
    }
  }
  return {
    cluster,
    claim: async (name: string, spec: object = {}, metadata: object = {}) =>
      run(
        client.create(PersistentVolumeClaim, {
          metadata: { name, namespace, ...metadata },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: '', ...spec },
        } as never),
      ),
    volume: async (name: string, spec: object = {}, metadata: object = {}) =>
      run(
        client.create(PersistentVolume, {
          metadata: { name, ...metadata },
          spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/data' }, ...spec },
        } as never),
      ),
    storageClass: async (name: string, fields: object = {}) =>
      run(client.create(StorageClass, { metadata: { name }, provisioner: 'example.com/disk', ...fields } as never)),
    pod: async (name: string, volume: object, spec: object = {}) =>
      run(
        client.create(Pod, {
          metadata: { name, namespace },
          spec: {
            volumes: [{ name: 'data', ...volume }],
            containers: [{ name: 'main', image: 'busybox:1.37', command: ['sh', '-c', 'sleep 3600'], volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
            terminationGracePeriodSeconds: 1,
            ...spec,
          },
        } as never),
      ),
    select: (name: string, node: string) =>
      run(client.patch(PersistentVolumeClaim, { namespace, name }, { type: 'merge', body: { metadata: { annotations: { [SELECTED_NODE]: node } } } })),
    change: <T extends KubernetesObject>(kind: Kind<T>, name: string, body: object) =>
      run(client.patch(kind, { namespace: kind.namespaced ? namespace : '', name }, { type: 'merge', body })),
    remove: <T extends KubernetesObject>(kind: Kind<T>, name: string) => run(client.delete(kind, { namespace: kind.namespaced ? namespace : '', name })),
    find,
    /** Soon: no rule of this story has a timer that is shorter. */
    settle: () => cluster.advance(1000),
    /** `Bound pv-1`, or `gone`. */
    async claimIs(name: string) {
      const found = await find(PersistentVolumeClaim, name)
      return found ? `${found.status.phase} ${found.spec.volumeName ?? '–'}` : 'gone'
    },
    async volumeIs(name: string) {
      const found = await find(PersistentVolume, name)
      return found ? `${found.status.phase} ${found.spec.claimRef?.name ?? '–'}` : 'gone'
    },
    async said(name: string) {
      const { items } = await run(client.list(Event, { namespace }))
      return items
        .filter(({ involvedObject }) => involvedObject.name === name)
        .map(({ type, reason, message, count = 1 }) => `${type} ${reason} ${message}${count > 1 ? ` (x${count})` : ''}`)
    },
    directories: (node = 'node-0') =>
      run(
        cluster.nodes
          .get(node)!
          .disk.list('/var/lib/kubelet/local-path')
          .catch(() => [] as string[]),
      ),
  }
}

/** However often it was said, unless the line says how often. */
const has = (lines: readonly string[], line: string) =>
  assert.ok(
    lines.some(one => one === line || one.replace(/ \(x\d+\)$/, '') === line),
    `${line}\n\nnot in\n\n${lines.join('\n')}`,
  )

test('a claim gets the smallest volume that will do, and both say so', async () => {
  const story = await begin('bind')
  await using _ = story.cluster
  await story.volume('large', { capacity: { storage: '9Gi' } })
  await story.volume('fit', { capacity: { storage: '2Gi' } })
  await story.settle()
  assert.equal(await story.volumeIs('fit'), 'Available –')
  await story.claim('data')
  await story.settle()

  const claim = (await story.find(PersistentVolumeClaim, 'data'))!
  assert.deepEqual(claim.status, { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '2Gi' } })
  assert.equal(claim.spec.volumeName, 'fit')
  assert.deepEqual(claim.metadata.annotations, { 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' })
  const volume = (await story.find(PersistentVolume, 'fit'))!
  assert.equal(volume.status.phase, 'Bound')
  assert.equal(volume.spec.claimRef?.uid, claim.metadata.uid)
  assert.deepEqual(volume.metadata.annotations, { 'pv.kubernetes.io/bound-by-controller': 'yes' })
  assert.equal(await story.volumeIs('large'), 'Available –')
})

test('many claims and volumes made at once are bound one to one', async () => {
  const story = await begin('many')
  await using _ = story.cluster
  const names = Array.from({ length: 20 }, (_, index) => `n${index}`)
  for (const name of names) await story.claim(name)
  for (const name of names) await story.volume(`pv-${name}`)
  await story.settle()
  const volumes: string[] = []
  for (const name of names) volumes.push(await story.claimIs(name))
  assert.deepEqual(
    volumes.map(text => text.split(' ')[0]),
    names.map(() => 'Bound'),
  )
  assert.equal(new Set(volumes).size, names.length)
})

test('a claim without a class waits for a volume, says so every 15 seconds, and is bound when one comes', async () => {
  const story = await begin('wait')
  await using _ = story.cluster
  await story.claim('data')
  await story.cluster.advance(14_900)
  has(await story.said('data'), 'Normal FailedBinding no persistent volumes available for this claim and no storage class is set')
  await story.cluster.advance(200)
  has(await story.said('data'), 'Normal FailedBinding no persistent volumes available for this claim and no storage class is set (x2)')
  assert.equal(await story.claimIs('data'), 'Pending –')
  await story.volume('late')
  await story.settle()
  assert.equal(await story.claimIs('data'), 'Bound late')
})

test('a user reserves a volume for a claim, and names a volume in a claim', async () => {
  const story = await begin('reserve')
  await using _ = story.cluster
  await story.volume('reserved', { claimRef: { namespace, name: 'mine' }, capacity: { storage: '5Gi' } })
  await story.volume('free')
  await story.settle()
  assert.equal(await story.volumeIs('reserved'), 'Available mine')
  await story.claim('mine')
  await story.claim('picky', { volumeName: 'free' })
  await story.settle()
  assert.equal(await story.claimIs('mine'), 'Bound reserved')
  assert.equal(await story.claimIs('picky'), 'Bound free')
  assert.equal((await story.find(PersistentVolumeClaim, 'picky'))!.metadata.annotations?.['pv.kubernetes.io/bound-by-controller'], undefined)

  await story.claim('too late', { volumeName: 'free' }, { name: 'too-late' })
  await story.claim('too-much', { volumeName: 'small', resources: { requests: { storage: '3Gi' } } })
  await story.volume('small')
  await story.settle()
  has(await story.said('too-late'), 'Warning FailedBinding volume "free" already bound to a different claim.')
  has(await story.said('too-much'), 'Warning VolumeMismatch Cannot bind to requested volume "small": requested PV is too small')
  assert.equal(await story.claimIs('too-much'), 'Pending small')
})

test('when the claim goes: a kept volume is Released, and free again once its reference is removed; one that cannot be dealt with is Failed', async () => {
  const story = await begin('reclaim')
  await using _ = story.cluster
  const policies = { keep: 'Retain', drop: 'Delete', wipe: 'Recycle' }
  for (const [name, persistentVolumeReclaimPolicy] of Object.entries(policies)) {
    await story.volume(name, { persistentVolumeReclaimPolicy, claimRef: { namespace, name } })
    await story.claim(name)
  }
  await story.settle()
  for (const name of Object.keys(policies)) await story.remove(PersistentVolumeClaim, name)
  await story.settle()
  assert.equal(await story.claimIs('keep'), 'gone')
  assert.equal(await story.volumeIs('keep'), 'Released keep')
  assert.equal(await story.volumeIs('drop'), 'Failed drop')
  assert.equal(await story.volumeIs('wipe'), 'Failed wipe')
  const message = 'error getting deleter volume plugin for volume "drop": no deletable volume plugin matched'
  assert.equal((await story.find(PersistentVolume, 'drop'))!.status.message, message)
  has(await story.said('drop'), `Warning VolumeFailedDelete ${message}`)
  has(await story.said('wipe'), 'Warning VolumeFailedRecycle No recycler plugin found for the volume!')

  // A new claim of the name is another claim.
  await story.claim('keep')
  await story.settle()
  assert.equal(await story.claimIs('keep'), 'Pending –')
  await story.change(PersistentVolume, 'keep', { spec: { claimRef: null } })
  await story.settle()
  assert.equal(await story.claimIs('keep'), 'Bound keep')
})

test('a claim whose volume is removed from under it is Lost', async () => {
  const story = await begin('lost')
  await using _ = story.cluster
  await story.volume('pv')
  await story.claim('data')
  await story.settle()
  await story.change(PersistentVolume, 'pv', { metadata: { finalizers: null } })
  await story.remove(PersistentVolume, 'pv')
  // The protection comes back within moments; a user must be quick, or do it twice.
  await story.change(PersistentVolume, 'pv', { metadata: { finalizers: null } }).catch(() => undefined)
  await story.settle()
  assert.equal(await story.volumeIs('pv'), 'gone')
  assert.equal(await story.claimIs('data'), 'Lost pv')
  has(await story.said('data'), 'Warning ClaimLost Bound claim has lost its PersistentVolume. Data on the volume is lost!')
})

test('a volume that is bound stays until its claim has gone', async () => {
  const story = await begin('protect')
  await using _ = story.cluster
  await story.volume('pv')
  await story.claim('data')
  await story.settle()
  await story.remove(PersistentVolume, 'pv')
  await story.settle()
  assert.ok((await story.find(PersistentVolume, 'pv'))!.metadata.deletionTimestamp)
  assert.equal(await story.volumeIs('pv'), 'Bound data')
  await story.remove(PersistentVolumeClaim, 'data')
  await story.settle()
  assert.deepEqual([await story.claimIs('data'), await story.volumeIs('pv')], ['gone', 'gone'])
})

test('a claim of another provisioner is handed to it, and one of none fails', async () => {
  const story = await begin('others')
  await using _ = story.cluster
  await story.storageClass('disk')
  await story.storageClass('none', { provisioner: 'kubernetes.io/no-provisioner' })
  await story.claim('disk', { storageClassName: 'disk' })
  await story.claim('none', { storageClassName: 'none' })
  await story.claim('nowhere', { storageClassName: 'nowhere' })
  await story.settle()
  assert.deepEqual((await story.find(PersistentVolumeClaim, 'disk'))!.metadata.annotations, {
    'volume.kubernetes.io/storage-provisioner': 'example.com/disk',
    'volume.beta.kubernetes.io/storage-provisioner': 'example.com/disk',
  })
  assert.match(
    (await story.said('disk')).join('\n'),
    /^Normal ExternalProvisioning Waiting for a volume to be created either by the external provisioner 'example\.com\/disk' or manually by the system administrator\./,
  )
  has(await story.said('none'), 'Warning ProvisioningFailed no volume plugin matched name: kubernetes.io/no-provisioner')
  has(await story.said('nowhere'), 'Warning ProvisioningFailed storageclass.storage.k8s.io "nowhere" not found')
})

test('a claim made before there was a default class gets it when there is one', async () => {
  const story = await begin('retroactive')
  await using _ = story.cluster
  await story.remove(StorageClass, 'standard')
  await story.claim('data', { storageClassName: undefined })
  await story.claim('without')
  await story.settle()
  assert.equal((await story.find(PersistentVolumeClaim, 'data'))!.spec.storageClassName, undefined)
  await story.storageClass('new', { metadata: { name: 'new', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } })
  await story.settle()
  assert.equal((await story.find(PersistentVolumeClaim, 'data'))!.spec.storageClassName, 'new')
  assert.equal((await story.find(PersistentVolumeClaim, 'without'))!.spec.storageClassName, '')
})

test('a claim of the standard class waits for its first consumer; on the selected node a directory is made, and removed when the claim goes', async () => {
  const story = await begin('local path', 2)
  await using _ = story.cluster
  const { metadata } = await story.claim('data', { storageClassName: undefined })
  await story.settle()
  has(await story.said('data'), 'Normal WaitForFirstConsumer waiting for first consumer to be created before binding')
  assert.deepEqual(await story.directories('node-1'), [])

  await story.select('data', 'node-1')
  await story.settle()
  const name = `pvc-${metadata.uid}`
  assert.equal(await story.claimIs('data'), `Bound ${name}`)
  const said = await story.said('data')
  has(said, 'Normal Provisioning External provisioner is provisioning volume for claim "default/data"')
  has(said, `Normal ProvisioningSucceeded Successfully provisioned volume ${name}`)
  assert.deepEqual(await story.directories('node-0'), [])
  assert.deepEqual(await story.directories('node-1'), [`${name}_default_data`])
  const volume = (await story.find(PersistentVolume, name))!
  assert.equal(volume.spec.local?.path, `/var/lib/kubelet/local-path/${name}_default_data`)
  assert.deepEqual(volume.spec.nodeAffinity?.required?.nodeSelectorTerms, [
    { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['node-1'] }] },
  ])
  assert.equal(volume.spec.persistentVolumeReclaimPolicy, 'Delete')
  assert.equal(volume.metadata.annotations?.['pv.kubernetes.io/provisioned-by'], 'poise.dev/local-path')

  await story.remove(PersistentVolumeClaim, 'data')
  await story.settle()
  assert.equal(await story.volumeIs(name), 'gone')
  assert.deepEqual(await story.directories('node-1'), [])
})

test('the data stays when the policy is Retain, also of a volume that is deleted', async () => {
  const story = await begin('retain')
  await using _ = story.cluster
  const { metadata } = await story.claim('data', { storageClassName: 'standard' })
  await story.select('data', 'node-0')
  await story.settle()
  const name = `pvc-${metadata.uid}`
  await story.change(PersistentVolume, name, { spec: { persistentVolumeReclaimPolicy: 'Retain' } })
  await story.remove(PersistentVolumeClaim, 'data')
  await story.settle()
  assert.equal(await story.volumeIs(name), 'Released data')
  await story.remove(PersistentVolume, name)
  await story.settle()
  assert.equal(await story.volumeIs(name), 'gone')
  assert.deepEqual(await story.directories(), [`${name}_default_data`])
})

test('a volume deleted before its claim goes after its data', async () => {
  const story = await begin('volume first')
  await using _ = story.cluster
  const { metadata } = await story.claim('data', { storageClassName: 'standard' })
  await story.select('data', 'node-0')
  await story.settle()
  const name = `pvc-${metadata.uid}`
  await story.remove(PersistentVolume, name)
  await story.settle()
  assert.equal(await story.volumeIs(name), 'Bound data')
  assert.equal((await story.directories()).length, 1)
  await story.remove(PersistentVolumeClaim, 'data')
  await story.settle()
  assert.equal(await story.volumeIs(name), 'gone')
  assert.deepEqual(await story.directories(), [])
})

test('while the kubelet is away nothing is made or removed; it is asked again after 15 seconds', async () => {
  const story = await begin('away')
  await using _ = story.cluster
  const node = story.cluster.nodes.get('node-0')!
  node.crash()
  const { metadata } = await story.claim('data', { storageClassName: 'standard' })
  await story.select('data', 'node-0')
  await story.settle()
  const name = `pvc-${metadata.uid}`
  const failure = 'failed to provision volume with StorageClass "standard": the kubelet of node "node-0" cannot be reached'
  has(await story.said('data'), `Warning ProvisioningFailed ${failure}`)
  await story.cluster.run(node.restart())
  await story.cluster.advance(15_000)
  assert.equal(await story.claimIs('data'), `Bound ${name}`)

  node.crash()
  await story.remove(PersistentVolumeClaim, 'data')
  await story.settle()
  assert.equal(await story.volumeIs(name), 'Released data')
  has(await story.said(name), 'Warning VolumeFailedDelete the kubelet of node "node-0" cannot be reached')
  await story.cluster.run(node.restart())
  await story.cluster.advance(15_000)
  assert.equal(await story.volumeIs(name), 'gone')
  assert.deepEqual(await story.directories(), [])
})

test('a node that has gone: another one is chosen for a claim, and a volume goes without it', async () => {
  const story = await begin('no node', 2)
  await using _ = story.cluster
  const { metadata } = await story.claim('data', { storageClassName: 'standard' })
  await story.select('data', 'node-1')
  await story.settle()
  story.cluster.nodes.get('node-1')!.crash()
  await story.remove(Node, 'node-1')
  await story.remove(PersistentVolumeClaim, 'data')
  await story.settle()
  assert.equal(await story.volumeIs(`pvc-${metadata.uid}`), 'gone')

  await story.claim('other', { storageClassName: 'standard' })
  await story.select('other', 'node-1')
  await story.settle()
  assert.equal((await story.find(PersistentVolumeClaim, 'other'))!.metadata.annotations?.[SELECTED_NODE], undefined)
  has(await story.said('other'), 'Warning ProvisioningFailed failed to provision volume with StorageClass "standard": node "node-1" not found')
})

test('what a directory of one node cannot be is refused', async () => {
  const story = await begin('refused')
  await using _ = story.cluster
  await story.storageClass('now', { provisioner: 'poise.dev/local-path' })
  const cases: [string, object, string][] = [
    [
      'shared',
      { accessModes: ['ReadWriteMany'] },
      'only ReadWriteOnce and ReadWriteOncePod volumes are supported, not ReadWriteMany: a volume is a directory of one node',
    ],
    ['block', { volumeMode: 'Block' }, 'block volumes are not supported'],
    ['selector', { selector: { matchLabels: { a: 'b' } } }, 'claim Selector is not supported'],
    ['now', { storageClassName: 'now' }, 'a volume is a directory of one node, and no node was selected: volumeBindingMode must be WaitForFirstConsumer'],
  ]
  for (const [name, spec] of cases) {
    await story.claim(name, { storageClassName: 'standard', ...spec })
    if (name !== 'now') await story.select(name, 'node-0')
  }
  await story.settle()
  for (const [name, , why] of cases) {
    const storageClass = name === 'now' ? 'now' : 'standard'
    has(await story.said(name), `Warning ProvisioningFailed failed to provision volume with StorageClass "${storageClass}": ${why}`)
  }
  assert.deepEqual(await story.directories(), [])
})

test('a claim that asks for more than its volume has is told that nobody makes it larger', async () => {
  const story = await begin('grow')
  await using _ = story.cluster
  await story.change(StorageClass, 'standard', { allowVolumeExpansion: true })
  await story.claim('data', { storageClassName: 'standard' })
  await story.select('data', 'node-0')
  await story.settle()
  await story.change(PersistentVolumeClaim, 'data', { spec: { resources: { requests: { storage: '2Gi' } } } })
  await story.settle()
  has(
    await story.said('data'),
    "Warning ExternalExpanding Ignoring the PVC: didn't find a plugin capable of expanding the volume; waiting for an external controller to process this PVC.",
  )
  assert.equal((await story.find(PersistentVolumeClaim, 'data'))!.status.capacity?.storage, '1Gi')
})
