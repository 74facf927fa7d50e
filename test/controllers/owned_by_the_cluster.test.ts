/** What the cluster's own parts own: Leases and mirror Pods of Nodes, EndpointSlices of Services. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kind } from '../../src/api/kind.ts'
import { EndpointSlice } from '../../src/api/kinds/endpoint_slice.ts'
import { Lease } from '../../src/api/kinds/lease.ts'
import { Node } from '../../src/api/kinds/node.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { Service } from '../../src/api/kinds/service.ts'
import type { KubernetesObject } from '../../src/api/meta.ts'
import type { Draft } from '../../src/client/client.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'

const MANIFEST = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'static', namespace: 'default', labels: { app: 'static' } },
  spec: { containers: [{ name: 'main', image: 'nginx' }] },
})

async function begin() {
  const cluster = await startVirtualCluster({ seed: 1, nodes: ['a', 'b'] })
  const { client, run } = cluster
  return {
    ...cluster,
    list: async <T extends KubernetesObject>(kind: Kind<T>, namespace?: string): Promise<readonly T[]> => (await run(client.list(kind, { namespace }))).items,
    /** `a ← Node a`, for those whose owners are there. */
    async owned<T extends KubernetesObject>(kind: Kind<T>, namespace: string): Promise<string[]> {
      const uids = new Set([...(await this.list(Node)), ...(await this.list(Service, namespace))].map(({ metadata }) => metadata.uid))
      return (await this.list(kind, namespace)).flatMap(({ metadata }) =>
        (metadata.ownerReferences ?? []).map(owner => `${metadata.name} ← ${owner.kind} ${owner.name}${uids.has(owner.uid) ? '' : ', which is gone'}`),
      )
    },
  }
}

test('Leases and mirror Pods live on while their Node does', async () => {
  await using cluster = await begin()
  const node = cluster.nodes.get('a')!
  await cluster.run(node.disk.writeFile(`${node.staticPodPath}/static.json`, new TextEncoder().encode(MANIFEST)))
  await cluster.advance(300_000)
  assert.deepEqual(await cluster.owned(Lease, 'kube-node-lease'), ['a ← Node a', 'b ← Node b'])
  assert.deepEqual(await cluster.owned(Pod, 'default'), ['static-a ← Node a'])
  const [mirror] = await cluster.list(Pod, 'default')
  assert.equal(mirror?.status.phase, 'Running')
})

test('a Node that is removed takes its Lease and its mirror Pods along, and when its kubelet begins anew they are the new one’s', async () => {
  await using cluster = await begin()
  const node = cluster.nodes.get('a')!
  await cluster.run(node.disk.writeFile(`${node.staticPodPath}/static.json`, new TextEncoder().encode(MANIFEST)))
  await cluster.advance(60_000)
  node.crash()
  await cluster.run(cluster.client.delete(Node, { namespace: '', name: 'a' }))
  await cluster.advance(1_000)
  assert.deepEqual(await cluster.owned(Lease, 'kube-node-lease'), ['b ← Node b'])
  await cluster.run(node.restart())
  await cluster.advance(120_000)
  assert.deepEqual(await cluster.owned(Lease, 'kube-node-lease'), ['a ← Node a', 'b ← Node b'])
  assert.deepEqual(await cluster.owned(Pod, 'default'), ['static-a ← Node a'])
})

test('EndpointSlices go with their Service, and one of the same name gets its own', async () => {
  await using cluster = await begin()
  const create = () =>
    cluster.run(
      cluster.client.create(Service, {
        metadata: { name: 'web', namespace: 'default' },
        spec: { selector: { app: 'static' }, ports: [{ port: 80 }] },
      } as unknown as Draft<Service>),
    )
  const slices = async () =>
    (await cluster.owned(EndpointSlice, 'default')).filter(line => line.includes('web')).map(line => line.replace(/-[a-z0-9]{5} /, ' '))
  await create()
  await cluster.advance(2_000)
  assert.deepEqual(await slices(), ['web ← Service web'])
  await cluster.run(cluster.client.delete(Service, { namespace: 'default', name: 'web' }))
  await create()
  await cluster.advance(5_000)
  assert.deepEqual(await slices(), ['web ← Service web'])
  await cluster.run(cluster.client.delete(Service, { namespace: 'default', name: 'web' }))
  await cluster.advance(2_000)
  assert.deepEqual(await slices(), [])
})
