import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { kinds } from '../../src/api/kinds/index.ts'
import { Lease } from '../../src/api/kinds/lease.ts'
import { Namespace } from '../../src/api/kinds/namespace.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { ReplicationController } from '../../src/api/kinds/replication_controller.ts'
import { ServiceAccount } from '../../src/api/kinds/service_account.ts'
import { isReady } from '../../src/api/pod.ts'
import { isReason } from '../../src/api/status.ts'
import type { Kind } from '../../src/api/kind.ts'
import { stampResourceVersion, type KubernetesObject } from '../../src/api/meta.ts'
import { createApiServer } from '../../src/apiserver/api_server.ts'
import { createClient } from '../../src/client/api_client.ts'
import { createCaches } from '../../src/client/caches.ts'
import type { Client, Draft } from '../../src/client/client.ts'
import { administrator } from '../../src/cluster/identities.ts'
import { startNamespaceController } from '../../src/controllers/namespace/namespace.ts'
import { createWorld } from '../../src/sim/world.ts'
import { createMemoryStore } from '../../src/store/memory_store.ts'
import { startVirtualCluster, type VirtualCluster } from '../../src/launch/virtual_cluster.ts'

test('every namespace has a ServiceAccount and the certificate of the cluster, soon after it was made', async () => {
  const cluster = await startVirtualCluster({ seed: 1 })
  await cluster.run(cluster.client.create(Namespace, { metadata: { name: 'shop' } }))
  await cluster.advance(500)
  for (const namespace of ['default', 'kube-system', 'shop']) {
    assert.ok(await find(cluster, ServiceAccount, namespace, 'default'), namespace)
    assert.deepEqual((await find(cluster, ConfigMap, namespace, 'kube-root-ca.crt'))?.data, { 'ca.crt': 'simulated' })
  }
  await cluster.stop()
})

test('whoever removes or changes them finds them put back', async () => {
  const cluster = await startVirtualCluster({ seed: 2 })
  const { run, client } = cluster
  await cluster.advance(500)
  await run(client.delete(ServiceAccount, { namespace: 'default', name: 'default' }))
  await run(client.delete(ConfigMap, { namespace: 'default', name: 'kube-root-ca.crt' }))
  await cluster.advance(500)
  assert.ok(await find(cluster, ServiceAccount, 'default', 'default'))
  assert.ok(await find(cluster, ConfigMap, 'default', 'kube-root-ca.crt'))
  await run(client.patch(ConfigMap, { namespace: 'default', name: 'kube-root-ca.crt' }, { type: 'merge', body: { data: { 'ca.crt': 'forged', more: 'x' } } }))
  await cluster.advance(500)
  assert.deepEqual((await find(cluster, ConfigMap, 'default', 'kube-root-ca.crt'))?.data, { 'ca.crt': 'simulated' })
  await cluster.stop()
})

test('a namespace goes with everything in it: Pods first, in their own time, then the rest', async () => {
  const cluster = await startVirtualCluster({ seed: 3 })
  const { run, client } = cluster
  await run(client.create(Namespace, { metadata: { name: 'shop' } }))
  await cluster.advance(500)
  await run(client.create(ConfigMap, { metadata: { name: 'settings', namespace: 'shop' }, data: {} }))
  // It is told to stop and does not; so it takes its whole grace.
  await run(
    client.create(Pod, {
      metadata: { name: 'slow', namespace: 'shop' },
      spec: {
        terminationGracePeriodSeconds: 7,
        containers: [{ name: 'main', image: 'busybox:1', command: ['sh', '-c', 'trap "" TERM; while true; do sleep 1; done'] }],
      },
    } as unknown as Draft<Pod>),
  )
  await waitFor(cluster, async () => isReady((await find(cluster, Pod, 'shop', 'slow'))!))

  const deletedAt = cluster.world.now()
  await run(client.delete(Namespace, { namespace: '', name: 'shop' }))
  await cluster.advance(3_000)
  const going = await find(cluster, Namespace, '', 'shop')
  assert.equal(going?.status?.phase, 'Terminating')
  assert.ok((await find(cluster, Pod, 'shop', 'slow'))?.metadata.deletionTimestamp)
  assert.ok(await find(cluster, ConfigMap, 'shop', 'settings'), 'waits for the Pod')
  await assert.rejects(run(client.create(ConfigMap, { metadata: { name: 'late', namespace: 'shop' }, data: {} })), /because it is being terminated/)

  await waitFor(cluster, async () => (await find(cluster, Namespace, '', 'shop')) === undefined)
  const tookMs = cluster.world.now() - deletedAt
  assert.ok(tookMs >= 7_000 && tookMs < 9_000, `${tookMs} ms`)
  for (const kind of [Pod, ConfigMap, ServiceAccount] as Kind[]) assert.deepEqual((await run(client.list(kind, { namespace: 'shop' }))).items, [])
  await cluster.stop()
})

test('an empty namespace goes at once, and can be made again', async () => {
  const cluster = await startVirtualCluster({ seed: 4 })
  const { run, client } = cluster
  await run(client.create(Namespace, { metadata: { name: 'shop' } }))
  await cluster.advance(500)
  await run(client.delete(Namespace, { namespace: '', name: 'shop' }))
  await waitFor(cluster, async () => (await find(cluster, Namespace, '', 'shop')) === undefined, 2_000)
  await run(client.create(Namespace, { metadata: { name: 'shop' } }))
  await cluster.advance(500)
  assert.ok(await find(cluster, ServiceAccount, 'shop', 'default'))
  await cluster.stop()
})

test('it says what it waits for, and when something is there longer than it should be', async () => {
  const cluster = await startVirtualCluster({ seed: 5 })
  await using _ = cluster
  const { run, client } = cluster
  const hold = { finalizers: ['example.com/hold'] }
  await run(client.create(Namespace, { metadata: { name: 'shop' } }))
  await cluster.advance(500)
  await run(
    client.create(Pod, {
      metadata: { name: 'slow', namespace: 'shop' },
      spec: { nodeName: 'nowhere', terminationGracePeriodSeconds: 10, containers: [{ name: 'main', image: 'busybox:1' }] },
    } as unknown as Draft<Pod>),
  )
  for (const name of ['a', 'b']) await run(client.create(ConfigMap, { metadata: { name, namespace: 'shop', ...hold } }))
  await run(client.delete(Namespace, { namespace: '', name: 'shop' }))
  const said = async () =>
    (await find(cluster, Namespace, '', 'shop'))!.status.conditions?.filter(({ status }) => status === 'True').map(({ message }) => message)
  await cluster.advance(500)
  assert.deepEqual(await said(), ['Some resources are remaining: pods. has 1 resource instances'])
  await cluster.advance(12_000)
  assert.deepEqual(
    await said(),
    [
      'Failed to delete all resource types, 1 remaining: unexpected items still remain in namespace: shop for gvr: /v1, Resource=pods',
      'Some resources are remaining: pods. has 1 resource instances',
    ],
    'its grace is over, and no kubelet has taken it away',
  )
  await run(client.delete(Pod, { namespace: 'shop', name: 'slow' }, { gracePeriodSeconds: 0 }))
  await cluster.advance(500)
  assert.deepEqual(await said(), [
    'Some resources are remaining: configmaps. has 2 resource instances',
    'Some content in the namespace has finalizers remaining: example.com/hold in 2 resource instances',
  ])
  for (const name of ['a', 'b']) await run(client.patch(ConfigMap, { namespace: 'shop', name }, { type: 'merge', body: { metadata: { finalizers: null } } }))
  await cluster.advance(200)
  assert.equal(await find(cluster, Namespace, '', 'shop'), undefined)
})

test('finalizers of the namespace itself hold it when everything in it is gone', async () => {
  const cluster = await startVirtualCluster({ seed: 6, nodes: 0 })
  await using _ = cluster
  const { run, client } = cluster
  await run(client.create(Namespace, { metadata: { name: 'shop', finalizers: ['example.com/hold'] } }))
  await cluster.advance(500)
  await run(client.delete(Namespace, { namespace: '', name: 'shop' }))
  await cluster.advance(500)
  const held = await find(cluster, Namespace, '', 'shop')
  assert.deepEqual(held?.spec.finalizers ?? [], [])
  assert.ok(held?.status.conditions?.length === 5 && held.status.conditions.every(({ status }) => status === 'False'))
  await run(client.patch(Namespace, { namespace: '', name: 'shop' }, { type: 'merge', body: { metadata: { finalizers: null } } }))
  assert.equal(await find(cluster, Namespace, '', 'shop'), undefined)
})

test('what is deleted in the foreground, or would be orphaned, goes with its namespace all the same', async () => {
  const cluster = await startVirtualCluster({ seed: 7, nodes: 0 })
  await using _ = cluster
  const { run, client } = cluster
  await run(client.create(Namespace, { metadata: { name: 'shop' } }))
  await run(
    client.create(ReplicationController, {
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        replicas: 2,
        selector: { app: 'web' },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'nginx:1' }] } },
      },
    } as unknown as Draft<ReplicationController>),
  )
  await cluster.advance(1_000)
  assert.equal((await run(client.list(Pod, { namespace: 'shop' }))).items.length, 2)
  await run(client.delete(Namespace, { namespace: '', name: 'shop' }))
  await waitFor(cluster, async () => (await find(cluster, Namespace, '', 'shop')) === undefined, 5_000)
  assert.deepEqual((await run(client.list(Pod, { namespace: 'shop' }))).items, [])
})

test('a namespace goes whatever the policy', async () => {
  const cluster = await startVirtualCluster({ seed: 10, nodes: 0 })
  await using _ = cluster
  const { run, client } = cluster
  for (const propagationPolicy of ['Foreground', 'Orphan', 'Background'] as const) {
    const { metadata } = await run(client.create(Namespace, { metadata: { name: 'shop' } }))
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Namespace', name: 'shop', uid: metadata.uid!, blockOwnerDeletion: true }]
    await run(client.create(ConfigMap, { metadata: { name: propagationPolicy.toLowerCase(), namespace: 'default', ownerReferences } }))
    await cluster.advance(500)
    await run(client.delete(Namespace, { namespace: '', name: 'shop' }, { propagationPolicy }))
    await waitFor(cluster, async () => (await find(cluster, Namespace, '', 'shop')) === undefined, 2_000)
    await cluster.advance(200)
    assert.equal((await find(cluster, ConfigMap, 'default', propagationPolicy.toLowerCase())) !== undefined, propagationPolicy === 'Orphan')
  }
})

test('kube-node-lease can be deleted, and is put back at once', async () => {
  const cluster = await startVirtualCluster({ seed: 8 })
  await using _ = cluster
  const { run, client } = cluster
  const before = await find(cluster, Namespace, '', 'kube-node-lease')
  await run(client.delete(Namespace, { namespace: '', name: 'kube-node-lease' }))
  await cluster.advance(500)
  const after = await find(cluster, Namespace, '', 'kube-node-lease')
  assert.ok(after && after.metadata.uid !== before?.metadata.uid)
  await cluster.advance(15_000)
  assert.equal((await run(client.list(Lease, { namespace: 'kube-node-lease' }))).items.length, 1, 'its node says that it lives')
})

test('what was let in just before the namespace was marked does not outlive it', async () => {
  const world = createWorld({ seed: 9 })
  const host = world.host('server')
  const store = createMemoryStore({ stamp: stampResourceVersion })
  const api = createApiServer({ kinds, store, clock: host.clock, random: host.random, log: host.log })
  await world.finish(api.bootstrap())
  const client = createClient(api.handle, { user: administrator })
  // It was judged before the mark, and its write waits in the queue of the store: behind the mark, before the next write.
  const late = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late', namespace: 'shop', uid: 'late' } }
  let isStored = false
  const own: Client = {
    ...client,
    async updateStatus(kind, object, options) {
      if (!isStored) await store.commit([{ key: '/configmaps/shop/late', value: late, expect: 0 }])
      isStored = true
      return client.updateStatus(kind, object, options)
    },
  }
  const caches = createCaches(host, own)
  const controller = startNamespaceController(host, own, { namespaces: caches.of(Namespace), kinds, cacheOf: caches.of })
  await world.finish(client.create(Namespace, { metadata: { name: 'shop' } }))
  await world.finish(client.delete(Namespace, { namespace: '', name: 'shop' }))
  await world.advance(5_000)
  assert.ok(isStored)
  assert.equal(await store.get('/namespaces/shop'), undefined)
  assert.equal(await store.get('/configmaps/shop/late'), undefined)
  await world.finish(controller.stop())
  caches.stop()
  api.close()
})

async function find<T extends KubernetesObject>({ run, client }: VirtualCluster, kind: Kind<T>, namespace: string, name: string): Promise<T | undefined> {
  try {
    return await run(client.get(kind, { namespace, name }))
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined
    throw error
  }
}

async function waitFor(cluster: VirtualCluster, holds: () => Promise<boolean>, limitMs = 60_000): Promise<void> {
  for (const until = cluster.world.now() + limitMs; cluster.world.now() < until; await cluster.advance(50)) if (await holds()) return
  throw new Error(`waited in vain until ${cluster.world.now()} ms`)
}
