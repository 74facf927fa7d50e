import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { keyText, type ObjectKey } from '../../src/api/meta.ts'
import { sleep, type Clock } from '../../src/base/clock.ts'
import type { Client } from '../../src/client/client.ts'
import { settled, startController, watches, type Outcome } from '../../src/client/controller.ts'
import { createCache } from '../../src/client/reflector.ts'
import { createWorld } from '../../src/sim/world.ts'
import { bookmark, configMap, createFakeServer } from './fake_server.ts'

interface Around {
  readonly clock: Clock
  readonly seen: readonly string[]
}

async function start(reconcile: (key: ObjectKey, client: Client, around: Around) => Promise<Outcome>, workers = 4, updatesFail?: Error) {
  const world = createWorld({ seed: 1 })
  const host = world.host('one')
  const server = createFakeServer([configMap('a', 1), configMap('b', 1)])
  const writes = { revision: 1 }
  const client = {
    ...server.client,
    delete: async () => undefined,
    async update(_kind: unknown, object: ConfigMap) {
      if (updatesFail) {
        // It took effect, though nobody is told.
        server.items = [configMap('a', 5), configMap('b', 1)]
        server.revision = 9
        throw updatesFail
      }
      return configMap(object.metadata.name!, (writes.revision += 1))
    },
  } as unknown as Client
  const cache = createCache(host, client, ConfigMap)
  const seen: string[] = []
  const controller = startController(host, client, {
    name: 'test',
    sources: [watches(ConfigMap, cache)],
    workers,
    reconcile(key, api) {
      seen.push(`${world.now()} ${keyText(key)}`)
      return reconcile(key, api, { clock: host.clock, seen })
    },
  })
  await world.advance(1)
  return { world, host, server, cache, controller, seen }
}
const keysIn = (seen: readonly string[]) => seen.map(line => line.split(' ')[1])

test('what is there and what changes is reconciled by its key', async () => {
  const { world, server, seen } = await start(async () => settled)
  assert.deepEqual(keysIn(seen), ['default/a', 'default/b'])
  server.send('MODIFIED', configMap('b', 2))
  await world.advance(1)
  assert.deepEqual(keysIn(seen), ['default/a', 'default/b', 'default/b'])
})

test('after its own write a controller waits until the cache has reached it', async () => {
  const { world, server, seen } = await start(async ({ name }, api, { seen: so }) => {
    if (name === 'a' && so.length < 3) await api.update(ConfigMap, { metadata: { name, namespace: 'default' } })
    return settled
  })
  server.send('MODIFIED', { ...configMap('a', 1), data: { changed: 'but not by us' } })
  await world.advance(500)
  assert.deepEqual(keysIn(seen), ['default/a', 'default/b'], 'the cache is at 1, the write was 2')
  server.send('BOOKMARK', bookmark(2))
  await world.advance(1)
  assert.deepEqual(seen, ['0 default/a', '0 default/b', '501 default/a'], 'in the instant in which it has')
})

test('a change right behind an own write is looked at as soon as the cache has seen the write, without a pause', async () => {
  const { world, server, seen } = await start(async ({ name }, api, { seen: so }) => {
    if (name === 'a' && so.length < 3) await api.update(ConfigMap, { metadata: { name, namespace: 'default' } })
    return settled
  })
  await world.advance(99)
  // First somebody else's change, of a revision below ours, then our own.
  server.send('MODIFIED', { ...configMap('a', 1), data: { changed: 'but not by us' } })
  await world.advance(3)
  server.send('MODIFIED', configMap('a', 2))
  await world.advance(100)
  assert.deepEqual(seen, ['0 default/a', '0 default/b', '103 default/a'], 'once, and at once')
})

test('what a controller has removed at once is not looked at before the cache has lost it', async () => {
  const { world, server, seen } = await start(async ({ name, namespace }, api, { seen: so }) => {
    if (name === 'a' && so.length < 3) await api.delete(ConfigMap, { name: 'b', namespace }, { uid: 'uid-b' })
    return settled
  })
  server.send('MODIFIED', configMap('a', 2))
  await world.advance(100)
  assert.deepEqual(keysIn(seen), ['default/a', 'default/b'], 'the cache still shows b')
  server.send('DELETED', configMap('b', 3))
  await world.advance(1)
  assert.deepEqual(keysIn(seen), ['default/a', 'default/b', 'default/b', 'default/a'])
})

test('after a write whose answer was lost a controller waits until the cache shows what a list shows', async () => {
  const lost = new Error('read tcp: read: connection reset by peer')
  const { world, server, seen } = await start(
    async ({ name }, api, { seen: so }) => {
      if (name !== 'a' || so.length > 2) return settled
      return api.update(ConfigMap, { metadata: { name, namespace: 'default' } }).then(() => settled)
    },
    4,
    lost,
  )
  await world.advance(500)
  assert.deepEqual(keysIn(seen), ['default/a', 'default/b'], 'a is at 5 in the list, the cache at 1')
  server.send('BOOKMARK', bookmark(5))
  await world.advance(1)
  assert.deepEqual(keysIn(seen), ['default/a', 'default/b', 'default/a'])
})

test('what comes while the list is under way is not missing in it', async () => {
  const { world, server, seen } = await start(
    async ({ name }, api, { seen: so }) => {
      if (name !== 'a' || so.length > 2) return settled
      return api.update(ConfigMap, { metadata: { name, namespace: 'default' } }).then(() => settled)
    },
    4,
    new Error('read tcp: read: connection reset by peer'),
  )
  const listed = [configMap('a', 5), configMap('b', 1)]
  Object.defineProperty(server, 'items', {
    get() {
      server.send('ADDED', configMap('c', 6))
      return listed
    },
  })
  await world.advance(500)
  assert.deepEqual(new Set(keysIn(seen)), new Set(['default/a', 'default/b', 'default/c']))
  assert.equal(keysIn(seen).filter(key => key === 'default/a').length, 2)
})

test('a failure is tried again after 5 ms, doubled each time, and does not hold up others', async () => {
  let failures = 0
  const { world, server, seen } = await start(async ({ name }) => {
    if (name === 'a' && failures++ < 4) throw new Error('not yet')
    return settled
  })
  await world.advance(20)
  server.send('MODIFIED', configMap('b', 2))
  await world.advance(1_000)
  const times = seen.filter(line => line.endsWith('/a')).map(line => Number(line.split(' ')[0]))
  assert.deepEqual(
    times.slice(1).map((time, i) => time - times[i]!),
    [5, 10, 20, 40],
  )
  assert.equal(seen.filter(line => line.endsWith('/b')).length, 2)
})

test('whoever wants another look gets it after that time', async () => {
  const { world, seen } = await start(async ({ name }, _, { seen: so }) => (name === 'a' && so.length < 4 ? { again: 300 } : settled))
  await world.advance(2_000)
  const times = seen.filter(line => line.endsWith('/a')).map(line => Number(line.split(' ')[0]))
  assert.deepEqual(times, [0, 300, 600])
})

test('a slow key keeps one worker busy; changes meanwhile are one more look', async () => {
  let running = 0
  let runningMax = 0
  const { world, server, seen } = await start(async ({ name }, _, { clock }) => {
    if (name !== 'a') return settled
    runningMax = Math.max(runningMax, ++running)
    await sleep(clock, 1_000)
    running--
    return settled
  })
  for (let revision = 2; revision < 12; revision++) {
    server.send('MODIFIED', configMap('a', revision))
    server.send('MODIFIED', configMap('b', revision))
    await world.advance(10)
  }
  await world.advance(5_000)
  assert.equal(runningMax, 1)
  assert.equal(seen.filter(line => line.endsWith('/a')).length, 2, 'the one that was under way, and one for all changes since')
  assert.equal(seen.filter(line => line.endsWith('/b')).length, 1 + 10)
})

test('stopping waits for what is under way and starts nothing more, also before the caches are filled', async () => {
  let ended = 0
  const { world, server, controller, seen } = await start(async (_key, _api, { clock }) => {
    await sleep(clock, 100)
    ended++
    return settled
  })
  const before = seen.length
  const stopping = controller.stop()
  server.send('MODIFIED', configMap('b', 3))
  await world.finish(stopping)
  assert.equal(ended, 2)
  assert.equal(seen.length, before)

  const early = createWorld({ seed: 2 })
  const failing = createFakeServer()
  failing.failLists = new Error('refused')
  const other = early.host('one')
  const idle = startController(other, failing.client, {
    name: 'early',
    sources: [watches(ConfigMap, createCache(other, failing.client, ConfigMap))],
    reconcile: async () => settled,
  })
  await early.advance(100)
  await early.finish(idle.stop())
})
