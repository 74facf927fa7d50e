import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BEGAN_MS, completeSpans, podTimeline, span, startingSpans } from '../../src/timeline/testing/fixtures.ts'
import { countsOf } from './counts.ts'
import { linesOf } from './lines.ts'
import { runData } from './run_data.ts'

test('requests, findings and marks lie on the axis of the timelines, and the first mark is its zero', () => {
  const run = runData({
    name: 'one',
    timelines: [podTimeline('web-1', startingSpans())],
    marks: [{ atMs: BEGAN_MS + 2_000, label: 'change' }],
    check: {
      summary: '',
      verdict: 'lost',
      sent: 1,
      lost: 1,
      slow: 0,
      latencyMs: { p50: 0, p95: 0, p99: 0, max: 0 },
      requests: [{ id: 7, plannedMs: BEGAN_MS + 2_500, endedMs: BEGAN_MS + 2_600, is: 'lost', outcome: 'refused', client: 'new' }],
      findings: [{ cause: 'x', title: 'X', summary: '', lost: 1, slow: 0, evidence: [{ atMs: BEGAN_MS + 2_450, text: 'it ended' }], advice: [] }],
    },
  })
  assert.equal(run.zeroMs, 2_000)
  assert.deepEqual([run.requests[0]!.atMs, run.requests[0]!.latencyMs], [2_500, 100])
  assert.equal(run.findings[0]!.evidence[0]!.atMs, 2_450)
  assert.ok(run.opening.fromMs >= run.domain.fromMs && run.opening.toMs <= run.domain.toMs)
})

test('of two ReplicaSets, the one from before the change is old, and its Pods come in the order in which they go', () => {
  const old = (name: string, lifeMs: number) => podTimeline(name, completeSpans(lifeMs), { owner: 'ReplicaSet/web-1' })
  const run = runData({
    name: 'one',
    timelines: [old('late', 9_000), old('early', 6_000), podTimeline('new', startingSpans(6_500), { owner: 'ReplicaSet/web-2' })],
    marks: [{ atMs: BEGAN_MS + 6_000, label: 'change' }],
  })
  assert.deepEqual(
    run.groups.map(({ age, group }) => [age, group.pods.map(({ name }) => name)]),
    [
      ['old', ['early', 'late']],
      ['new', ['new']],
    ],
  )
})

test('a group counts its Pods by stage from each change to the next', () => {
  const { groups } = runData({ name: 'one', timelines: [podTimeline('a', startingSpans()), podTimeline('b', startingSpans(1_000))], marks: [] })
  const counts = countsOf(groups[0]!.group)
  assert.deepEqual(counts[0], { starting: 1, ready: 0, terminating: 0, fromMs: 0, toMs: 318 }, 'pending until the init container runs')
  assert.equal(counts.find(({ fromMs }) => fromMs === 3_903)?.ready, 1)
  assert.ok(counts.every(count => count.starting + count.ready + count.terminating <= 2))
})

test('rows that follow each other share a line, and bars of a line are in the order of time', () => {
  const { groups } = runData({ name: 'one', timelines: [podTimeline('a', [...startingSpans(), span('Deletion', 5_000, undefined)])], marks: [] })
  const lines = linesOf(groups[0]!.group.pods[0]!)
  const names = lines.map(({ name }) => name)
  assert.deepEqual(names.slice(0, 3), ['set up, take down', 'migrate', 'web'])
  assert.equal(new Set(names).size, names.length)
  for (const { bars } of lines)
    assert.deepEqual(
      bars,
      bars.toSorted((x, y) => x.fromMs - y.fromMs),
    )
})
