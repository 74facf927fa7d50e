import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EndpointSlice } from '../../src/api/kinds/endpoint_slice.ts'
import { Namespace } from '../../src/api/kinds/namespace.ts'
import { Service } from '../../src/api/kinds/service.ts'
import type { Draft } from '../../src/client/client.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'
import { answerDns } from '../../src/network/dns/records.ts'

test('the name server follows Services, their endpoints and namespaces', async () => {
  const cluster = await startVirtualCluster({ seed: 1 })
  const { run, client } = cluster
  const soon = () => cluster.advance(200)
  const ask = (name: string, type = 'A') => {
    const answer = answerDns(cluster.cluster.dns, 'cluster.local', name, type)
    return answer.is === 'found' ? answer.records.map(({ data }) => data) : answer.is
  }
  await soon()
  assert.deepEqual(ask('kubernetes.default.svc.cluster.local'), ['10.96.0.1'])
  assert.deepEqual(ask('1.0.96.10.in-addr.arpa', 'PTR'), ['kubernetes.default.svc.cluster.local'])
  assert.equal(ask('web.shop.svc.cluster.local'), 'nameError')

  await run(client.create(Namespace, { metadata: { name: 'shop' } }))
  const web = await run(client.create(Service, service('web', { ports: [{ name: 'http', port: 80 }] })))
  await soon()
  assert.deepEqual(ask('web.shop.svc.cluster.local'), [web.spec.clusterIP])
  assert.deepEqual(ask('_http._tcp.web.shop.svc.cluster.local', 'SRV'), [{ priority: 0, weight: 100, port: 80, target: 'web.shop.svc.cluster.local' }])

  await run(client.create(Service, service('db', { clusterIP: 'None', ports: [{ port: 5432 }] })))
  await soon()
  assert.equal(ask('db.shop.svc.cluster.local'), 'nameError')
  const slice = await run(
    client.create(EndpointSlice, {
      metadata: { name: 'db-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'db' } },
      addressType: 'IPv4',
      ports: [],
      endpoints: [{ addresses: ['10.244.0.9'], hostname: 'db-0', conditions: { ready: true } }],
    } as unknown as Draft<EndpointSlice>),
  )
  await soon()
  assert.deepEqual(ask('db.shop.svc.cluster.local'), ['10.244.0.9'])
  assert.deepEqual(ask('9.0.244.10.in-addr.arpa', 'PTR'), ['db-0.db.shop.svc.cluster.local'])
  await run(client.update(EndpointSlice, { ...slice, endpoints: [{ addresses: ['10.244.0.10'], conditions: { ready: true } }] }))
  await soon()
  assert.deepEqual(ask('db.shop.svc.cluster.local'), ['10.244.0.10'])
  assert.equal(ask('9.0.244.10.in-addr.arpa', 'PTR'), 'elsewhere')

  // The address goes to another Service at once.
  await run(client.delete(Service, { namespace: 'shop', name: 'web' }))
  await run(client.create(Service, service('next', { clusterIP: web.spec.clusterIP, ports: [{ port: 80 }] })))
  await soon()
  assert.equal(ask('web.shop.svc.cluster.local'), 'nameError')
  assert.deepEqual(ask(`${web.spec.clusterIP!.split('.').reverse().join('.')}.in-addr.arpa`, 'PTR'), ['next.shop.svc.cluster.local'])

  await run(client.delete(Namespace, { namespace: '', name: 'shop' }))
  await cluster.advance(2_000)
  assert.equal(ask('next.shop.svc.cluster.local'), 'nameError')
  assert.equal(ask('shop.svc.cluster.local'), 'nameError')
  await cluster.stop()
})

const service = (name: string, spec: object): Draft<Service> => ({ metadata: { name, namespace: 'shop' }, spec }) as unknown as Draft<Service>
