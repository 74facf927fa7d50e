import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '../../src/api/kinds/event.ts'
import type { EventsEvent } from '../../src/api/kinds/events_event.ts'
import type { Pod } from '../../src/api/kinds/pod.ts'
import { failure } from '../../src/api/status.ts'
import { sleep } from '../../src/base/clock.ts'
import type { Host } from '../../src/base/host.ts'
import type { Client } from '../../src/client/client.ts'
import { createEventRecorder } from '../../src/client/events.ts'
import { createSeriesEventRecorder } from '../../src/client/series_events.ts'
import { createWorld } from '../../src/sim/world.ts'

const pod = (name: string): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '7' } }) as Pod

/** Keeps events as an API server would; each write takes 5 ms. */
function fakeEvents(host: Host) {
  const events = new Map<string, Record<string, unknown>>()
  const writes: string[] = []
  let together = 0
  const state = { writes, events, togetherMax: 0, forget: () => events.clear() }
  const write = async (text: string) => {
    writes.push(text)
    state.togetherMax = Math.max(state.togetherMax, ++together)
    await sleep(host.clock, 5)
    together--
  }
  const client = {
    async create(_kind: unknown, event: { metadata: { name: string } }) {
      await write('create')
      events.set(event.metadata.name, event)
    },
    async patch(_kind: unknown, { name }: { name: string }, { body }: { body: object }) {
      await write('patch')
      const event = events.get(name)
      if (!event) throw failure(404, 'NotFound', 'events not found')
      events.set(name, { ...event, ...body })
    },
  } as unknown as Client
  return { ...state, client, state }
}

function startCore() {
  const world = createWorld({ seed: 1 })
  const host = world.host('one')
  const api = fakeEvents(host)
  const recorder = createEventRecorder(host, api.client, { component: 'kubelet', host: 'node-0' })
  return { world, api, recorder, all: () => [...api.events.values()] as unknown as Event[] }
}

test('an event says what happened to what, when, and who says so', async () => {
  const { world, recorder, all } = startCore()
  recorder.warning(pod('web'), 'BackOff', 'Back-off restarting', 'spec.containers{main}')
  await world.advance(100)
  const [event] = all()
  assert.match(event!.metadata.name!, /^web\.[0-9a-f]{16}$/)
  assert.deepEqual(
    { ...event, metadata: { namespace: event!.metadata.namespace } },
    {
      metadata: { namespace: 'shop' },
      involvedObject: {
        apiVersion: 'v1',
        kind: 'Pod',
        namespace: 'shop',
        name: 'web',
        uid: 'uid-web',
        resourceVersion: '7',
        fieldPath: 'spec.containers{main}',
      },
      type: 'Warning',
      reason: 'BackOff',
      message: 'Back-off restarting',
      count: 1,
      source: { component: 'kubelet', host: 'node-0' },
      reportingComponent: 'kubelet',
      reportingInstance: 'node-0',
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
    },
  )
})

test('the same again is counted; another part of the object is another event', async () => {
  const { world, api, recorder, all } = startCore()
  for (let i = 0; i < 3; i++) {
    recorder.normal(pod('web'), 'Pulled', 'Image there', 'spec.containers{main}')
    await world.advance(10_000)
  }
  recorder.normal(pod('web'), 'Pulled', 'Image there', 'spec.containers{other}')
  await world.advance(100)
  assert.deepEqual(
    all().map(({ count, firstTimestamp, lastTimestamp }) => [count, firstTimestamp, lastTimestamp]),
    [
      [3, '2026-01-01T00:00:00Z', '2026-01-01T00:00:20Z'],
      [1, '2026-01-01T00:00:30Z', '2026-01-01T00:00:30Z'],
    ],
  )
  assert.deepEqual(api.writes, ['create', 'patch', 'patch', 'create'])
})

test('what repeats while it is being written is one write', async () => {
  const { world, api, recorder, all } = startCore()
  for (let i = 0; i < 20; i++) recorder.normal(pod('web'), 'Pulled', 'Image there')
  await world.advance(100)
  assert.equal(all()[0]?.count, 20)
  assert.ok(api.writes.length <= 2, String(api.writes.length))
})

test('more than ten different messages become one event that counts', async () => {
  const { world, recorder, all } = startCore()
  for (let i = 1; i <= 14; i++) recorder.warning(pod('web'), 'Unhealthy', `probe failed: ${i}`)
  await world.advance(100)
  assert.equal(all().length, 11)
  const inOrder = all().toSorted((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1))
  assert.deepEqual(
    inOrder.slice(0, 10).map(({ message }) => message),
    Array.from({ length: 10 }, (_, i) => `probe failed: ${i + 1}`),
  )
  assert.deepEqual([inOrder[10]?.message, inOrder[10]?.count], ['(combined from similar events): probe failed: 14', 4])
  await world.advance(600_001)
  recorder.warning(pod('web'), 'Unhealthy', 'probe failed: 99')
  await world.advance(100)
  assert.equal(all().at(-1)?.message, 'probe failed: 99', 'after ten quiet minutes it is news again')
})

test('a flood about one object is cut off after 25, counted on, and does not silence others', async () => {
  const { world, api, recorder, all } = startCore()
  for (let i = 0; i < 40; i++) {
    recorder.warning(pod('web'), 'BackOff', 'Back-off restarting')
    await world.advance(1_000)
  }
  assert.equal(api.writes.length, 25)
  assert.equal(all()[0]?.count, 25)
  recorder.normal(pod('other'), 'Pulled', 'Image there')
  await world.advance(300_000)
  recorder.warning(pod('web'), 'BackOff', 'Back-off restarting')
  await world.advance(100)
  assert.deepEqual(
    all().map(({ count }) => count),
    [41, 1],
  )
})

test('an event that the server has forgotten is written anew, with its count', async () => {
  const { world, api, recorder, all } = startCore()
  recorder.normal(pod('web'), 'Pulled', 'Image there')
  await world.advance(100)
  api.forget()
  recorder.normal(pod('web'), 'Pulled', 'Image there')
  await world.advance(100)
  assert.deepEqual(
    all().map(({ count }) => count),
    [2],
  )
})

test('many events are written side by side, but not more than sixteen, and none is lost up to a thousand', async () => {
  const { world, api, recorder, all } = startCore()
  for (let i = 0; i < 1_000; i++) recorder.normal(pod(`web-${i}`), 'Pulled', 'Image there')
  await world.advance(5_000)
  assert.equal(all().length, 1_000)
  assert.equal(api.state.togetherMax, 16)
})

function startSeries() {
  const world = createWorld({ seed: 1 })
  const host = world.host('one')
  const api = fakeEvents(host)
  const recorder = createSeriesEventRecorder(host, api.client, { controller: 'default-scheduler', instance: 'me', actions: { Scheduled: 'Binding' } })
  return { world, api, recorder, all: () => [...api.events.values()] as unknown as EventsEvent[] }
}

test('the newer events have a time, an action and no count', async () => {
  const { world, recorder, all } = startSeries()
  recorder.normal(pod('web'), 'Scheduled', 'Successfully assigned')
  await world.advance(100)
  const [event] = all()
  assert.deepEqual(
    { ...event, metadata: undefined },
    {
      metadata: undefined,
      eventTime: '2026-01-01T00:00:00.000000Z',
      type: 'Normal',
      reason: 'Scheduled',
      note: 'Successfully assigned',
      action: 'Binding',
      reportingController: 'default-scheduler',
      reportingInstance: 'me',
      regarding: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web', uid: 'uid-web', resourceVersion: '7' },
    },
  )
})

test('the second within six minutes makes a series, whose later ones are written seldom', async () => {
  const { world, api, recorder, all } = startSeries()
  for (let i = 0; i < 30; i++) {
    recorder.warning(pod('web'), 'FailedScheduling', `0/${i} nodes`)
    await world.advance(10_000)
  }
  assert.deepEqual(
    all().map(({ note, series }) => [note, series?.count]),
    [['0/0 nodes', 2]],
  )
  assert.deepEqual(api.writes, ['create', 'patch'])
  await world.advance(120_000)
  assert.deepEqual(
    all().map(({ series }) => [series?.count, series?.lastObservedTime]),
    [[30, '2026-01-01T00:04:50.000000Z']],
  )
  assert.deepEqual(api.writes, ['create', 'patch', 'patch'])
})

test('after six quiet minutes a new event begins', async () => {
  const { world, recorder, all } = startSeries()
  recorder.warning(pod('web'), 'FailedScheduling', 'first')
  await world.advance(360_001)
  recorder.warning(pod('web'), 'FailedScheduling', 'second')
  await world.advance(100)
  assert.deepEqual(
    all().map(({ note, series }) => [note, series]),
    [
      ['first', undefined],
      ['second', undefined],
    ],
  )
})
