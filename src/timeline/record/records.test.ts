/** What is kept, what makes room, and who is told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../base/testing/manual_clock.ts'
import type { TimelineChange } from '../../api/timelines.ts'
import { createNodeTrace } from './node_trace.ts'
import { newSpan } from './pod_record.ts'
import { createRecords, TELL_MS, type TimelineLimits } from './records.ts'

const START = Date.UTC(2026, 0, 1)

function begin(limits: Partial<TimelineLimits> = {}) {
  const clock = manualClock(START)
  const records = createRecords(clock, { gonePodsMax: 2, spansOfPodMax: 6, firstSpansKept: 2, spansMax: 1_000, ...limits })
  const trace = createNodeTrace(records)
  const pod = (name: string) => ({ namespace: 'default', name, uid: `${name.padEnd(8, '0')}-uid` })
  const known = (name: string) => {
    const record = records.of(pod(name))
    records.known(record)
    return record
  }
  return { clock, records, trace, pod, known, names: () => records.readings.list().map(timeline => timeline.pod.name) }
}

test('Pods that are gone make room, the oldest first; those that live stay', () => {
  const { records, known, names } = begin()
  const all = ['a', 'b', 'c', 'd'].map(known)
  for (const record of all.slice(0, 3)) records.gone(record)
  assert.deepEqual(names(), ['b', 'c', 'd'])
  assert.equal(records.readings.get('default', 'a.a0000000'), undefined)
  assert.equal(records.readings.get('default', 'b.b0000000')?.pod.name, 'b')
})

test('of all spans together there are only so many: who is gone goes before who lives', () => {
  const { records, trace, pod, known, names } = begin({ spansMax: 6, spansOfPodMax: 100, gonePodsMax: 10 })
  for (const name of ['a', 'b', 'c']) {
    known(name)
    for (const type of ['Volumes', 'Sandbox']) trace.note(pod(name), { type })
  }
  records.gone(records.of(pod('b')))
  trace.note(pod('c'), { type: 'SandboxStop' })
  assert.deepEqual(names(), ['a', 'c'])
  for (const type of ['Volumes', 'Volumes']) trace.note(pod('c'), { type })
  assert.deepEqual(names(), ['c'])
})

test('a Pod with too many spans keeps how it began, what goes on and the newest, and says how many are missing', () => {
  const { clock, trace, pod, known, records } = begin()
  known('a')
  trace.note(pod('a'), { type: 'Volumes' })
  trace.note(pod('a'), { type: 'Sandbox' })
  trace.begin(pod('a'), { type: 'Container', container: 'web', restart: 0 })
  for (let restart = 0; restart < 8; restart++) {
    clock.advance(1_000)
    trace.note(pod('a'), { type: 'ContainerStart', container: 'side', restart })
  }
  const timeline = records.readings.list()[0]!
  assert.equal(timeline.pod.droppedSpans, 5)
  assert.deepEqual(
    timeline.spans.map(({ type, restart }) => `${type}${restart ?? ''}`),
    ['Volumes', 'Sandbox', 'Container0', 'ContainerStart5', 'ContainerStart6', 'ContainerStart7'],
  )
})

test('a Pod whose endpoints flap keeps the newest of everything, and a node that follows late changes nothing', () => {
  const { known, records, names } = begin({ spansMax: 20 })
  const a = known('a')
  known('b')
  const rules = Array.from({ length: 10 }, (_, turn) => {
    const span = records.add(a, newSpan('RulesProgrammed', turn, { service: 'web', reason: 'EndpointReady' }))
    records.addFollow(a, span, { node: 'node-a', at: turn + 0.5 })
    records.add(a, newSpan('Ready', turn, { finish: turn + 1 }))
    return span
  })
  const seen = () => records.readings.get('default', 'a.a0000000')!.spans.map(({ type, startMs, finishMs }) => `${type} ${startMs}..${finishMs}`)
  const kept = ['RulesProgrammed 0..0.5', 'Ready 0..1', 'RulesProgrammed 8..8.5', 'Ready 8..9', 'RulesProgrammed 9..9.5', 'Ready 9..10']
  assert.deepEqual(seen(), kept)
  const { revision } = records.readings
  for (let turn = 0; turn < 50; turn++) records.addFollow(a, rules[5]!, { node: `late-${turn}`, at: 20 })
  assert.equal(records.readings.revision, revision)
  records.add(a, newSpan('Ready', 20, { finish: 21 }))
  assert.deepEqual([names(), seen().length], [['a', 'b'], 6])
})

test('a timeline that had to make room is told once more, and whoever still holds it changes nothing', () => {
  const { clock, known, records, trace, pod } = begin({ gonePodsMax: 0 })
  const heard: [string, string, number, number | undefined][] = []
  const row = ({ is, timeline: { pod: about, spans } }: TimelineChange): (typeof heard)[number] => [is, about.name, spans.length, about.droppedSpans]
  const [a, b] = [known('a'), known('b')]
  const steps = ['a', 'b'].map(name => trace.begin(pod(name), { type: 'Terminating' }))
  const before = records.readings.revision
  records.gone(a)
  records.readings.onChange(change => heard.push(row(change)))
  records.gone(b)
  const { revision } = records.readings
  for (const step of steps) step.end()
  records.add(a, newSpan('Ready', 0))
  records.touch(b)
  assert.equal(records.readings.revision, revision)
  clock.advance(TELL_MS)
  assert.deepEqual(heard, [['gone', 'b', 1, undefined]])
  const forgotten = [
    ['gone', 'a', 0, 1],
    ['gone', 'b', 0, 1],
  ]
  assert.deepEqual(records.readings.since(before)!.map(row), forgotten, 'its spans are not kept for who comes back')
})

test('equal answers of a probe are counted in one span; another container, result or start begins another', () => {
  const { clock, trace, pod, records } = begin({ spansOfPodMax: 100 })
  const answer = (result: 'success' | 'failure', restart = 0, message?: string) => {
    clock.advance(1_000)
    trace.note(pod('a'), { type: 'Probe', container: 'web', probe: 'liveness', restart, result, message })
  }
  answer('success')
  answer('success')
  trace.note(pod('a'), { type: 'Probe', container: 'web', probe: 'readiness', restart: 0, result: 'success' })
  answer('success')
  answer('failure', 0, 'x'.repeat(1_000))
  answer('success')
  answer('success', 1)
  const { spans } = records.readings.list()[0]!
  assert.deepEqual(
    spans.map(({ probe, result, restart, count, startMs, finishMs }) => [probe, result, restart, count, startMs! / 1_000, finishMs! / 1_000]),
    [
      ['liveness', 'success', 0, 3, 1, 3],
      ['readiness', 'success', 0, 1, 2, 2],
      ['liveness', 'failure', 0, 1, 4, 4],
      ['liveness', 'success', 0, 1, 5, 5],
      ['liveness', 'success', 1, 1, 6, 6],
    ],
  )
  assert.equal(spans[2]!.message!.length, 256)
})

test('listeners are told of each timeline once in a while, oldest change first', () => {
  const { clock, records, trace, pod, known } = begin()
  const heard: string[] = []
  const listen = ({ is, timeline }: TimelineChange) => heard.push(`${is} ${timeline.pod.name} ${timeline.spans.length}`)
  known('a')
  const subscription = records.readings.onChange(listen)
  known('b')
  for (const name of ['a', 'b', 'a']) trace.note(pod(name), { type: 'Volumes' })
  clock.advance(TELL_MS - 1)
  assert.deepEqual(heard, [])
  clock.advance(1)
  assert.deepEqual(heard.splice(0), ['added b 1', 'changed a 2'])
  for (const name of ['c', 'd', 'e']) records.gone(known(name))
  clock.advance(TELL_MS)
  assert.deepEqual(heard.splice(0), ['added d 0', 'added e 0'], 'who came and went meanwhile was never there')
  records.gone(known('f'))
  clock.advance(TELL_MS)
  assert.deepEqual(heard.splice(0), ['added f 0', 'gone d 0'])
  subscription.stop()
  known('g')
  clock.advance(TELL_MS)
  assert.deepEqual(heard, [])
})

test('what has changed since a revision is known as long as nothing of it was forgotten', () => {
  const { records, known, trace, pod } = begin()
  const { readings } = records
  const before = readings.revision
  assert.ok(before >= START, 'later than all of an earlier life')
  assert.equal(readings.since(before - 1), undefined)
  assert.equal(readings.since(before + 1), undefined)
  assert.deepEqual(readings.since(before), [])
  known('a')
  known('b')
  const between = readings.revision
  trace.note(pod('a'), { type: 'Volumes' })
  for (const name of ['c', 'd', 'e']) records.gone(known(name))
  records.gone(records.of(pod('b')))
  const told = (from: number) => readings.since(from)!.map(({ is, timeline }) => `${is} ${timeline.pod.name}`)
  assert.deepEqual(told(between), ['changed a', 'added e', 'changed b'])
  assert.deepEqual(told(before), ['added a', 'added e', 'added b'])
  records.gone(known('f'))
  records.gone(known('g'))
  assert.deepEqual(told(between), ['changed a', 'added f', 'added g', 'gone b'])
})

test('a container that the next kubelet tells of again goes on in its span, and a call it had begun ends nobody knows when', () => {
  const { clock, records, trace, pod } = begin({ spansOfPodMax: 100 })
  const container = { type: 'Container', container: 'web', restart: 0 }
  trace.begin(pod('a'), container)
  const hook = trace.begin(pod('a'), { type: 'PreStop', container: 'web' })
  clock.advance(1_000)
  trace.abandon()
  hook.end()
  const next = createNodeTrace(records)
  const again = next.begin(pod('a'), { ...container, atMs: 7 })
  clock.advance(1_000)
  again.end({ exitCode: 3, atMs: 1_500 })
  again.end({ exitCode: 4 })
  next.begin(pod('a'), container).end({ exitCode: 5 })
  assert.deepEqual(
    records.readings.list()[0]!.spans.map(({ type, startMs, finishMs, exitCode, reason, origin }) => [type, startMs, finishMs, exitCode, reason, origin]),
    [
      ['Container', 0, 1_500, 3, undefined, 'recorded'],
      ['PreStop', 0, undefined, undefined, 'KubeletRestarted', 'unknown'],
    ],
  )
})
