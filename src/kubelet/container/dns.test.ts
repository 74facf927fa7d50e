import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import { podDns } from './dns.ts'

const context = (dns: object = {}) =>
  ({
    clusterDns: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
    machine: { dns: { servers: ['9.9.9.9'], searches: ['example.com'], options: ['rotate'], ...dns } },
  }) as never
const podWith = (spec: object): Pod => ({ metadata: { name: 'web', namespace: 'ns' }, spec }) as unknown as Pod

const CLUSTER = { servers: ['10.96.0.10'], searches: ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'example.com'], options: ['ndots:5'] }
const MACHINE = { servers: ['9.9.9.9'], searches: ['example.com'], options: ['rotate'] }

for (const [says, spec, is] of [
  ['ClusterFirst', { dnsPolicy: 'ClusterFirst' }, CLUSTER],
  ['ClusterFirst on the network of the machine', { dnsPolicy: 'ClusterFirst', hostNetwork: true }, MACHINE],
  ['ClusterFirstWithHostNet', { dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true }, CLUSTER],
  ['Default', { dnsPolicy: 'Default' }, MACHINE],
  ['None', { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'] } }, { servers: ['1.1.1.1'], searches: [], options: [] }],
  [
    'what the Pod says comes behind, and its options go before',
    {
      dnsPolicy: 'ClusterFirst',
      dnsConfig: { nameservers: ['1.1.1.1', '10.96.0.10'], searches: ['a.b', 'cluster.local'], options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }] },
    },
    { servers: ['10.96.0.10', '1.1.1.1'], searches: [...CLUSTER.searches, 'a.b'], options: ['ndots:2', 'edns0'] },
  ],
] as const)
  test(`dnsPolicy: ${says}`, () => assert.deepEqual(podDns(context(), podWith(spec)), { dns: is, complaints: [] }))

test('more name servers and domains than a resolver takes are left out, and told', () => {
  const many = Array.from({ length: 40 }, (_, i) => `d${i}.example`)
  const { dns, complaints } = podDns(context({ servers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'], searches: many }), podWith({ dnsPolicy: 'Default' }))
  assert.deepEqual([dns.servers.length, dns.searches.length], [3, 32])
  assert.deepEqual(complaints, [
    'Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: 1.1.1.1 1.1.1.2 1.1.1.3',
    `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${many.slice(0, 32).join(' ')}`,
  ])
})

test('a search line has at most 2048 characters, and no domain of more than 253', () => {
  const long = Array.from({ length: 12 }, (_, i) => `${String.fromCharCode(97 + i)}`.repeat(200))
  const { dns, complaints } = podDns(context({ searches: ['x'.repeat(254), ...long] }), podWith({ dnsPolicy: 'Default' }))
  // Ten of them and the spaces between make 2009.
  assert.deepEqual(dns.searches, long.slice(0, 10))
  assert.equal(complaints.length, 1)
})
