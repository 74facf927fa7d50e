/** Pods that were there before anybody looked, and what the API shows of others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import { keyOf } from '../../api/meta.ts'
import { manualClock } from '../../base/testing/manual_clock.ts'
import type { Cache, CacheChange } from '../../client/cache.ts'
import { followPods } from './follow_pods.ts'
import { createNodeTrace } from './node_trace.ts'
import { createRecords } from './records.ts'

const START = Date.UTC(2026, 0, 1, 12)

async function begin({ listed = [] as object[] } = {}) {
  const clock = manualClock(START)
  const records = createRecords(clock)
  let tell: (change: CacheChange<Pod>) => void = () => undefined
  let markSynced = (): void => undefined
  const synced = new Promise<void>(resolve => (markSynced = resolve))
  const cache = { synced, onChange: (listener: typeof tell) => ((tell = listener), { stop() {} }) }
  followPods(records, cache as unknown as Cache<Pod>)
  const known = new Map<string, Pod>()
  const set = (given: object | undefined, name = 'web') => {
    const previous = known.get(name)
    const object = given as Pod | undefined
    if (object) known.set(name, object)
    tell({ key: keyOf((object ?? previous)!), object, previous })
  }
  for (const pod of listed) set(pod)
  markSynced()
  await synced
  const spans = () =>
    records.readings
      .list()[0]!
      .spans.map(({ type, startAt, finishAt, startMs, finishMs, reason, origin }) => [
        type,
        startAt?.slice(11, 19),
        finishAt?.slice(11, 19),
        startMs,
        finishMs,
        reason,
        origin,
      ])
  return { clock, set, spans, records, trace: createNodeTrace(records) }
}

const pod = (metadata: object = {}, spec: object = {}, status: object = {}) => ({
  metadata: { name: 'web', namespace: 'default', uid: 'web-uid', creationTimestamp: '2026-01-01T11:00:00Z', ...metadata },
  spec,
  status,
})
const conditions = (...types: [string, string][]) => ({
  conditions: types.map(([type, at]) => ({ type, status: 'True', lastTransitionTime: `2026-01-01T${at}Z` })),
})

test('of a Pod that is older than the process its object still tells, to the second', async () => {
  const deletion = { deletionTimestamp: '2026-01-01T11:50:30Z', deletionGracePeriodSeconds: 30 }
  const old = pod(deletion, { nodeName: 'a' }, conditions(['PodScheduled', '11:00:02'], ['Ready', '11:00:09']))
  const { clock, set, spans, trace } = await begin({ listed: [old] })
  trace.note({ namespace: 'default', name: 'web', uid: 'web-uid' }, { type: 'Delivery' })
  clock.advance(1_000)
  set(undefined)
  assert.deepEqual(spans(), [
    ['Scheduling', '11:00:00', '11:00:02', undefined, undefined, undefined, 'derived'],
    ['Ready', '11:00:09', '12:00:01', undefined, 1_000, 'Deleted', 'derived'],
    ['Deletion', '11:50:00', '12:00:01', undefined, 1_000, undefined, 'derived'],
  ])
})

test('a kubelet that hears of a Pod before the recorder does has made up for it', async () => {
  const { clock, set, spans, trace } = await begin()
  set(pod())
  clock.advance(10)
  trace.note({ namespace: 'default', name: 'web', uid: 'web-uid' }, { type: 'Delivery' })
  clock.advance(1)
  set(pod({}, { nodeName: 'a' }))
  assert.deepEqual(
    spans().map(([type, , , startMs, finishMs]) => [type, startMs, finishMs]),
    [
      ['Scheduling', 0, 10],
      ['Delivery', 10, 10],
    ],
  )
})

test('an update of a Pod that says nothing new changes no timeline', async () => {
  const { set, records } = await begin()
  const same = (label = 'web') =>
    pod({ labels: { app: label } }, { nodeName: 'a' }, { phase: 'Running', podIP: '10.0.0.1', ...conditions(['Ready', '11:00:09']) })
  set(same())
  const { revision } = records.readings
  set(same())
  assert.equal(records.readings.revision, revision)
  set(same('other'))
  assert.equal(records.readings.revision, revision + 1)
})

test('a Pod that is removed without having been asked to go was forced out, and a mirror is its static Pod', async () => {
  const { clock, set, spans, records, trace } = await begin()
  trace.begin({ namespace: 'default', name: 'web', uid: 'static-uid' }, { type: 'Container', container: 'web' })
  clock.advance(5)
  set(pod({ annotations: { 'kubernetes.io/config.mirror': 'static-uid' } }, { nodeName: 'a' }))
  set(undefined)
  assert.equal(records.readings.list().length, 1)
  assert.deepEqual(
    spans().map(([type, , , startMs, finishMs, reason]) => [type, startMs, finishMs, reason]),
    [
      ['Container', 0, undefined, undefined],
      ['Scheduling', 5, 5, undefined],
      ['Delivery', 5, 5, 'Deleted'],
      ['Deletion', 5, 5, 'Forced'],
    ],
  )
})
