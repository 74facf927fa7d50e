import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CONFIG_MAPS, configMapNamed, podNamed, PODS, startServer, type Harness } from './harness.ts'

const names = (list: any): string[] => list.items.map((item: any) => item.metadata.name)
const events = (watch: { events: { type: string; object: any }[] }): string[] =>
  watch.events.map(({ type, object }) => `${type} ${object.metadata?.name ?? ''}`.trim())

async function withConfigMaps(server: Harness, ...all: string[]): Promise<void> {
  for (const name of all) assert.equal((await server.post(CONFIG_MAPS, { metadata: { name, labels: { name } } })).status, 201)
}

describe('get', () => {
  test('missing is 404 with what was missed', async () => {
    const server = await startServer()
    const answer = await server.get(`${PODS}/web`)
    assert.equal(answer.status, 404)
    assert.deepEqual(answer.json, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'pods "web" not found',
      reason: 'NotFound',
      details: { name: 'web', kind: 'pods' },
      code: 404,
    })
  })

  test('a version that has not come yet is 504', async () => {
    const server = await startServer()
    const answer = await server.get('/api/v1/namespaces/default?resourceVersion=99999')
    assert.equal(answer.status, 504)
    assert.match(answer.json.message, /^Timeout: Too large resource version: 99999, current: \d+$/)
    assert.equal(answer.json.details.causes[0].reason, 'ResourceVersionTooLarge')
  })
})

describe('list', () => {
  test('of a namespace, of all, with the revision of the store', async () => {
    const server = await startServer()
    await withConfigMaps(server, 'b', 'a')
    await server.post('/api/v1/namespaces/kube-system/configmaps', configMapNamed('c'))
    const one = await server.get(CONFIG_MAPS)
    assert.equal(one.json.kind, 'ConfigMapList')
    assert.equal(one.json.apiVersion, 'v1')
    assert.deepEqual(names(one.json), ['a', 'b'])
    assert.equal(one.json.metadata.resourceVersion, String(server.store.revision))
    assert.deepEqual(names((await server.get('/api/v1/configmaps')).json), ['a', 'b', 'c'])
  })

  test('an empty list has items', async () => {
    const server = await startServer()
    assert.deepEqual((await server.get('/api/v1/nodes')).json.items, [])
  })

  test('a prefix of a namespace is another namespace', async () => {
    const server = await startServer()
    await server.post('/api/v1/namespaces', { metadata: { name: 'default-2' } })
    await server.post('/api/v1/namespaces/default-2/configmaps', configMapNamed('x'))
    assert.deepEqual(names((await server.get(CONFIG_MAPS)).json), [])
  })

  test('label and field selectors', async () => {
    const server = await startServer()
    await server.post(PODS, podNamed('a', { metadata: { name: 'a', labels: { app: 'x', tier: '1' } } }))
    await server.post(
      PODS,
      podNamed('b', { metadata: { name: 'b', labels: { app: 'x' } }, spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'i' }] } }),
    )
    const select = async (query: string) => names((await server.get(`${PODS}?${query}`)).json)
    assert.deepEqual(await select('labelSelector=app%3Dx'), ['a', 'b'])
    assert.deepEqual(await select('labelSelector=app%3Dx,!tier'), ['b'])
    assert.deepEqual(await select('labelSelector=app+in+(x,y),tier'), ['a'])
    assert.deepEqual(await select('fieldSelector=metadata.name%3Da'), ['a'])
    assert.deepEqual(await select('fieldSelector=metadata.name%3Dnone'), [])
    assert.deepEqual(await select('fieldSelector=spec.nodeName%3Dn1'), ['b'])
    assert.deepEqual(await select('fieldSelector=status.phase!%3DPending'), [])
    const wrong = await server.get(`${PODS}?fieldSelector=spec.hostname%3Dx`)
    assert.equal(wrong.status, 400)
    assert.equal(wrong.json.message, 'field label not supported: spec.hostname')
    assert.equal((await server.get(`${PODS}?labelSelector=a+b+c`)).status, 400)
  })

  test('pages share one revision and say how much is left', async () => {
    const server = await startServer()
    await withConfigMaps(server, 'a', 'b', 'c', 'd', 'e')
    const first = (await server.get(`${CONFIG_MAPS}?limit=2`)).json
    assert.deepEqual(names(first), ['a', 'b'])
    assert.equal(first.metadata.remainingItemCount, 3)
    await withConfigMaps(server, 'bb')
    await server.delete(`${CONFIG_MAPS}/c`)
    const second = (await server.get(`${CONFIG_MAPS}?limit=2&continue=${first.metadata.continue}`)).json
    assert.deepEqual(names(second), ['c', 'd'])
    assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion)
    const last = (await server.get(`${CONFIG_MAPS}?limit=2&continue=${second.metadata.continue}`)).json
    assert.deepEqual(names(last), ['e'])
    assert.equal(last.metadata.continue, undefined)
    assert.equal(last.metadata.remainingItemCount, undefined)
  })

  test('with a selector, pages are filled and nobody says how much is left', async () => {
    const server = await startServer()
    await withConfigMaps(server, 'a', 'b', 'c', 'd')
    const query = 'labelSelector=name+notin+(b)&limit=2'
    const first = (await server.get(`${CONFIG_MAPS}?${query}`)).json
    assert.deepEqual(names(first), ['a', 'c'])
    assert.equal(first.metadata.remainingItemCount, undefined)
    assert.deepEqual(names((await server.get(`${CONFIG_MAPS}?${query}&continue=${first.metadata.continue}`)).json), ['d'])
  })

  test('a token whose revision is gone comes with a fresh one that goes on in the present', async () => {
    const server = await startServer()
    await withConfigMaps(server, 'a', 'b', 'c')
    const first = (await server.get(`${CONFIG_MAPS}?limit=1`)).json
    await withConfigMaps(server, 'bb')
    await server.store.compact(server.store.revision)
    const gone = await server.get(`${CONFIG_MAPS}?limit=1&continue=${first.metadata.continue}`)
    assert.equal(gone.status, 410)
    assert.equal(gone.json.reason, 'Expired')
    assert.match(gone.json.message, /^The provided continue parameter is too old/)
    const rest = (await server.get(`${CONFIG_MAPS}?continue=${gone.json.metadata.continue}`)).json
    assert.deepEqual(names(rest), ['b', 'bb', 'c'])
    assert.equal((await server.get(`${CONFIG_MAPS}?continue=forged`)).status, 400)
  })

  test('resourceVersion and resourceVersionMatch', async () => {
    const server = await startServer()
    await withConfigMaps(server, 'a')
    const then = server.store.revision
    await withConfigMaps(server, 'b')
    const at = async (query: string) => server.get(`${CONFIG_MAPS}?${query}`)
    assert.deepEqual(names((await at('resourceVersion=0')).json), ['a', 'b'])
    assert.deepEqual(names((await at('resourceVersion=0&limit=1')).json), ['a', 'b'])
    assert.deepEqual(names((await at(`resourceVersion=${then}`)).json), ['a', 'b'])
    assert.deepEqual(names((await at(`resourceVersion=${then}&resourceVersionMatch=NotOlderThan`)).json), ['a', 'b'])
    const exact = (await at(`resourceVersion=${then}&resourceVersionMatch=Exact`)).json
    assert.deepEqual(names(exact), ['a'])
    assert.equal(exact.metadata.resourceVersion, String(then))
    assert.equal((await at('resourceVersion=99999')).status, 504)
    for (const query of [
      'resourceVersionMatch=Exact',
      'resourceVersion=0&resourceVersionMatch=Exact',
      'resourceVersion=1&resourceVersionMatch=Sometimes',
      'resourceVersion=x',
      `resourceVersion=1&resourceVersionMatch=NotOlderThan&continue=abc`,
    ]) {
      assert.equal((await at(query)).status, 422, query)
    }
    await server.store.compact(server.store.revision)
    const gone = await at(`resourceVersion=${then}&resourceVersionMatch=Exact`)
    assert.equal(gone.status, 410)
    assert.equal(gone.json.reason, 'Expired')
  })
})

describe('watch', () => {
  test('from now: what is there, then what happens', async () => {
    const server = await startServer()
    await withConfigMaps(server, 'a')
    const watch = await server.watch(`${CONFIG_MAPS}?watch=true`)
    await withConfigMaps(server, 'b')
    await server.patch(`${CONFIG_MAPS}/a`, 'merge', { data: { x: '1' } })
    await server.delete(`${CONFIG_MAPS}/b`)
    assert.deepEqual(events(watch), ['ADDED a', 'ADDED b', 'MODIFIED a', 'DELETED b'])
  })

  test('from a revision: what happened since, and what happens', async () => {
    const server = await startServer()
    await withConfigMaps(server, 'a')
    const { metadata } = (await server.get(CONFIG_MAPS)).json
    await withConfigMaps(server, 'b')
    const watch = await server.watch(`${CONFIG_MAPS}?watch=1&resourceVersion=${metadata.resourceVersion}`)
    await withConfigMaps(server, 'c')
    assert.deepEqual(events(watch), ['ADDED b', 'ADDED c'])
  })

  test('a past that is gone is an ERROR event, and the end', async () => {
    const server = await startServer()
    await withConfigMaps(server, 'a', 'b')
    await server.store.compact(server.store.revision)
    const watch = await server.watch(`${CONFIG_MAPS}?watch=1&resourceVersion=1`)
    assert.equal(watch.events.length, 1)
    assert.equal(watch.events[0]!.type, 'ERROR')
    assert.equal(watch.events[0]!.object.code, 410)
    assert.equal(watch.events[0]!.object.reason, 'Expired')
    assert.match(watch.events[0]!.object.message, /^too old resource version: 1 \(\d+\)$/)
    assert.equal(watch.ended(), true)
  })

  test('objects enter and leave a selection', async () => {
    const server = await startServer()
    await withConfigMaps(server, 'a')
    const watch = await server.watch(`${CONFIG_MAPS}?watch=1&labelSelector=on%3Dyes`)
    await server.patch(`${CONFIG_MAPS}/a`, 'merge', { metadata: { labels: { on: 'yes' } } })
    await server.patch(`${CONFIG_MAPS}/a`, 'merge', { data: { x: '1' } })
    const left = (await server.patch(`${CONFIG_MAPS}/a`, 'merge', { metadata: { labels: { on: 'no' } } })).json
    await server.patch(`${CONFIG_MAPS}/a`, 'merge', { data: { x: '2' } })
    await server.delete(`${CONFIG_MAPS}/a`)
    assert.deepEqual(events(watch), ['ADDED a', 'MODIFIED a', 'DELETED a'])
    const last = watch.events[2]!.object.metadata
    assert.equal(last.labels.on, 'yes')
    assert.equal(last.resourceVersion, left.metadata.resourceVersion)
  })

  test('by name, by namespace, by node', async () => {
    const server = await startServer()
    const byName = await server.watch(`${PODS}?watch=1&fieldSelector=metadata.name%3Dweb`)
    const everywhereByName = await server.watch('/api/v1/pods?watch=1&fieldSelector=metadata.name%3Dweb')
    const byNode = await server.watch('/api/v1/pods?watch=1&fieldSelector=spec.nodeName%3Da')
    const elsewhere = await server.watch('/api/v1/namespaces/kube-system/pods?watch=1')
    await server.post(PODS, podNamed('web'))
    await server.post(PODS, podNamed('web2'))
    await server.post(`${PODS}/web/binding`, { target: { kind: 'Node', name: 'a' } })
    await server.delete(`${PODS}/web`, { gracePeriodSeconds: 0 })
    assert.deepEqual(events(byName), ['ADDED web', 'MODIFIED web', 'DELETED web'])
    assert.deepEqual(events(everywhereByName), ['ADDED web', 'MODIFIED web', 'DELETED web'])
    assert.deepEqual(events(byNode), ['ADDED web', 'DELETED web'])
    assert.deepEqual(events(elsewhere), [])
  })

  test('the old watch paths', async () => {
    const server = await startServer()
    const watch = await server.watch('/api/v1/watch/namespaces/default/configmaps/a')
    await withConfigMaps(server, 'a', 'b')
    assert.deepEqual(events(watch), ['ADDED a'])
  })

  test('bookmarks come every minute and before the end, for those who asked', async () => {
    const server = await startServer()
    const watch = await server.watch(`${CONFIG_MAPS}?watch=1&allowWatchBookmarks=true&timeoutSeconds=150`)
    const without = await server.watch(`${CONFIG_MAPS}?watch=1&timeoutSeconds=150`)
    server.clock.advance(60_000)
    await server.post('/api/v1/namespaces', { metadata: { name: 'elsewhere' } })
    server.clock.advance(90_000)
    assert.deepEqual(
      watch.events.map(event => event.type),
      ['BOOKMARK', 'BOOKMARK', 'BOOKMARK'],
    )
    assert.deepEqual(watch.events[2]!.object, { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: String(server.store.revision) } })
    assert.deepEqual(without.events, [])
    assert.equal(watch.ended() && without.ended(), true)
  })

  test('without timeoutSeconds a watch ends after half an hour to an hour', async () => {
    const server = await startServer()
    const watch = await server.watch(`${CONFIG_MAPS}?watch=1`)
    server.clock.advance(1_799_000)
    assert.equal(watch.ended(), false)
    server.clock.advance(1_801_000)
    assert.equal(watch.ended(), true)
  })

  test('sendInitialEvents ends the begin with a marked bookmark', async () => {
    const server = await startServer()
    await withConfigMaps(server, 'a')
    const query = 'watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan'
    const watch = await server.watch(`${CONFIG_MAPS}?${query}`)
    assert.deepEqual(events(watch), ['ADDED a', 'BOOKMARK'])
    assert.deepEqual(watch.events[1]!.object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' })
    await withConfigMaps(server, 'b')
    assert.deepEqual(events(watch), ['ADDED a', 'BOOKMARK', 'ADDED b'])
    for (const wrong of [
      'watch=1&sendInitialEvents=true',
      'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan',
      'watch=1&resourceVersionMatch=NotOlderThan&resourceVersion=1',
    ]) {
      assert.equal((await server.get(`${CONFIG_MAPS}?${wrong}`)).status, 422, wrong)
    }
  })

  test('an event is encoded once, however many watchers there are', async () => {
    const server = await startServer()
    const watches = await Promise.all(Array.from({ length: 5 }, () => server.watch(`${CONFIG_MAPS}?watch=1`)))
    await withConfigMaps(server, 'a')
    const frames = new Set(watches.map(watch => watch.raw[0]!.json()))
    assert.equal(frames.size, 1)
  })

  test('stopping, the client going away and the server closing all end it', async () => {
    const server = await startServer()
    const abort = new AbortController()
    const stopped = await server.watch(`${CONFIG_MAPS}?watch=1`)
    const gone = await server.watch(`${CONFIG_MAPS}?watch=1`, { signal: abort.signal })
    const left = await server.watch(`${CONFIG_MAPS}?watch=1`)
    stopped.stop()
    abort.abort()
    await withConfigMaps(server, 'a')
    assert.deepEqual([events(stopped), events(gone), events(left)], [[], [], ['ADDED a']])
    server.server.close()
    assert.equal(left.ended(), true)
  })

  test('a watcher that fails does not cost the others their events', async () => {
    const server = await startServer()
    const { response } = await server.get(`${CONFIG_MAPS}?watch=1`)
    assert.equal(response.body.is, 'watch')
    if (response.body.is === 'watch')
      response.body.watch.start({
        event() {
          throw new Error('broken sink')
        },
        end() {},
      })
    const other = await server.watch(`${CONFIG_MAPS}?watch=1`)
    await withConfigMaps(server, 'a', 'b')
    assert.deepEqual(events(other), ['ADDED a', 'ADDED b'])
  })

  test('the same events are seen as core and as events.k8s.io', async () => {
    const server = await startServer()
    const core = await server.watch('/api/v1/events?watch=1')
    const renamed = await server.watch('/apis/events.k8s.io/v1/events?watch=1')
    const created = await server.post('/api/v1/namespaces/default/events', {
      metadata: { name: 'e' },
      involvedObject: { kind: 'Pod', name: 'web', namespace: 'default' },
      reason: 'Started',
      message: 'it began',
      type: 'Normal',
    })
    assert.equal(created.status, 201, created.text)
    assert.equal(core.events[0]!.object.message, 'it began')
    assert.equal(renamed.events[0]!.object.apiVersion, 'events.k8s.io/v1')
    assert.equal(renamed.events[0]!.object.note, 'it began')
    assert.deepEqual(names((await server.get('/apis/events.k8s.io/v1/namespaces/default/events?fieldSelector=regarding.name%3Dweb')).json), ['e'])
  })
})
