import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import type { Service } from '../../api/kinds/service.ts'
import type { Endpoint } from '../../api/types/endpoint_slice.ts'
import { servicePorts } from './service_ports.ts'

const NODE = { name: 'node-a', zone: 'here' }

const service = (spec: object = {}, status: object = { loadBalancer: {} }) =>
  ({
    metadata: { name: 'web', namespace: 'default' },
    spec: { type: 'ClusterIP', clusterIP: '10.96.0.7', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
    status,
  }) as unknown as Service

const slice = (...endpoints: Endpoint[]) =>
  ({ addressType: 'IPv4', metadata: { name: 'web-x' }, ports: [{ name: '', port: 8080, protocol: 'TCP' }], endpoints }) as unknown as EndpointSlice

const endpoint = (number: number, conditions: object = {}, more: object = {}): Endpoint =>
  ({
    addresses: [`10.244.0.${number}`],
    conditions: { ready: true, serving: true, terminating: false, ...conditions },
    nodeName: 'node-a',
    ...more,
  }) as Endpoint

const ready = (number: number, more: object = {}) => endpoint(number, {}, more)
const leaving = (number: number, more: object = {}) => endpoint(number, { ready: false, terminating: true }, more)
const unready = (number: number) => endpoint(number, { ready: false, serving: false })

/** `1,2` or `refuse`, of the requests from inside and from outside. */
function destinations(of: Service, ...slices: EndpointSlice[]): string[] {
  const [port] = servicePorts(of, slices, NODE)
  return [port!.internal, port!.external].map(destination =>
    destination.is === 'targets' ? destination.targets.map(({ address }) => address.split('.')[3]).join() : destination.is,
  )
}

const CASES: readonly [name: string, of: Service, endpoints: Endpoint[], internal: string, external?: string][] = [
  ['ready endpoints get the requests', service(), [ready(1), ready(2), unready(3)], '1,2'],
  ['one that terminates gets none while another is ready', service(), [ready(1), leaving(2)], '1'],
  ['when none is ready, those that still serve get them', service(), [leaving(2), unready(3)], '2'],
  ['when nobody serves, requests are refused', service(), [unready(3), endpoint(4, { ready: false, serving: false, terminating: true })], 'refuse'],
  ['without any endpoint they are refused', service(), [], 'refuse'],
  ['conditions that nobody has written mean ready', service(), [{ addresses: ['10.244.0.9'] } as Endpoint], '9'],
  ['an internal policy Local stays on this node', service({ internalTrafficPolicy: 'Local' }), [ready(1), ready(2, { nodeName: 'node-b' })], '1', '1,2'],
  ['and drops when only others have endpoints', service({ internalTrafficPolicy: 'Local' }), [ready(2, { nodeName: 'node-b' })], 'drop', '2'],
  ['and refuses when nobody has', service({ internalTrafficPolicy: 'Local' }), [], 'refuse', 'refuse'],
  [
    'an external policy Local concerns requests from outside',
    service({ type: 'NodePort', externalTrafficPolicy: 'Local' }),
    [ready(1), ready(2, { nodeName: 'node-b' })],
    '1,2',
    '1',
  ],
  [
    'with Local, one that terminates here is better than none here',
    service({ type: 'NodePort', externalTrafficPolicy: 'Local' }),
    [leaving(1), ready(2, { nodeName: 'node-b' })],
    '2',
    '1',
  ],
  [
    'zone hints that all have are followed',
    service(),
    [ready(1, { hints: { forZones: [{ name: 'here' }] } }), ready(2, { hints: { forZones: [{ name: 'there' }] } })],
    '1',
  ],
  ['zone hints that one lacks are not', service(), [ready(1, { hints: { forZones: [{ name: 'here' }] } }), ready(2)], '1,2'],
  ['zone hints that leave nobody are not', service(), [ready(1, { hints: { forZones: [{ name: 'there' }] } })], '1'],
  [
    'node hints come before zone hints',
    service(),
    [
      ready(1, { hints: { forNodes: [{ name: 'node-b' }], forZones: [{ name: 'here' }] } }),
      ready(2, { hints: { forNodes: [{ name: 'node-a' }], forZones: [{ name: 'here' }] } }),
    ],
    '2',
  ],
]

for (const [name, of, endpoints, internal, external = internal] of CASES) {
  test(`service ports: ${name}`, () => assert.deepEqual(destinations(of, slice(...endpoints)), [internal, external]))
}

test('service ports: endpoints of all slices count, once each', () => {
  assert.deepEqual(destinations(service(), slice(ready(1), ready(2)), slice(ready(2), ready(3)))[0], '1,2,3')
})

test('service ports: each port finds its own, by name and protocol', () => {
  const of = service({
    ports: [
      { name: 'http', port: 80, protocol: 'TCP' },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
  })
  const slices = { ...slice(ready(1)), ports: [{ name: 'dns', port: 5353, protocol: 'UDP' as const }] }
  const ports = servicePorts(of, [slices], NODE)
  assert.deepEqual(
    ports.map(({ name, protocol, internal }) => [name, protocol, internal]),
    [
      ['default/web:http/tcp', 'tcp', { is: 'refuse' }],
      ['default/web:dns/udp', 'udp', { is: 'targets', targets: [{ address: '10.244.0.1', port: 5353 }] }],
    ],
  )
})

test('service ports: node ports, external addresses and load balancers, affinity', () => {
  const ingress = [{ ip: '192.0.2.1', ipMode: 'VIP' }, { ip: '192.0.2.2', ipMode: 'Proxy' }, { hostname: 'lb.example.com' }]
  const [port] = servicePorts(
    service(
      { type: 'LoadBalancer', externalIPs: ['198.51.100.1'], ports: [{ port: 80, protocol: 'TCP', nodePort: 30080 }], sessionAffinity: 'ClientIP' },
      { loadBalancer: { ingress } },
    ),
    [],
    NODE,
  )
  assert.deepEqual([port!.nodePort, port!.externalAddresses, port!.affinitySeconds], [30080, ['198.51.100.1', '192.0.2.1'], 10_800])
})

test('service ports: headless ones and names for the outside have none', () => {
  assert.deepEqual(servicePorts(service({ clusterIP: 'None' }), [], NODE), [])
  assert.deepEqual(servicePorts(service({ type: 'ExternalName', externalName: 'example.com' }), [], NODE), [])
})

test('service ports: on a machine that is no node, policies that keep to one do not count', () => {
  const local = service({ type: 'NodePort', internalTrafficPolicy: 'Local', externalTrafficPolicy: 'Local' })
  const [port] = servicePorts(local, [slice(ready(1), ready(2, { nodeName: 'node-b' }))], { name: undefined, zone: undefined })
  for (const destination of [port!.internal, port!.external]) {
    assert.deepEqual(destination, {
      is: 'targets',
      targets: [
        { address: '10.244.0.1', port: 8080 },
        { address: '10.244.0.2', port: 8080 },
      ],
    })
  }
})
