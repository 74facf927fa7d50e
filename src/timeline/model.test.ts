import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAxis } from './axis.ts'
import { lanesOf, timelineModel } from './model.ts'
import { BEGAN_MS, BEGAN_WALL_MS, completeSpans, killedSpans, podTimeline, span, startingSpans } from './testing/fixtures.ts'

const only = (spans: ReturnType<typeof completeSpans>, nowMs?: number) => {
  const model = timelineModel([podTimeline('web-0', spans)], nowMs === undefined ? {} : { nowWallMs: BEGAN_WALL_MS + nowMs })
  return { model, lane: lanesOf(model)[0]! }
}

test('instants count from the earliest one, and zero tells the time of day', () => {
  const { model, lane } = only(completeSpans())
  assert.equal(model.zeroWallMs, BEGAN_WALL_MS)
  assert.equal(lane.beginMs, 0)
  assert.equal(lane.goneMs, 3_605_410)
  assert.equal(model.endMs, 3_605_410)
  assert.equal(model.precisionMs, 1)
})

test('what goes on is open and reaches until now', () => {
  const { model, lane } = only(startingSpans(), 10_000)
  assert.equal(model.endMs, 10_000)
  const run = lane.rows.find(({ id }) => id === 'Container/web')!.bars[0]!
  assert.deepEqual([run.fromMs, run.toMs, run.end, run.durationMs, run.label], [2_688, 10_000, 'open', undefined, 'runs'])
})

test('rows come in the order in which a Pod comes to them', () => {
  const { lane } = only(completeSpans())
  assert.equal(
    lane.rows.map(({ name, subject }) => `${name} ${subject}`.trim()).join(', '),
    'scheduling, delivery, volumes, sandbox, image pull migrate, start migrate, init migrate, image pull web, start web, run web, readiness web, ' +
      'Ready, endpoint web, rules web on node-a, rules web on node-b, deletion, terminating, preStop web, TERM web, sandbox stop',
  )
})

test('stages tell a whole life without gaps', () => {
  const { lane } = only(completeSpans())
  assert.deepEqual(
    lane.stages.map(({ kind, fromMs, toMs }) => `${kind} ${fromMs}-${toMs}`),
    ['pending 0-318', 'init 318-2688', 'starting 2688-3903', 'ready 3903-3600000', 'terminating 3600000-3605410'],
  )
})

test('the time until Ready is explained by the chain of steps it waited for', () => {
  const { lane } = only(startingSpans(), 10_000)
  assert.equal(lane.ready!.headline, 'Ready 3.903 s after it was created')
  assert.equal(
    lane.ready!.steps.map(({ label, fromMs, toMs }) => `${label} ${toMs - fromMs}`.trim()).join(', '),
    'scheduling 4, delivery 5, volumes 22, sandbox 181, image pull migrate 18, start migrate 88, init container migrate 702, ' +
      '4, image pull web 1566, start web 98, web until its readiness probe succeeds 1213, 2',
  )
})

test('a process that runs before the call to start it has returned does not hide that call', () => {
  const { lane } = only([
    span('Scheduling', 0, 10),
    span('ContainerStart', 10, 400, { container: 'web' }),
    span('Container', 350, undefined, { container: 'web' }),
    span('Probe', 900, undefined, { container: 'web', probe: 'readiness', result: 'success' }),
    span('Ready', 900, undefined),
  ])
  assert.equal(
    lane.ready!.steps.map(({ label, fromMs, toMs }) => `${label} ${toMs - fromMs}`).join(', '),
    'scheduling 10, start web 340, web until its readiness probe succeeds 550',
  )
})

test('the end tells of the kill, of the exit code, and of who still sent requests', () => {
  const { lane } = only(killedSpans())
  assert.equal(lane.end!.headline, 'gone 2.190 s after it was asked to go')
  assert.deepEqual(
    lane.end!.remarks.map(({ text, isBad }) => `${isBad ? '! ' : ''}${text}`),
    [
      '! web exited with code 137 (killed), 2.010 s after the deletion',
      '! web was killed 2.004 s after the deletion: its grace was over',
      '! node-b sent requests of web there for 34 ms after a container had exited',
    ],
  )
})

test('an instant nobody knows is unknown, and drawn as wide as it can have been', () => {
  const { model, lane } = only(
    [span('Scheduling', 0, 1_000, { origin: 'derived' }), { type: 'Sandbox', origin: 'unknown' }, span('Ready', 4_000, undefined, { origin: 'derived' })],
    6_000,
  )
  const sandbox = lane.rows.find(({ type }) => type === 'Sandbox')!.bars[0]!
  assert.deepEqual(
    [sandbox.start, sandbox.end, sandbox.tone, sandbox.fromMs, sandbox.toMs, sandbox.durationMs],
    ['unknown', 'unknown', 'unknown', 1_000, 6_000, undefined],
  )
  assert.ok(model.hasUnknown)
  assert.equal(model.precisionMs, 1000)
  assert.equal(lane.ready!.headline, 'Ready ≈ 4 s after it was created')
})

test('Pods are grouped by their owner and ordered by their beginning', () => {
  const model = timelineModel([
    podTimeline('c', startingSpans(900), { owner: 'ReplicaSet/new' }),
    podTimeline('b', startingSpans(300), { owner: 'ReplicaSet/old' }),
    podTimeline('a', startingSpans(200), { owner: 'ReplicaSet/old' }),
  ])
  assert.deepEqual(
    model.groups.map(({ owner, pods }) => [owner, ...pods.map(({ name }) => name)]),
    [
      ['ReplicaSet/old', 'a', 'b'],
      ['ReplicaSet/new', 'c'],
    ],
  )
})

test('requests and marks are laid on the same axis, also over timelines that have the time of day alone', () => {
  const request = { plannedMs: BEGAN_MS + 3_000, endedMs: BEGAN_MS + 3_010, result: 'lost', label: 'connection refused', pod: undefined } as const
  const wallOnly = startingSpans().map(({ startMs: _start, finishMs: _finish, ...rest }) => ({ ...rest, origin: 'derived' as const }))
  for (const spans of [startingSpans(), wallOnly]) {
    const model = timelineModel([podTimeline('web-0', spans)], { requests: [request], wallMinusMonotonicMs: BEGAN_WALL_MS - BEGAN_MS })
    assert.deepEqual([model.requests[0]!.plannedMs, model.requests[0]!.endedMs], [3_000, 3_010])
  }
})

test('quiet hours are cut short on the axis, and steps never are', () => {
  const { model } = only(completeSpans())
  const axis = createAxis(model)
  assert.equal(axis.cuts.length, 1)
  assert.ok(axis.cuts[0]!.fromMs > 3_921 && axis.cuts[0]!.toMs < 3_600_000)
  assert.ok(axis.place(3_903) > 0.25, `the start takes ${axis.place(3_903)}`)
  assert.ok(axis.place(3_600_000) < 0.7)
  assert.equal(axis.place(0), 0)
  assert.ok(Math.abs(axis.place(axis.toMs) - 1) < 1e-9)
  const slow = only([span('ImagePull', 0, 60_000, { container: 'web' }), span('Container', 60_000, 61_000, { container: 'web' })])
  assert.deepEqual(createAxis(slow.model).cuts, [])
})
