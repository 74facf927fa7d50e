/** The size of a workload, as an object of its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startServer } from './harness.ts'

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const SCALE = `${DEPLOYMENTS}/web/scale`
const TABLE = { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } }

async function begin() {
  const server = await startServer()
  const labels = { app: 'web' }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'nginx:1' }] } }
  const { status } = await server.post(DEPLOYMENTS, { metadata: { name: 'web' }, spec: { replicas: 4, selector: { matchLabels: labels }, template } })
  assert.equal(status, 201)
  return server
}

test('a Scale says how many there shall be, how many there are, and which', async () => {
  const server = await begin()
  const { json } = await server.get(SCALE)
  assert.deepEqual([json.kind, json.apiVersion, json.spec, json.status], ['Scale', 'autoscaling/v1', { replicas: 4 }, { replicas: 0, selector: 'app=web' }])
  const { metadata } = (await server.get(`${DEPLOYMENTS}/web`)).json
  assert.deepEqual([json.metadata.uid, json.metadata.resourceVersion], [metadata.uid, metadata.resourceVersion])
})

test('as a table it has columns of its own', async () => {
  const { json } = await (await begin()).get(SCALE, TABLE)
  assert.deepEqual(
    json.columnDefinitions.map(({ name }: { name: string }) => name),
    ['Name', 'Desired', 'Available', 'Age'],
  )
  assert.deepEqual(json.rows[0].cells.slice(0, 3), ['web', 4, 0])
})

test('a new size is a new generation of the workload; a version that is not the newest is refused', async () => {
  const server = await begin()
  const scale = (await server.get(SCALE)).json
  assert.equal((await server.put(SCALE, { ...scale, spec: { replicas: 7 } })).status, 200)
  const { spec, metadata } = (await server.get(`${DEPLOYMENTS}/web`)).json
  assert.deepEqual([spec.replicas, metadata.generation], [7, 2])
  const refused = await server.put(SCALE, { ...scale, spec: { replicas: 9 } })
  assert.deepEqual([refused.status, refused.json.reason], [409, 'Conflict'])
  const { resourceVersion } = scale.metadata
  assert.equal((await server.patch(SCALE, 'merge', { metadata: { resourceVersion }, spec: { replicas: 9 } })).status, 409)
  assert.equal((await server.patch(SCALE, 'json', [{ op: 'replace', path: '/spec/replicas', value: 2 }])).json.spec.replicas, 2)
  assert.equal((await server.ask('PATCH', `${SCALE}?dryRun=All`, { body: { spec: { replicas: 5 } }, headers: MERGE })).json.spec.replicas, 5)
  assert.equal((await server.get(SCALE)).json.spec.replicas, 2, 'a dry run changes nothing')
})

const MERGE = { 'content-type': 'application/merge-patch+json' }

test('what cannot be is refused', async () => {
  const server = await begin()
  const negative = await server.patch(SCALE, 'merge', { spec: { replicas: -1 } })
  assert.equal(negative.json.message, 'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0')
  assert.equal((await server.put(SCALE, { metadata: { name: 'other' }, spec: { replicas: 1 } })).status, 400)
  assert.equal((await server.patch(SCALE, 'apply', { apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 1 } })).status, 415)
  assert.equal((await server.delete(SCALE)).status, 405)
  assert.equal((await server.get(`${DEPLOYMENTS}/nobody/scale`)).json.message, 'deployments.apps "nobody" not found')
  assert.equal((await server.get('/apis/apps/v1/namespaces/default/daemonsets/web/scale')).status, 404)
})
