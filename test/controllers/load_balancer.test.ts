import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Service } from '../../src/api/kinds/service.ts'
import type { Draft } from '../../src/client/client.ts'
import { createEventRecorder } from '../../src/client/events.ts'
import { controllerManagerUser } from '../../src/cluster/identities.ts'
import { startLoadBalancerController } from '../../src/controllers/load_balancer.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'

const namespace = 'default'

async function begin(seed: number, addresses: readonly string[]) {
  const { cluster: parts, ...virtual } = await startVirtualCluster({ seed, nodes: 0 })
  const { client, run, world } = virtual
  const host = world.host('balancers')
  const own = parts.client(controllerManagerUser)
  startLoadBalancerController(host, own, { services: parts.services, addresses, events: createEventRecorder(host, own, { component: 'service-controller' }) })
  return {
    virtual,
    create: (name: string, spec: object = {}) =>
      run(
        client.create(Service, { metadata: { name, namespace }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec } } as unknown as Draft<Service>),
      ),
    remove: (name: string) => run(client.delete(Service, { namespace, name })),
    patch: (name: string, body: object) => run(client.patch(Service, { namespace, name }, { type: 'merge', body })),
    async addresses(...names: string[]) {
      await virtual.advance(200)
      const found = []
      for (const name of names) found.push((await run(client.get(Service, { namespace, name }))).status.loadBalancer.ingress?.[0]?.ip)
      return found
    },
  }
}

test('each load balancer has an address of its own, and gives it back', async () => {
  const story = await begin(1, ['127.0.100.1', '127.0.100.2'])
  await using _ = story.virtual
  for (const name of ['a', 'b', 'c']) await story.create(name)
  const [a, b, c] = await story.addresses('a', 'b', 'c')
  assert.deepEqual(new Set([a, b]), new Set(['127.0.100.1', '127.0.100.2']))
  assert.equal(c, undefined, 'there are only two')
  await story.remove('a')
  await story.patch('c', { metadata: { labels: { again: 'yes' } } })
  assert.deepEqual(await story.addresses('b', 'c'), [b, a])
})

test('a Service that is no load balancer any more has no address; one of a class is somebody else’s', async () => {
  const story = await begin(2, ['127.0.100.1'])
  await using _ = story.virtual
  await story.create('foreign', { loadBalancerClass: 'example.com/other' })
  await story.create('web')
  assert.deepEqual(await story.addresses('web', 'foreign'), ['127.0.100.1', undefined])
  await story.patch('web', { spec: { type: 'ClusterIP' } })
  assert.deepEqual(await story.addresses('web'), [undefined])
})
