import assert from 'node:assert/strict'
import { Resolver } from 'node:dns/promises'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { EndpointSlice } from '../api/kinds/endpoint_slice.ts'
import type { Service } from '../api/kinds/service.ts'
import { silentLog } from '../base/log.ts'
import { respondDns } from '../network/dns/message.ts'
import type { DnsView } from '../network/dns/records.ts'
import { serveDns } from './dns_server.ts'

const endpoints = Array.from({ length: 200 }, (_, i) => ({ addresses: [`10.244.1.${i + 1}`], conditions: { ready: true } }))
const services: Record<string, Service> = Object.fromEntries(
  [
    { metadata: { name: 'web', namespace: 'ns' }, spec: { clusterIP: '10.96.0.7', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] } },
    { metadata: { name: 'many', namespace: 'ns' }, spec: { clusterIP: 'None', ports: [] } },
  ].map(service => [service.metadata.name, service as unknown as Service]),
)
const view: DnsView = {
  service: (_, name) => services[name],
  serviceByClusterIP: address => Object.values(services).find(({ spec }) => spec.clusterIP === address),
  namespaceExists: () => true,
  endpointSlices: (_, name) => (name === 'many' ? [{ metadata: {}, addressType: 'IPv4', endpoints, ports: [] } as unknown as EndpointSlice] : []),
  endpointSlicesOf: () => [],
}

async function start(t: TestContext) {
  const server = await serveDns('127.0.0.1', 0, (query, transport) => respondDns(view, 'cluster.local', query, transport), silentLog)
  t.after(() => server.close())
  const resolver = new Resolver({ timeout: 2_000, tries: 1 })
  resolver.setServers([`127.0.0.1:${server.port}`])
  return { server, resolver }
}

test('a resolver gets addresses, ports and names', async t => {
  const { resolver } = await start(t)
  assert.deepEqual(await resolver.resolve4('web.ns.svc.cluster.local'), ['10.96.0.7'])
  assert.deepEqual(await resolver.resolveSrv('_http._tcp.web.ns.svc.cluster.local'), [{ name: 'web.ns.svc.cluster.local', port: 80, priority: 0, weight: 100 }])
  assert.deepEqual(await resolver.reverse('10.96.0.7'), ['web.ns.svc.cluster.local'])
})

test('a resolver can tell a name without addresses from no name and from a refusal', async t => {
  const { resolver } = await start(t)
  await assert.rejects(resolver.resolve6('web.ns.svc.cluster.local'), { code: 'ENODATA' })
  await assert.rejects(resolver.resolve4('nobody.ns.svc.cluster.local'), { code: 'ENOTFOUND' })
  await assert.rejects(resolver.resolve4('example.com'), { code: 'EREFUSED' })
})

test('an answer that was cut over UDP is fetched over TCP', async t => {
  const { resolver } = await start(t)
  assert.equal((await resolver.resolve4('many.ns.svc.cluster.local')).length, 200)
})

test('garbage on both sockets leaves the server answering', async t => {
  const { server, resolver } = await start(t)
  const udp = createSocket('udp4')
  for (const bytes of [new Uint8Array(0), new Uint8Array(5), new Uint8Array(600).fill(0xff)])
    await new Promise(resolve => udp.send(bytes, server.port, '127.0.0.1', resolve))
  udp.close()
  const tcp = connect(server.port, '127.0.0.1')
  tcp.on('error', () => undefined)
  tcp.write(new Uint8Array([0, 3, 1, 2, 3]))
  await once(tcp, 'close')
  assert.deepEqual(await resolver.resolve4('web.ns.svc.cluster.local'), ['10.96.0.7'])
})

test('closing does not wait for connections that idle, and frees the port', async t => {
  const { server } = await start(t)
  const idle = connect(server.port, '127.0.0.1')
  idle.on('error', () => undefined)
  await once(idle, 'connect')
  const began = performance.now()
  await server.close()
  assert.ok(performance.now() - began < 1_000)
  const again = await serveDns('127.0.0.1', server.port, () => ({ is: 'nothing' }), silentLog)
  await again.close()
})

test('a port that is taken is an error', async t => {
  const { server } = await start(t)
  await assert.rejects(
    serveDns('127.0.0.1', server.port, () => ({ is: 'nothing' }), silentLog),
    { code: 'EADDRINUSE' },
  )
})
