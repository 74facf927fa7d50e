/** timeline.poise.dev: what the API server answers, whoever has recorded it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { manualClock } from '../../src/base/testing/manual_clock.ts'
import { createNodeTrace } from '../../src/timeline/record/node_trace.ts'
import { createRecords, TELL_MS, TIMELINE_LIMITS } from '../../src/timeline/record/records.ts'
import { startServer } from './harness.ts'

const GROUP = '/apis/timeline.poise.dev/v1alpha1'
const DEFAULT = `${GROUP}/namespaces/default/podtimelines`

/** Timelines of Pods a and b in default, and of a in shop; each has its name as the label app. */
async function begin(gonePodsMax = 10) {
  const clock = manualClock(Date.UTC(2026, 0, 1))
  const records = createRecords(clock, { ...TIMELINE_LIMITS, gonePodsMax })
  const trace = createNodeTrace(records)
  const pod = (name: string, namespace = 'default') => ({ namespace, name, uid: `${name}-${namespace}-uid` })
  const add = (name: string, namespace?: string) => {
    const record = records.of(pod(name, namespace))
    record.labels = { app: name }
    records.known(record)
    return record
  }
  const all = [add('a'), add('b'), add('a', 'shop')] as const
  return { ...(await startServer({ timelines: records.readings, clock })), time: clock, records, trace, pod, add, all }
}

const names = ({ json }: { json: any }): string[] => json.items.map(({ metadata }: any) => `${metadata.namespace}/${metadata.name}`)
const heard = (events: readonly { type: string; object: any }[]): string[] => events.map(({ type, object }) => `${type} ${object.metadata?.name ?? ''}`.trim())

describe('timeline.poise.dev', () => {
  test('a list is of a namespace or of all, selected by label, name, and name or uid of the Pod', async () => {
    const server = await begin()
    assert.deepEqual(names(await server.get(`${GROUP}/podtimelines`)), ['default/a.a-defaul', 'default/b.b-defaul', 'shop/a.a-shop-u'])
    assert.deepEqual(names(await server.get(`${DEFAULT}?labelSelector=app%3Db&limit=1`)), ['default/b.b-defaul'])
    assert.deepEqual(names(await server.get(`${GROUP}/podtimelines?fieldSelector=pod.name%3Da`)), ['default/a.a-defaul', 'shop/a.a-shop-u'])
    assert.deepEqual(names(await server.get(`${GROUP}/podtimelines?fieldSelector=pod.uid%3Da-shop-uid`)), ['shop/a.a-shop-u'])
    assert.deepEqual(names(await server.get(`${DEFAULT}?fieldSelector=metadata.name%3Db.b-defaul`)), ['default/b.b-defaul'])
    const refused = await server.get(`${DEFAULT}?fieldSelector=spec.nodeName%3Da`)
    assert.deepEqual([refused.status, refused.json.message], [400, 'field label not supported: spec.nodeName'])
  })

  test('one is got by its own name; nobody writes any', async () => {
    const { get, ask, trace, pod } = await begin()
    trace.note(pod('a'), { type: 'Volumes' })
    const { json } = await get(`${DEFAULT}/a.a-defaul`)
    assert.deepEqual([json.kind, json.metadata.labels, json.pod], ['PodTimeline', { app: 'a' }, { name: 'a', uid: 'a-default-uid' }])
    assert.deepEqual(json.spans, [
      {
        type: 'Volumes',
        startAt: '2026-01-01T00:00:00.000000Z',
        finishAt: '2026-01-01T00:00:00.000000Z',
        startMs: 0,
        finishMs: 0,
        origin: 'recorded',
      },
    ])
    assert.equal((await get(`${DEFAULT}/a`)).json.message, 'podtimelines.timeline.poise.dev "a" not found')
    for (const [method, path] of [
      ['POST', DEFAULT],
      ['DELETE', DEFAULT],
      ['DELETE', `${DEFAULT}/a.a-defaul`],
    ] as const)
      assert.equal((await ask(method, path, { body: {} })).status, 405, `${method} ${path}`)
  })

  test('a watch goes on from a list, tells entering and leaving a selection, and ends with its time', async () => {
    const server = await begin(0)
    const { json } = await server.get(`${DEFAULT}?labelSelector=app%3Da`)
    const { trace, pod, add, records, time, all } = server
    trace.note(pod('a'), { type: 'Volumes' })
    const from = `watch=1&labelSelector=app%3Da&resourceVersion=${json.metadata.resourceVersion}&timeoutSeconds=10&allowWatchBookmarks=true`
    const watching = await server.watch(`${DEFAULT}?${from}`)
    assert.deepEqual(heard(watching.events.splice(0)), ['MODIFIED a.a-defaul'], 'what was missed comes at once')
    trace.note(pod('a'), { type: 'Sandbox' })
    trace.note(pod('b'), { type: 'Sandbox' })
    trace.note(pod('a', 'shop'), { type: 'Sandbox' })
    add('c').labels = { app: 'a' }
    time.advance(TELL_MS)
    assert.deepEqual(heard(watching.events.splice(0)), ['MODIFIED a.a-defaul', 'ADDED c.c-defaul'])
    all[0].labels = { app: 'other' }
    records.touch(all[0])
    all[1].labels = { app: 'a' }
    records.touch(all[1])
    time.advance(TELL_MS)
    assert.deepEqual(heard(watching.events.splice(0)), ['DELETED a.a-defaul', 'ADDED b.b-defaul'])
    records.gone(all[1])
    time.advance(TELL_MS)
    assert.deepEqual(heard(watching.events.splice(0)), ['DELETED b.b-defaul'])
    time.advance(10_000)
    assert.deepEqual([heard(watching.events), watching.ended()], [['BOOKMARK'], true])
    assert.equal(watching.events[0]!.object.metadata.resourceVersion, String(records.readings.revision), 'as far as anything was told')
  })

  test('a watch from now begins with what is there, and bookmarks that when it is asked to', async () => {
    const server = await begin()
    const plain = await server.watch(`${DEFAULT}?watch=1`)
    assert.deepEqual(heard(plain.events), ['ADDED a.a-defaul', 'ADDED b.b-defaul'])
    plain.stop()
    const listing = await server.watch(`${DEFAULT}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`)
    assert.deepEqual(heard(listing.events), ['ADDED a.a-defaul', 'ADDED b.b-defaul', 'BOOKMARK'])
    assert.equal(listing.events[2]!.object.metadata.annotations['k8s.io/initial-events-end'], 'true')
    listing.stop()
  })

  test('a past that nobody knows any more is 410: of an earlier life, or of a later one', async () => {
    const server = await begin()
    for (const revision of ['7', '999999999999999']) {
      const watching = await server.watch(`${DEFAULT}?watch=1&resourceVersion=${revision}`)
      assert.deepEqual([watching.events.map(({ type, object }) => [type, object.code, object.reason]), watching.ended()], [[['ERROR', 410, 'Expired']], true])
    }
  })

  test('a server without a recorder says that it cannot, and only who may read it may', async () => {
    const server = await startServer()
    const { status, json } = await server.get(DEFAULT)
    assert.deepEqual([status, json.message], [503, 'the server is currently unable to handle the request'])
    const refused = await server.get(DEFAULT, { as: { name: 'jane', groups: ['system:authenticated'] } })
    assert.deepEqual([refused.status, refused.json.reason], [403, 'Forbidden'])
  })
})
