/** Owners and dependents, in a whole cluster in virtual time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { Event } from '../../src/api/kinds/event.ts'
import { Namespace } from '../../src/api/kinds/namespace.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { PriorityClass } from '../../src/api/kinds/priority_class.ts'
import type { Kind } from '../../src/api/kind.ts'
import type { KubernetesObject, OwnerReference } from '../../src/api/meta.ts'
import { isReason } from '../../src/api/status.ts'
import type { DeleteOptions, Draft } from '../../src/client/client.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'

const namespace = 'default'

async function begin(seed: number, nodes = 0) {
  const virtual = await startVirtualCluster({ seed, nodes })
  const { run, client } = virtual
  await virtual.advance(500)
  return {
    ...virtual,
    async configMap(name: string, ownerReferences: readonly OwnerReference[] = [], more: object = {}) {
      return run(client.create(ConfigMap, { metadata: { name, namespace, ownerReferences: [...ownerReferences], ...more }, data: {} }))
    },
    async find<T extends KubernetesObject>(kind: Kind<T>, name: string, at = namespace): Promise<T | undefined> {
      return run(
        client.get(kind, { namespace: kind.namespaced ? at : '', name }).catch(error => {
          if (!isReason(error, 'NotFound')) throw error
          return undefined
        }),
      )
    },
    delete: (name: string, options?: DeleteOptions) => run(client.delete(ConfigMap, { namespace, name }, options)),
    patch: (name: string, metadata: object) => run(client.patch(ConfigMap, { namespace, name }, { type: 'merge', body: { metadata } })),
    async names(): Promise<string[]> {
      const { items } = await run(client.list(ConfigMap, { namespace }))
      return items.map(({ metadata }) => metadata.name!).filter(name => name !== 'kube-root-ca.crt')
    },
  }
}

const ownedBy = ({ apiVersion, kind, metadata }: KubernetesObject, more: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion,
  kind,
  name: metadata.name!,
  uid: metadata.uid!,
  ...more,
})
const blocking = { blockOwnerDeletion: true }

test('in the background the owner goes at once, and what depends on it soon after, down to the last', async () => {
  const story = await begin(1)
  await using _ = story
  const top = await story.configMap('top')
  const middle = await story.configMap('middle', [ownedBy(top)])
  await story.configMap('bottom', [ownedBy(middle)])
  await story.configMap('other')
  assert.equal(await story.delete('top', { propagationPolicy: 'Background' }), undefined, 'gone')
  await story.advance(200)
  assert.deepEqual(await story.names(), ['other'])
})

test('in the foreground the owner stays, marked, until those that block it are gone; others go as well, in their own time', async () => {
  const story = await begin(2)
  await using _ = story
  const top = await story.configMap('top')
  const middle = await story.configMap('middle', [ownedBy(top, blocking)])
  await story.configMap('bottom', [ownedBy(middle, blocking)], { finalizers: ['example.com/hold'] })
  await story.configMap('free', [ownedBy(top)], { finalizers: ['example.com/hold'] })
  const marked = await story.delete('top', { propagationPolicy: 'Foreground' })
  assert.ok(marked?.metadata.deletionTimestamp)
  assert.deepEqual(marked.metadata.finalizers, ['foregroundDeletion'])
  await story.advance(5_000)
  assert.deepEqual((await story.find(ConfigMap, 'middle'))?.metadata.finalizers, ['foregroundDeletion'], 'it waits as its owner does')
  assert.ok((await story.find(ConfigMap, 'bottom'))?.metadata.deletionTimestamp)
  assert.ok((await story.find(ConfigMap, 'free'))?.metadata.deletionTimestamp)
  assert.deepEqual(await story.names(), ['bottom', 'free', 'middle', 'top'])
  await story.patch('bottom', { finalizers: null })
  await story.advance(200)
  assert.deepEqual(await story.names(), ['free'])
  await story.patch('free', { finalizers: null })
  assert.deepEqual(await story.names(), [])
})

test('an owner that nothing depends on goes in the foreground all the same', async () => {
  const story = await begin(3)
  await using _ = story
  await story.configMap('alone')
  await story.delete('alone', { propagationPolicy: 'Foreground' })
  await story.advance(200)
  assert.deepEqual(await story.names(), [])
})

test('orphaned dependents lose the reference and stay; those of their own stay with them', async () => {
  const story = await begin(4)
  await using _ = story
  const top = await story.configMap('top')
  const other = await story.configMap('other')
  const middle = await story.configMap('middle', [ownedBy(top, blocking)])
  await story.configMap('bottom', [ownedBy(middle)])
  await story.configMap('both', [ownedBy(top), ownedBy(other)])
  await story.delete('top', { propagationPolicy: 'Orphan' })
  await story.advance(200)
  assert.deepEqual(await story.names(), ['both', 'bottom', 'middle', 'other'])
  assert.equal((await story.find(ConfigMap, 'middle'))?.metadata.ownerReferences, undefined)
  assert.deepEqual((await story.find(ConfigMap, 'both'))?.metadata.ownerReferences, [ownedBy(other)])
})

test('a collection is deleted with the same policies', async () => {
  const story = await begin(40)
  await using _ = story
  const collection = (policy: string, app: string) =>
    story.run(
      story.client.request({
        method: 'DELETE',
        path: `/api/v1/namespaces/${namespace}/configmaps`,
        query: { labelSelector: `app=${app}`, propagationPolicy: policy },
      }),
    )
  for (const [policy, left] of [
    ['Orphan', ['child-a', 'child-b']],
    ['Foreground', []],
    ['Background', []],
  ] as const) {
    for (const name of ['a', 'b']) {
      const owner = await story.configMap(name, [], { labels: { app: policy } })
      await story.configMap(`child-${name}`, [ownedBy(owner, blocking)])
    }
    await collection(policy, policy)
    await story.advance(500)
    assert.deepEqual(await story.names(), left, policy)
    for (const name of left) await story.delete(name)
  }
})

test('who has another owner stays, without the reference to what is gone or waits', async () => {
  const story = await begin(5)
  await using _ = story
  const [gone, waits, stays] = [await story.configMap('gone'), await story.configMap('waits'), await story.configMap('stays')]
  await story.configMap('shared', [ownedBy(gone), ownedBy(waits, blocking), ownedBy(stays)])
  await story.configMap('slow', [ownedBy(waits, blocking)], { finalizers: ['example.com/hold'] })
  await story.delete('gone')
  await story.delete('waits', { propagationPolicy: 'Foreground' })
  await story.advance(500)
  assert.deepEqual((await story.find(ConfigMap, 'shared'))?.metadata.ownerReferences, [ownedBy(stays)])
  assert.ok((await story.find(ConfigMap, 'waits'))?.metadata.deletionTimestamp, 'waits for the slow one')
  await story.patch('slow', { finalizers: null })
  await story.advance(500)
  assert.deepEqual(await story.names(), ['shared', 'stays'])
})

test('an owner is one object: of the same name, another does not count', async () => {
  const story = await begin(6)
  await using _ = story
  const first = await story.configMap('owner')
  await story.delete('owner')
  await story.configMap('owner')
  await story.configMap('late', [ownedBy(first)])
  await story.configMap('never', [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'nobody', uid: 'no-such-uid' }])
  await story.advance(500)
  assert.deepEqual(await story.names(), ['owner'])
})

test('nothing is concluded from an owner of a kind that nobody knows', async () => {
  const story = await begin(7)
  await using _ = story
  const foreign: OwnerReference = { apiVersion: 'example.com/v1', kind: 'Widget', name: 'a', uid: 'u' }
  const gone = await story.configMap('gone')
  await story.configMap('kept', [foreign, ownedBy(gone)])
  await story.delete('gone')
  await story.advance(60_000)
  assert.deepEqual((await story.find(ConfigMap, 'kept'))?.metadata.ownerReferences, [foreign, ownedBy(gone)])
})

test('an owner in another namespace owns nothing: a Warning tells, and the dependent goes', async () => {
  const story = await begin(8)
  await using _ = story
  const owner = await story.configMap('owner')
  await story.run(story.client.create(Namespace, { metadata: { name: 'shop' } }))
  await story.run(story.client.create(ConfigMap, { metadata: { name: 'far', namespace: 'shop', ownerReferences: [ownedBy(owner)] }, data: {} }))
  await story.advance(500)
  assert.equal(await story.find(ConfigMap, 'far', 'shop'), undefined)
  assert.ok(await story.find(ConfigMap, 'owner'))
  const { items } = await story.run(story.client.list(Event, { namespace: 'shop' }))
  assert.deepEqual(
    items.map(({ type, reason, message, involvedObject, source }) => [type, reason, message, involvedObject.kind, involvedObject.name, source?.component]),
    [
      [
        'Warning',
        'OwnerRefInvalidNamespace',
        `ownerRef [v1/ConfigMap, namespace: shop, name: owner, uid: ${owner.metadata.uid}] does not exist in namespace "shop"`,
        'ConfigMap',
        'far',
        'garbage-collector-controller',
      ],
    ],
  )
})

test('what belongs to the cluster may own anything, and be owned by its like alone', async () => {
  const story = await begin(9)
  await using _ = story
  const { run, client } = story
  const wide = (name: string, ownerReferences: OwnerReference[] = []) => run(client.create(PriorityClass, { metadata: { name, ownerReferences }, value: 7 }))
  const top = await wide('top')
  await wide('below', [ownedBy(top)])
  await story.configMap('inside', [ownedBy(top)])
  const narrow = await story.configMap('narrow')
  await wide('impossible', [ownedBy(narrow)])
  await story.advance(500)
  const { items } = await run(client.list(Event, { namespace: 'default', fieldSelector: 'reason=OwnerRefInvalidNamespace' }))
  assert.equal(items.length, 1)
  assert.equal(items[0]!.involvedObject.name, 'impossible')
  await story.delete('narrow')
  await run(client.delete(PriorityClass, { namespace: '', name: 'top' }))
  await story.advance(500)
  assert.equal(await story.find(PriorityClass, 'below'), undefined)
  assert.equal(await story.find(ConfigMap, 'inside'), undefined)
  assert.ok(await story.find(PriorityClass, 'impossible'), 'nobody can say whether its owner is there')
})

test('a dependent that comes while its owner waits goes as well', async () => {
  const story = await begin(10)
  await using _ = story
  const top = await story.configMap('top')
  await story.configMap('held', [ownedBy(top, blocking)], { finalizers: ['example.com/hold'] })
  await story.delete('top', { propagationPolicy: 'Foreground' })
  await story.advance(200)
  await story.configMap('late', [ownedBy(top, blocking)])
  await story.advance(200)
  assert.deepEqual(await story.names(), ['held', 'top'])
})

test('circles do not block: whichever way they are deleted, and however many begin at once', async () => {
  for (const [index, starts] of [['a'], ['a', 'c'], ['a', 'b', 'c', 'd']].entries()) {
    const story = await begin(20 + index)
    await using _ = story
    const names = ['a', 'b', 'c', 'd']
    const members = new Map<string, KubernetesObject>()
    for (const name of names) members.set(name, await story.configMap(name))
    for (const [at, name] of names.entries()) await story.patch(name, { ownerReferences: [ownedBy(members.get(names[(at + 3) % 4]!)!, blocking)] })
    await Promise.all(starts.map(name => story.client.delete(ConfigMap, { namespace, name }, { propagationPolicy: 'Foreground' })))
    await story.advance(1_000)
    assert.deepEqual(await story.names(), [], starts.join())
  }
})

test('an object that owns itself can be deleted in the foreground', async () => {
  const story = await begin(30)
  await using _ = story
  const itself = await story.configMap('itself')
  await story.patch('itself', { ownerReferences: [ownedBy(itself, blocking)] })
  await story.delete('itself', { propagationPolicy: 'Foreground' })
  await story.advance(200)
  assert.deepEqual(await story.names(), [])
})

test('a Pod that is owned has its grace, and its owner waits for all of it', async () => {
  const story = await begin(31, 1)
  await using _ = story
  const owner = await story.configMap('owner')
  await story.run(
    story.client.create(Pod, {
      metadata: { name: 'slow', namespace, ownerReferences: [ownedBy(owner, blocking)] },
      spec: {
        terminationGracePeriodSeconds: 7,
        containers: [{ name: 'main', image: 'busybox:1', command: ['sh', '-c', 'trap "" TERM; while true; do sleep 1; done'] }],
      },
    } as unknown as Draft<Pod>),
  )
  await story.advance(10_000)
  await story.delete('owner', { propagationPolicy: 'Foreground' })
  await story.advance(6_500)
  assert.ok((await story.find(Pod, 'slow'))?.metadata.deletionTimestamp)
  assert.ok(await story.find(ConfigMap, 'owner'))
  await story.advance(2_000)
  assert.equal(await story.find(Pod, 'slow'), undefined)
  assert.equal(await story.find(ConfigMap, 'owner'), undefined)
})

test('the policy that a finalizer names holds for an object whose owners are gone', async () => {
  const story = await begin(32)
  await using _ = story
  const top = await story.configMap('top')
  const middle = await story.configMap('middle', [ownedBy(top)], { finalizers: ['orphan'] })
  await story.configMap('bottom', [ownedBy(middle)])
  await story.delete('top')
  await story.advance(500)
  assert.deepEqual(await story.names(), ['bottom'])
})
