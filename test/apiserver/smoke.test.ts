import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONFIG_MAPS, configMapNamed, podNamed, PODS, startServer } from './harness.ts'

test('a Pod is created, read, listed, watched, changed and deleted', async () => {
  const server = await startServer()
  const created = await server.post(PODS, podNamed('web'))
  assert.equal(created.status, 201, created.text)
  assert.equal(created.json.metadata.namespace, 'default')
  const list = await server.get(PODS)
  assert.equal(list.json.kind, 'PodList')
  assert.equal(list.json.items.length, 1)
  const watch = await server.watch(`${PODS}?watch=1`)
  const patched = await server.patch(`${PODS}/web`, 'strategic', { metadata: { labels: { a: 'b' } } })
  assert.equal(patched.status, 200, patched.text)
  const deleted = await server.delete(`${PODS}/web`)
  assert.equal(deleted.status, 200, deleted.text)
  assert.deepEqual(
    watch.events.map(event => event.type),
    ['ADDED', 'MODIFIED', 'DELETED'],
  )
  assert.equal((await server.get(`${PODS}/web`)).status, 404)
})

test('a ConfigMap is replaced', async () => {
  const server = await startServer()
  await server.post(CONFIG_MAPS, configMapNamed('a', { x: '1' }))
  const replaced = await server.put(`${CONFIG_MAPS}/a`, configMapNamed('a', { x: '2' }))
  assert.equal(replaced.status, 200, replaced.text)
  assert.deepEqual(replaced.json.data, { x: '2' })
})
