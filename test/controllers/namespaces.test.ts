import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { Namespace } from '../../src/api/kinds/namespace.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { ServiceAccount } from '../../src/api/kinds/service_account.ts'
import { isReady } from '../../src/api/pod.ts'
import { isReason } from '../../src/api/status.ts'
import type { Kind } from '../../src/api/kind.ts'
import type { KubernetesObject } from '../../src/api/meta.ts'
import type { Draft } from '../../src/client/client.ts'
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
