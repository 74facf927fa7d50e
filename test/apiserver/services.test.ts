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
    assert.equal((await service(server, 'udp', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080, protocol: 'UDP' }] })).status, 201)
  })
})
