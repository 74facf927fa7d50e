import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startServer, type Answer, type Harness } from './harness.ts'

const SERVICES = '/api/v1/namespaces/default/services'
const port = { port: 80 }

async function service(server: Harness, name: string, spec: object): Promise<Answer> {
  return server.post(SERVICES, { metadata: { name }, spec: { ports: [port], ...spec } })
}

describe('cluster IPs', () => {
  test('the first address belongs to the API server', async () => {
    const server = await startServer({ serviceCidr: '10.50.0.0/24' })
    const { json } = await server.get(`${SERVICES}/kubernetes`)
    assert.equal(json.spec.clusterIP, '10.50.0.1')
    assert.deepEqual(json.spec.clusterIPs, ['10.50.0.1'])
    assert.deepEqual(
      json.spec.ports.map((one: any) => [one.name, one.port]),
      [['https', 443]],
    )
    assert.deepEqual(json.metadata.labels, { component: 'apiserver', provider: 'kubernetes' })
  })

  test('a Service gets an address of the upper band, and its families', async () => {
    const server = await startServer({ serviceCidr: '10.50.0.0/24' })
    const { json, status, text } = await service(server, 'web', {})
    assert.equal(status, 201, text)
    const last = Number(json.spec.clusterIP.split('.')[3])
    assert.ok(last > 16 && last < 255, json.spec.clusterIP)
    assert.deepEqual(json.spec.clusterIPs, [json.spec.clusterIP])
    assert.deepEqual(json.spec.ipFamilies, ['IPv4'])
    assert.equal(json.spec.ipFamilyPolicy, 'SingleStack')
  })

  test('an address asked for is given once', async () => {
    const server = await startServer({ serviceCidr: '10.50.0.0/24' })
    assert.equal((await service(server, 'dns', { clusterIP: '10.50.0.10' })).json.spec.clusterIP, '10.50.0.10')
    const taken = await service(server, 'other', { clusterIP: '10.50.0.10' })
    assert.equal(taken.status, 422)
    assert.equal(
      taken.json.message,
      'Service "other" is invalid: spec.clusterIPs: Invalid value: ["10.50.0.10"]: failed to allocate IP 10.50.0.10: provided IP is already allocated',
    )
    const outside = await service(server, 'other', { clusterIP: '10.51.0.10' })
    assert.equal(
      outside.json.message,
      'Service "other" is invalid: spec.clusterIPs: Invalid value: ["10.51.0.10"]: failed to allocate IP 10.51.0.10: the provided IP (10.51.0.10) is not in the valid range. The range of valid IPs is 10.50.0.0/24',
    )
  })

  test('many at once get different ones, and a full range says so', async () => {
    const server = await startServer({ serviceCidr: '10.50.0.0/28' })
    const answers = await Promise.all(Array.from({ length: 14 }, (_, i) => service(server, `s${i}`, {})))
    const given = answers.filter(answer => answer.status === 201).map(answer => answer.json.spec.clusterIP as string)
    assert.equal(new Set(given).size, 13)
    const refused = answers.find(answer => answer.status !== 201)!
    assert.equal(refused.status, 500)
    assert.match(refused.json.message, /range is full/)
    await server.delete(`${SERVICES}/s0`)
    assert.equal((await service(server, 'after', {})).status, 201)
  })

  test('headless has none, ExternalName gives its own back', async () => {
    const server = await startServer()
    const headless = (await service(server, 'headless', { clusterIP: 'None' })).json.spec
    assert.deepEqual([headless.clusterIP, headless.clusterIPs], ['None', ['None']])
    const address = (await service(server, 'web', {})).json.spec.clusterIP
    const external = await server.patch(`${SERVICES}/web`, 'merge', { spec: { type: 'ExternalName', externalName: 'example.com' } })
    assert.equal(external.status, 200, external.text)
    assert.equal(external.json.spec.clusterIP, undefined)
    assert.equal((await service(server, 'next', { clusterIP: address })).status, 201)
  })

  test('an update that leaves the address out keeps it', async () => {
    const server = await startServer()
    const address = (await service(server, 'web', {})).json.spec.clusterIP
    const updated = await server.put(`${SERVICES}/web`, { metadata: { name: 'web' }, spec: { ports: [{ port: 81 }] } })
    assert.equal(updated.status, 200, updated.text)
    assert.equal(updated.json.spec.clusterIP, address)
  })

  test('the lower band is left to those who ask for an address, until the upper one is full', async () => {
    const server = await startServer({ serviceCidr: '10.50.0.0/26' })
    const answers = await Promise.all(Array.from({ length: 46 }, (_, i) => service(server, `s${i}`, {})))
    const given = answers.map(answer => Number(answer.json.spec.clusterIP.split('.')[3]))
    assert.deepEqual(
      given.sort((a, b) => a - b),
      Array.from({ length: 46 }, (_, i) => 17 + i),
    )
    const lower = Number((await service(server, 'next', {})).json.spec.clusterIP.split('.')[3])
    assert.ok(lower > 1 && lower < 17, `${lower}: the first is the API server's`)
  })

  test('an address comes back when the Service goes or becomes an alias, and is new when it is no alias any more', async () => {
    const server = await startServer({ serviceCidr: '10.50.0.0/24' })
    await service(server, 'web', { clusterIP: '10.50.0.10' })
    const alias = await server.put(`${SERVICES}/web`, { metadata: { name: 'web' }, spec: { type: 'ExternalName', externalName: 'example.com' } })
    assert.deepEqual([alias.json.spec.clusterIP, alias.json.spec.ipFamilies], [undefined, undefined], alias.text)
    assert.equal((await service(server, 'other', { clusterIP: '10.50.0.10' })).status, 201)
    const again = await server.put(`${SERVICES}/web`, { metadata: { name: 'web' }, spec: { ports: [port], clusterIP: '10.50.0.10' } })
    assert.match(again.json.message, /failed to allocate IP 10.50.0.10: provided IP is already allocated/)
    await server.delete(`${SERVICES}/other`)
    const mine = await server.put(`${SERVICES}/web`, { metadata: { name: 'web' }, spec: { ports: [port], clusterIP: '10.50.0.10' } })
    assert.equal(mine.json.spec.clusterIP, '10.50.0.10', mine.text)
  })

  test('what is taken is known to a server that is started anew on the same store', async () => {
    const first = await startServer({ serviceCidr: '10.50.0.0/24' })
    await service(first, 'web', { type: 'NodePort', clusterIP: '10.50.0.10', ports: [{ port: 80, nodePort: 30080 }] })
    const second = await startServer({ serviceCidr: '10.50.0.0/24', store: first.store })
    assert.match((await service(second, 'other', { clusterIP: '10.50.0.10' })).json.message, /provided IP is already allocated/)
    assert.match((await service(second, 'other', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] })).json.message, /already allocated/)
    assert.equal((await second.get(`${SERVICES}/web`)).json.spec.clusterIP, '10.50.0.10')
  })

  test('one conflict is told at a time, and none while something else is wrong', async () => {
    const server = await startServer({ serviceCidr: '10.50.0.0/24' })
    await service(server, 'web', { type: 'NodePort', clusterIP: '10.50.0.10', ports: [{ port: 80, nodePort: 30080 }] })
    const wrong = { type: 'NodePort', clusterIP: '10.50.0.10', ports: [{ port: 80, nodePort: 30080 }, { port: 81 }] }
    const invalid = await service(server, 'other', wrong)
    assert.deepEqual(
      invalid.json.details.causes.map(({ field }: any) => field),
      ['spec.ports[0].name', 'spec.ports[1].name'],
    )
    const ports = wrong.ports.map((one, i) => ({ ...one, name: `p${i}` }))
    const taken = await service(server, 'other', { ...wrong, ports })
    assert.deepEqual(
      taken.json.details.causes.map(({ field }: any) => field),
      ['spec.clusterIPs'],
    )
  })

  test('a dry run takes nothing', async () => {
    const server = await startServer({ serviceCidr: '10.50.0.0/24' })
    assert.equal((await server.post(`${SERVICES}?dryRun=All`, { metadata: { name: 'dry' }, spec: { ports: [port], clusterIP: '10.50.0.10' } })).status, 201)
    assert.equal((await service(server, 'web', { clusterIP: '10.50.0.10' })).status, 201)
  })
})

describe('node ports', () => {
  test('are given from the range, kept on update, and given back', async () => {
    const server = await startServer()
    const created = (await service(server, 'web', { type: 'NodePort' })).json
    const { nodePort } = created.spec.ports[0]
    assert.ok(nodePort >= 30086 && nodePort <= 32767, String(nodePort))
    const kept = await server.put(`${SERVICES}/web`, { metadata: { name: 'web' }, spec: { type: 'NodePort', ports: [port] } })
    assert.equal(kept.json.spec.ports[0].nodePort, nodePort, kept.text)
    const back = await server.patch(`${SERVICES}/web`, 'merge', { spec: { type: 'ClusterIP' } })
    assert.equal(back.status, 200, back.text)
    assert.equal(back.json.spec.ports[0].nodePort, undefined)
    assert.equal((await service(server, 'next', { type: 'NodePort', ports: [{ port: 80, nodePort }] })).status, 201)
  })

  test('conflicts and wrong ranges', async () => {
    const server = await startServer()
    await service(server, 'web', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] })
    const taken = await service(server, 'other', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] })
    assert.equal(taken.json.message, 'Service "other" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated')
    const outside = await service(server, 'other', { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] })
    assert.match(outside.json.message, /provided port is not in the valid range. The range of valid ports is 30000-32767/)
    const otherProtocol = await service(server, 'udp', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080, protocol: 'UDP' }] })
    assert.match(otherProtocol.json.message, /Invalid value: 30080: provided port is already allocated/, "the number is one Service's, for all protocols")
  })

  test('one port over two protocols is one node port', async () => {
    const server = await startServer()
    const both = [
      { name: 'udp', port: 53, protocol: 'UDP' },
      { name: 'tcp', port: 53, protocol: 'TCP' },
      { name: 'metrics', port: 9153 },
    ]
    const [udp, tcp, metrics] = (await service(server, 'dns', { type: 'NodePort', ports: both })).json.spec.ports
    assert.equal(udp.nodePort, tcp.nodePort)
    assert.notEqual(tcp.nodePort, metrics.nodePort)
    const asked = [{ ...both[0], nodePort: 30053 }, both[1]]
    const given = (await service(server, 'other', { type: 'NodePort', ports: asked })).json.spec.ports
    assert.deepEqual([given[0].nodePort, given[1].nodePort], [30053, 30053])
  })

  test('those of a load balancer can be left out, and its health check has one of its own', async () => {
    const server = await startServer()
    const none = (await service(server, 'none', { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false })).json.spec
    assert.deepEqual([none.ports[0].nodePort, none.healthCheckNodePort], [undefined, undefined])
    const local = (await service(server, 'local', { type: 'LoadBalancer', externalTrafficPolicy: 'Local' })).json.spec
    assert.ok(local.healthCheckNodePort >= 30086 && local.healthCheckNodePort !== local.ports[0].nodePort)
    const taken = await service(server, 'taken', { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: local.healthCheckNodePort })
    assert.equal(taken.status, 500)
    assert.equal(
      taken.json.message,
      `Internal error occurred: failed to allocate requested HealthCheck NodePort ${local.healthCheckNodePort}: provided port is already allocated`,
    )
    const changed = await server.patch(`${SERVICES}/local`, 'merge', { spec: { externalTrafficPolicy: 'Cluster' } })
    assert.deepEqual([changed.status, changed.json.spec.healthCheckNodePort], [200, undefined], changed.text)
    const free = await service(server, 'taken', { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: local.healthCheckNodePort })
    assert.equal(free.json.spec.healthCheckNodePort, local.healthCheckNodePort)
  })

  test('the static band is given out only when there is nothing else', async () => {
    const server = await startServer()
    const ports = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `p${i}`, port: 1000 + i }))
    const given = (await service(server, 'many', { type: 'NodePort', ports: ports(2768 - 86) })).json.spec.ports.map((one: any) => one.nodePort as number)
    assert.equal(Math.min(...given), 30086)
    const [{ nodePort }] = (await service(server, 'last', { type: 'NodePort' })).json.spec.ports
    assert.ok(nodePort >= 30000 && nodePort < 30086, String(nodePort))
  })
})
