import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import type { Service } from '../../api/kinds/service.ts'
import { addressesOf, answerDns, serviceNameOf, type DnsView } from './records.ts'

const service = (name: string, spec: object): Service => ({ metadata: { name, namespace: 'shop' }, spec }) as Service

const slice = (of: string, endpoints: object[], ports: object[]): EndpointSlice =>
  ({ metadata: { namespace: 'shop', labels: { 'kubernetes.io/service-name': of } }, addressType: 'IPv4', endpoints, ports }) as unknown as EndpointSlice

const http = { name: 'http', port: 80, protocol: 'TCP' }
const SERVICES = [
  service('web', { clusterIP: '10.96.0.7', ports: [http, { port: 9090, protocol: 'UDP' }] }),
  service('db', { clusterIP: 'None', ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] }),
  service('early', { clusterIP: 'None', publishNotReadyAddresses: true, ports: [] }),
  service('none', { clusterIP: 'None', ports: [http] }),
  service('far', { type: 'ExternalName', externalName: 'example.com' }),
  service('near', { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local' }),
  service('ping', { type: 'ExternalName', externalName: 'pong.shop.svc.cluster.local' }),
  service('pong', { type: 'ExternalName', externalName: 'ping.shop.svc.cluster.local' }),
  service('new', { ports: [http] }),
]
const SLICES = [
  slice(
    'db',
    [
      { addresses: ['10.244.0.5'], hostname: 'db-0', conditions: { ready: true } },
      { addresses: ['10.244.0.6'], conditions: { ready: true } },
      { addresses: ['10.244.0.7'], hostname: 'db-2', conditions: { ready: false } },
    ],
    [{ name: 'sql', port: 15432, protocol: 'TCP' }],
  ),
  slice('early', [{ addresses: ['10.244.0.8'], conditions: { ready: false } }], []),
  slice('none', [{ addresses: ['10.244.0.9'], conditions: { ready: false } }], []),
]
const view: DnsView = {
  service: (namespace, name) => SERVICES.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
  serviceByClusterIP: address => SERVICES.find(({ spec }) => spec.clusterIP === address),
  namespaceExists: namespace => namespace === 'shop',
  endpointSlices: (namespace, name) => (namespace === 'shop' ? SLICES.filter(one => serviceNameOf(one) === name) : []),
  endpointSlicesOf: address => SLICES.filter(one => one.endpoints?.some(({ addresses }) => addresses.includes(address))),
}
const ask = (name: string, type = 'A') => answerDns(view, 'cluster.local', name, type)
const data = (name: string, type = 'A') => {
  const answer = ask(name, type)
  return answer.is === 'found' ? answer.records.map(record => record.data) : answer.is
}

test('a Service answers with its cluster IP, in any spelling', () => {
  assert.deepEqual(data('web.shop.svc.cluster.local'), ['10.96.0.7'])
  assert.deepEqual(data('WEB.Shop.svc.Cluster.LOCAL.'), ['10.96.0.7'])
  assert.deepEqual(addressesOf(view, 'cluster.local', 'web.shop.svc.cluster.local'), ['10.96.0.7'])
})

test('a name that exists without records of the type is no error; a name that does not exist is one', () => {
  assert.deepEqual(data('web.shop.svc.cluster.local', 'AAAA'), [])
  assert.deepEqual(data('new.shop.svc.cluster.local'), [])
  assert.deepEqual(data('shop.svc.cluster.local'), [])
  assert.deepEqual(data('svc.cluster.local'), [])
  assert.deepEqual(data('cluster.local'), [])
  for (const name of [
    'nobody.shop.svc.cluster.local',
    'web.nowhere.svc.cluster.local',
    'a.web.shop.svc.cluster.local',
    'x.cluster.local',
    'example.com.cluster.local',
  ])
    assert.equal(data(name), 'nameError', name)
})

test('a headless Service answers with its ready endpoints, and not at all when there are none', () => {
  assert.deepEqual(data('db.shop.svc.cluster.local'), ['10.244.0.5', '10.244.0.6'])
  assert.deepEqual(data('early.shop.svc.cluster.local'), ['10.244.0.8'])
  assert.equal(data('none.shop.svc.cluster.local'), 'nameError')
  assert.equal(data('none.shop.svc.cluster.local', 'AAAA'), 'nameError')
})

test('an endpoint of a headless Service has a name: its hostname, or its address with dashes', () => {
  assert.deepEqual(data('db-0.db.shop.svc.cluster.local'), ['10.244.0.5'])
  assert.deepEqual(data('10-244-0-6.db.shop.svc.cluster.local'), ['10.244.0.6'])
  assert.equal(data('db-2.db.shop.svc.cluster.local'), 'nameError')
  assert.deepEqual(data('db-0.db.shop.svc.cluster.local', 'AAAA'), [])
})

test('SRV tells the port of a named port, and the target can be asked for', () => {
  const answer = ask('_http._tcp.web.shop.svc.cluster.local', 'SRV')
  assert.deepEqual(answer, {
    is: 'found',
    records: [
      { name: '_http._tcp.web.shop.svc.cluster.local', type: 'SRV', data: { priority: 0, weight: 100, port: 80, target: 'web.shop.svc.cluster.local' } },
    ],
    additionals: [{ name: 'web.shop.svc.cluster.local', type: 'A', data: '10.96.0.7' }],
  })
  assert.equal(data('_http._udp.web.shop.svc.cluster.local', 'SRV'), 'nameError')
  assert.equal(data('_._udp.web.shop.svc.cluster.local', 'SRV'), 'nameError')
  assert.deepEqual(data('_http._tcp.web.shop.svc.cluster.local', 'A'), [])
  assert.deepEqual(data('_sql._tcp.db.shop.svc.cluster.local', 'SRV'), [
    { priority: 0, weight: 100, port: 15432, target: 'db-0.db.shop.svc.cluster.local' },
    { priority: 0, weight: 100, port: 15432, target: '10-244-0-6.db.shop.svc.cluster.local' },
  ])
})

test('an external name is an alias, followed as long as it stays in the cluster', () => {
  assert.deepEqual(data('far.shop.svc.cluster.local'), ['example.com'])
  assert.deepEqual(data('near.shop.svc.cluster.local'), ['web.shop.svc.cluster.local', '10.96.0.7'])
  assert.deepEqual(data('near.shop.svc.cluster.local', 'CNAME'), ['web.shop.svc.cluster.local'])
  assert.equal(data('ping.shop.svc.cluster.local').length, 8, 'a circle ends')
})

test('addresses lead back to names', () => {
  assert.deepEqual(data('7.0.96.10.in-addr.arpa', 'PTR'), ['web.shop.svc.cluster.local'])
  assert.deepEqual(data('5.0.244.10.in-addr.arpa', 'PTR'), ['db-0.db.shop.svc.cluster.local'])
  assert.equal(data('6.0.244.10.in-addr.arpa', 'PTR'), 'elsewhere')
  assert.equal(data('1.1.1.1.in-addr.arpa', 'PTR'), 'elsewhere')
})

test('a Pod record is its own address, if it is one', () => {
  assert.deepEqual(data('10-1-2-3.shop.pod.cluster.local'), ['10.1.2.3'])
  assert.equal(data('10-1-2-300.shop.pod.cluster.local'), 'nameError')
  assert.equal(data('10-1-2-3.nowhere.pod.cluster.local'), 'nameError')
})

test('what is not of this cluster is elsewhere', () => {
  assert.equal(data('example.com'), 'elsewhere')
  assert.equal(data('notcluster.local'), 'elsewhere')
  assert.deepEqual(data('dns-version.cluster.local', 'TXT'), ['1.1.0'])
})
