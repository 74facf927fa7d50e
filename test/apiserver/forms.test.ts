import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CONFIG_MAPS, configMapNamed, podNamed, PODS, startServer } from './harness.ts'

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json'
const table = { headers: { accept: TABLE } }

describe('tables', () => {
  test('a list as a table has the columns of the kind and the metadata of the objects', async () => {
    const server = await startServer()
    await server.post(PODS, podNamed('web'))
    server.clock.advance(90_000)
    const { json } = await server.get(PODS, table)
    assert.equal(json.kind, 'Table')
    assert.equal(json.apiVersion, 'meta.k8s.io/v1')
    assert.equal(json.metadata.resourceVersion, String(server.store.revision))
    assert.deepEqual(
      json.columnDefinitions.map((column: any) => column.name),
      ['Name', 'Ready', 'Status', 'Restarts', 'Age', 'IP', 'Node', 'Nominated Node', 'Readiness Gates'],
    )
    assert.deepEqual(
      json.columnDefinitions.map((column: any) => column.priority),
      [0, 0, 0, 0, 0, 1, 1, 1, 1],
    )
    assert.equal(json.columnDefinitions[0].format, 'name')
    assert.deepEqual(
      json.rows[0].cells,
      ['web', '0/1', 'Pending', 0, '90s', '<none>', '<none>', '<none>', '<none>'].map((cell, i) => (i === 3 ? json.rows[0].cells[3] : cell)),
    )
    assert.equal(String(json.rows[0].cells[3]), '0')
    assert.equal(json.rows[0].object.kind, 'PartialObjectMetadata')
    assert.equal(json.rows[0].object.metadata.name, 'web')
    assert.equal(json.rows[0].object.spec, undefined)
  })

  test('one object, the whole object, no object', async () => {
    const server = await startServer()
    await server.post(PODS, podNamed('web'))
    assert.equal((await server.get(`${PODS}/web`, table)).json.rows.length, 1)
    assert.equal((await server.get(`${PODS}?includeObject=Object`, table)).json.rows[0].object.spec.containers[0].name, 'main')
    assert.equal((await server.get(`${PODS}?includeObject=None`, table)).json.rows[0].object, null)
    assert.equal((await server.get(`${PODS}?includeObject=Half`, table)).status, 422)
  })

  test('finished Pods carry a condition', async () => {
    const server = await startServer()
    await server.post(PODS, podNamed('web'))
    await server.patch(`${PODS}/web/status`, 'merge', { status: { phase: 'Succeeded' } })
    assert.deepEqual((await server.get(PODS, table)).json.rows[0].conditions, [
      { type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' },
    ])
  })

  test('watches of tables send the columns with the first event only', async () => {
    const server = await startServer()
    const watch = await server.watch(`${CONFIG_MAPS}?watch=1`, table)
    await server.post(CONFIG_MAPS, configMapNamed('a', { x: '1' }))
    await server.post(CONFIG_MAPS, configMapNamed('b'))
    assert.deepEqual(
      watch.events.map(({ object }) => [object.kind, object.columnDefinitions.length, object.rows[0].cells[0]]),
      [
        ['Table', 3, 'a'],
        ['Table', 0, 'b'],
      ],
    )
  })

  test('an error is a Status, whatever was asked for', async () => {
    const server = await startServer()
    assert.equal((await server.get(`${PODS}/none`, table)).json.kind, 'Status')
  })
})

describe('metadata only', () => {
  test('of an object, of a list, of a watch', async () => {
    const server = await startServer()
    await server.post(CONFIG_MAPS, configMapNamed('a', { x: '1' }))
    const one = (await server.get(`${CONFIG_MAPS}/a`, { headers: { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' } })).json
    assert.deepEqual(Object.keys(one), ['kind', 'apiVersion', 'metadata'])
    assert.equal(one.kind, 'PartialObjectMetadata')
    const list = (await server.get(CONFIG_MAPS, { headers: { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' } })).json
    assert.equal(list.kind, 'PartialObjectMetadataList')
    assert.equal(list.items[0].metadata.name, 'a')
    assert.equal(list.items[0].data, undefined)
    const watch = await server.watch(`${CONFIG_MAPS}?watch=1`, { headers: { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' } })
    assert.equal(watch.events[0]!.object.kind, 'PartialObjectMetadata')
  })
})

describe('discovery', () => {
  const AGGREGATED =
    'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json'

  test('aggregated, as kubectl asks first', async () => {
    const server = await startServer()
    const core = await server.get('/api', { headers: { accept: AGGREGATED } })
    assert.equal(core.headers['content-type'], 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')
    assert.equal(core.json.kind, 'APIGroupDiscoveryList')
    assert.equal(core.json.apiVersion, 'apidiscovery.k8s.io/v2')
    const [version] = core.json.items[0].versions
    assert.equal(version.version, 'v1')
    assert.equal(version.freshness, 'Current')
    const pods = version.resources.find((resource: any) => resource.resource === 'pods')
    assert.equal(pods.scope, 'Namespaced')
    assert.deepEqual(pods.responseKind, { group: '', version: 'v1', kind: 'Pod' })
    assert.deepEqual(pods.shortNames, ['po'])
    assert.deepEqual(pods.categories, ['all'])
    assert.equal(pods.singularResource, 'pod')
    assert.deepEqual(pods.subresources.find((one: any) => one.subresource === 'eviction').responseKind, { group: 'policy', version: 'v1', kind: 'Eviction' })
    const groups = (await server.get('/apis', { headers: { accept: AGGREGATED } })).json.items.map((item: any) => item.metadata.name)
    assert.ok(groups.includes('coordination.k8s.io') && groups.includes('events.k8s.io'))
  })

  test('an unchanged document is 304', async () => {
    const server = await startServer()
    const first = await server.get('/apis', { headers: { accept: AGGREGATED } })
    const etag = String(first.headers.etag)
    assert.match(etag, /^"[0-9A-F]+"$/)
    const again = await server.get('/apis', { headers: { accept: AGGREGATED, 'if-none-match': etag } })
    assert.equal(again.status, 304)
    assert.equal(again.response.body.is, 'none')
    assert.equal((await server.get('/api', { headers: { accept: AGGREGATED, 'if-none-match': etag } })).status, 200)
  })

  test('v2beta1 for kubectl before 1.30', async () => {
    const server = await startServer()
    const { json } = await server.get('/apis', {
      headers: { accept: 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json' },
    })
    assert.equal(json.apiVersion, 'apidiscovery.k8s.io/v2beta1')
  })

  test('plain, as everybody else asks', async () => {
    const server = await startServer()
    const versions = (await server.get('/api')).json
    assert.equal(versions.kind, 'APIVersions')
    assert.deepEqual(versions.versions, ['v1'])
    const groups = (await server.get('/apis')).json
    assert.equal(groups.kind, 'APIGroupList')
    assert.deepEqual(groups.groups.find((group: any) => group.name === 'events.k8s.io').preferredVersion, { groupVersion: 'events.k8s.io/v1', version: 'v1' })
    const group = (await server.get('/apis/events.k8s.io')).json
    assert.equal(group.kind, 'APIGroup')
    const resources = (await server.get('/api/v1')).json
    assert.equal(resources.kind, 'APIResourceList')
    assert.equal(resources.groupVersion, 'v1')
    const eviction = resources.resources.find((one: any) => one.name === 'pods/eviction')
    assert.deepEqual([eviction.group, eviction.version, eviction.kind], ['policy', 'v1', 'Eviction'])
    assert.equal((await server.get('/apis/nope.example')).status, 404)
    assert.equal((await server.get('/apis/events.k8s.io/v9')).status, 404)
  })

  test('OpenAPI: the index of version 3, its documents by hash, version 2 in both encodings', async () => {
    const server = await startServer()
    const index = (await server.get('/openapi/v3')).json
    const url = index.paths['api/v1'].serverRelativeURL as string
    const document = await server.get(url)
    assert.equal(document.status, 200)
    assert.equal(document.headers['cache-control'], 'public, immutable')
    assert.ok(document.json.components.schemas['io.k8s.api.core.v1.Pod'])
    assert.equal((await server.get(url, { headers: { 'if-none-match': String(document.headers.etag) } })).status, 304)
    assert.equal((await server.get('/openapi/v3/apis/nope/v1')).status, 404)
    const v2 = await server.get('/openapi/v2')
    assert.equal(v2.json.swagger, '2.0')
    const protobuf = await server.get('/openapi/v2', { headers: { accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' } })
    assert.equal(protobuf.headers['content-type'], 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf')
  })
})
