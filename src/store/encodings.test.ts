import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from './memory_store.ts'
import { Compacted } from './store.ts'

const stamp = (value: object, revision: number) => Object.assign(value, { revision })

test('the bytes of a version are shared while they are fresh, and made again, the same, when they are asked for later', async () => {
  const store = createMemoryStore({ stamp, encodedBytesMax: 200 })
  await store.commit([{ key: '/a', value: { text: 'x'.repeat(100) } }])
  await store.commit([{ key: '/b', value: { text: 'y'.repeat(100) } }])
  const a = (await store.get('/a'))!
  const b = (await store.get('/b'))!
  const first = a.json()
  assert.equal(a.json(), first, 'fresh')
  b.json()
  assert.notEqual(a.json(), first, 'pushed out by those of the other')
  assert.deepEqual(a.json(), first)
  await store.close()
})

test('the history is bounded by the bytes of the versions it holds, too', async () => {
  const store = createMemoryStore({ stamp, historyBytesMax: 1_000 })
  for (let i = 0; i < 20; i++) {
    await store.commit([{ key: '/a', value: { text: 'x'.repeat(200) } }])
    ;(await store.get('/a'))!.json()
  }
  assert.ok(store.oldest > 10 && store.oldest < 20, `the oldest is ${store.oldest}`)
  assert.throws(() => store.watch('/', 5, () => {}), Compacted)
  await store.close()
})

test('what a watcher sees of a removed key leaves the last value as it was', async () => {
  const store = createMemoryStore({
    stamp: (value, revision) => {
      ;(value as { metadata: { resourceVersion?: string } }).metadata.resourceVersion = String(revision)
      return value
    },
  })
  await store.commit([{ key: '/a', value: { metadata: {}, spec: { deep: { er: 1 } } } }])
  const last = (await store.get('/a'))!
  let removed: object | undefined
  store.watch('/', store.revision, change => (removed = change.removed?.value))
  await store.commit([{ key: '/a', value: undefined }])
  assert.deepEqual(removed, { metadata: { resourceVersion: '2' }, spec: { deep: { er: 1 } } })
  assert.deepEqual(last.value, { metadata: { resourceVersion: '1' }, spec: { deep: { er: 1 } } })
  await store.close()
})
