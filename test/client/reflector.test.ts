import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { cachesSynced } from '../../src/client/cache.ts'
import { createCache } from '../../src/client/reflector.ts'
import { createWorld } from '../../src/sim/world.ts'
import { bookmark, configMap, createFakeServer, expired } from './fake_server.ts'

async function start(server = createFakeServer([configMap('a', 1)])) {
  const world = createWorld({ seed: 1 })
  const host = world.host('one')
  const cache = createCache(host, server.client, ConfigMap)
  const changes: string[] = []
  cache.onChange(({ key, object, previous }) => {
    changes.push(`${key.name}: ${previous?.metadata.resourceVersion ?? '-'} ${object?.metadata.resourceVersion ?? '-'}`)
  })
  await world.advance(1)
  return { world, host, server, cache, changes }
}
const names = (cache: { list(): ConfigMap[] }) => cache.list().map(({ metadata }) => metadata.name)

test('a list fills the cache, a watch from its revision keeps it', async () => {
  const { server, cache, changes } = await start()
  assert.deepEqual(server.watches, ['1'])
  server.send('ADDED', configMap('b', 2))
  server.send('MODIFIED', configMap('a', 3))
  server.send('DELETED', configMap('b', 4))
  assert.deepEqual(changes, ['a: - 1', 'b: - 2', 'a: 1 3', 'b: 2 -'])
  assert.deepEqual(names(cache), ['a'])
  assert.equal(cache.revision, 4)
})

test('a listener that comes late is told what is there', async () => {
  const { cache } = await start()
  const heard: unknown[] = []
  const listening = cache.onChange(({ key, previous }) => heard.push([key.name, previous]))
  assert.deepEqual(heard, [['a', undefined]])
  listening.stop()
})

test('a watch that ends is taken up where it was, without a list', async () => {
  const { world, server } = await start()
  server.send('ADDED', configMap('b', 7))
  await world.advance(5_000)
  server.end()
  await world.advance(1)
  assert.deepEqual([server.watches, server.lists], [['1', '7'], 1])
})

test('bookmarks move the revision and change nothing', async () => {
  const { world, server, cache, changes } = await start()
  server.send('BOOKMARK', bookmark(50))
  assert.equal(cache.revision, 50)
  assert.equal(changes.length, 1)
  await world.advance(2_000)
  server.end()
  await world.advance(1)
  assert.deepEqual(server.watches, ['1', '50'])
})

test('when the past is gone the list is fetched anew, and tells what was missed', async () => {
  const { world, server, cache, changes } = await start(createFakeServer([configMap('a', 1), configMap('b', 1), configMap('c', 1)]))
  await world.advance(2_000)
  server.items = [configMap('b', 1), configMap('c', 8), configMap('d', 9)]
  server.revision = 9
  changes.length = 0
  server.end(expired())
  // The old watch was a good one; but a server that says Expired each time must not be asked in a circle.
  await world.advance(250)
  assert.equal(server.lists, 2)
  assert.deepEqual(changes, ['a: 1 -', 'c: 1 8', 'd: - 9'])
  assert.deepEqual(names(cache), ['b', 'c', 'd'])
  assert.deepEqual(server.watches, ['1', '9'])
})

test('an object that was made again while nobody watched is one that went and one that came', async () => {
  const { world, server, changes } = await start()
  await world.advance(2_000)
  server.items = [configMap('a', 6, 'another')]
  server.revision = 6
  server.end(expired())
  await world.advance(250)
  assert.deepEqual(changes, ['a: - 1', 'a: 1 -', 'a: - 6'])
})

test('failures back off: 0.2 s, doubled, at most 10 s', async () => {
  const server = createFakeServer()
  server.failLists = new Error('refused')
  const { world, cache } = await start(server)
  const at: number[] = []
  for (let seen = 0; at.length < 9; await world.advance(100)) {
    if (server.lists > seen) at.push(world.now() - 1)
    seen = server.lists
  }
  assert.deepEqual(
    at.slice(1).map((time, i) => time - at[i]!),
    [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000],
  )
  server.failLists = undefined
  await world.advance(10_000)
  await world.finish(cache.synced)
})

test('a watch that ends at once is not asked for in a busy loop', async () => {
  const { world, server } = await start()
  server.failWatches = new Error('connection reset')
  server.end()
  await world.advance(10_000)
  assert.ok(server.watches.length < 8, String(server.watches.length))
  assert.equal(server.lists, 1, 'what it has seen is still good')
})

test('a failure after a long good watch starts the back-off anew', async () => {
  const { world, server } = await start()
  for (let i = 0; i < 5; i++) {
    await world.advance(60_000)
    server.end(new Error('connection reset'))
    await world.advance(201)
    assert.equal(server.open, 1)
  }
})

test('one listener that fails costs neither the others nor the cache anything', async () => {
  const { server, cache } = await start()
  cache.onChange(({ object }) => {
    if (object?.metadata.name === 'b') throw new Error('listener is broken')
  })
  const heard: string[] = []
  cache.onChange(({ key }) => heard.push(key.name))
  server.send('ADDED', configMap('b', 2))
  server.send('ADDED', configMap('c', 3))
  assert.deepEqual(heard, ['a', 'b', 'c'])
  assert.deepEqual(names(cache), ['a', 'b', 'c'])
})

test('stopped, it hears nothing more and ends: while it watches, waits to try again, or before its first list', async () => {
  const watching = await start()
  watching.cache.stop()
  watching.server.send('ADDED', configMap('b', 2))
  await watching.world.advance(1)
  assert.deepEqual(names(watching.cache), ['a'])
  assert.equal(watching.server.open, 0)

  const failing = createFakeServer()
  failing.failLists = new Error('refused')
  const waiting = await start(failing)
  waiting.cache.stop()
  await waiting.world.advance(60_000)
  assert.equal(failing.lists, 1)

  const world = createWorld({ seed: 1 })
  const early = createCache(world.host('one'), createFakeServer().client, ConfigMap)
  early.stop()
  await world.advance(1)
  for (const one of [watching.world, waiting.world, world])
    await assert.rejects(
      one.until(() => false, 1_000),
      /nothing|Deadlock|nobody/i,
    )
})

test('waiting for caches ends when the signal is aborted', async () => {
  const abort = new AbortController()
  const never = { synced: new Promise<void>(() => {}) }
  const waiting = cachesSynced([never], abort.signal)
  abort.abort()
  assert.equal(await waiting, false)
  assert.equal(await cachesSynced([{ synced: Promise.resolve() }], new AbortController().signal), true)
})
