/** Golden drawings: read them as a user would. After an intended change, record them with POISE_RECORD=1 and read the difference. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { PodTimeline } from '../api/kinds/pod_timeline.ts'
import { timelineModel, type ModelOptions } from './model.ts'
import { BEGAN_MS, BEGAN_WALL_MS, completeSpans, killedSpans, podTimeline, span, startingSpans } from './testing/fixtures.ts'
import { spanLines } from './span_lines.ts'
import { drawSvg } from './svg.ts'
import { drawText, type TextOptions } from './text.ts'

const GOLDEN = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'test', 'golden', 'timeline')
const SO_FAR: ModelOptions = { nowWallMs: BEGAN_WALL_MS + 12_000 }

function golden(name: string, timelines: readonly PodTimeline[], text: Partial<TextOptions> = {}, model: ModelOptions = SO_FAR): void {
  void test(`the drawing ${name} is as recorded`, () => {
    const drawn = `${drawText(timelineModel(timelines, model), { width: 100, colour: false, unicode: true, ...text })}\n`
    const file = join(GOLDEN, `${name}.txt`)
    if (process.env['POISE_RECORD']) {
      mkdirSync(GOLDEN, { recursive: true })
      writeFileSync(file, drawn)
    }
    assert.equal(drawn, readFileSync(file, 'utf8'))
    if (!text.wide) for (const line of drawn.split('\n')) assert.ok(line.replace(/\u001b\[\d*m/g, '').length <= (text.width ?? 100), `too wide: ${line}`)
  })
}

const complete = podTimeline('web-5d4f-x1', completeSpans())
const killed = podTimeline('web-5d4f-k2', killedSpans())
const several = [
  podTimeline('web-5d4f-a', startingSpans()),
  podTimeline('web-5d4f-b', startingSpans(700)),
  podTimeline('web-77ab-c', killedSpans(), { owner: 'ReplicaSet/web-77ab' }),
]
const unanswered = podTimeline(
  'web-5d4f-s',
  startingSpans()
    .filter(({ startMs = 0 }) => startMs - BEGAN_MS < 3_500)
    .map(one => (one.type === 'Endpoint' ? span('Endpoint', 2_710, undefined, { service: 'web', reason: 'EndpointNotReady' }) : one)),
)
const crashing = podTimeline('worker', [
  span('Scheduling', 0, 3),
  span('Sandbox', 8, 180),
  ...[0, 10_500, 31_000].flatMap((at, restart) => [
    span('ContainerStart', at + 183, at + 260, { container: 'worker' }),
    span('Container', at + 260, at + 420, { container: 'worker', restart, reason: 'Error', exitCode: 1 }),
  ]),
])
const derived = podTimeline('elsewhere', [
  { type: 'Scheduling', startAt: '2026-03-01T12:00:00.000000Z', finishAt: '2026-03-01T12:00:01.000000Z', origin: 'derived' },
  { type: 'Sandbox', finishAt: '2026-03-01T12:00:03.000000Z', origin: 'unknown' },
  { type: 'ImagePull', container: 'web', reason: 'Pulled', origin: 'unknown' },
  { type: 'Container', container: 'web', startAt: '2026-03-01T12:00:05.000000Z', origin: 'derived' },
  { type: 'Ready', startAt: '2026-03-01T12:00:09.000000Z', origin: 'derived' },
])
const request = (atMs: number, result: 'answered' | 'lost') => ({
  plannedMs: BEGAN_MS + atMs,
  endedMs: BEGAN_MS + atMs + 2,
  result,
  label: result === 'lost' ? 'connection refused' : '200',
  pod: undefined,
})

golden('a-whole-life', [complete], { width: 120 })
golden('a-whole-life-narrow', [complete], { width: 80 })
golden('killed-in-ascii', [killed], { unicode: false })
golden('killed-in-colour', [killed], { colour: true })
golden('every-span', [killed], { wide: true, width: 140 })
golden('still-starting', [unanswered], {}, { nowWallMs: BEGAN_WALL_MS + 3_500 })
golden('crash-loop', [crashing], { width: 120 })
golden('read-off-objects', [derived])
golden('several-pods', several)
golden(
  'under-load',
  several,
  { width: 120 },
  {
    ...SO_FAR,
    marks: [{ atMs: BEGAN_MS + 7_000, label: 'rollout began' }],
    requests: Array.from({ length: 60 }, (_, index) => request(index * 200, index > 42 && index < 46 ? 'lost' : 'answered')),
  },
)

test('nothing to draw is an empty text', () => {
  assert.equal(drawText(timelineModel([]), { width: 80, colour: false, unicode: true }), '')
})

test('the rules of many nodes are one line', () => {
  const nodes = Array.from({ length: 40 }, (_, index) =>
    span('RulesProgrammed', 300, 310 + index, { service: 'web', node: `node-${index}`, reason: 'EndpointReady' }),
  )
  const drawn = drawText(timelineModel([podTimeline('web-0', [...startingSpans().filter(({ type }) => type !== 'RulesProgrammed'), ...nodes])]), {
    width: 120,
    colour: false,
    unicode: true,
  })
  assert.equal(drawn.split('\n').filter(line => line.startsWith('rules')).length, 1)
  assert.match(drawn, /rules web on 40 nodes .* 49 ms {2}ready\n/)
})

test('what a program said in several lines, or to steer a terminal, stays in its line of every drawing', () => {
  const message = 'one\n\u001b[2Jtwo\r\n'
  const timelines = [
    podTimeline('web-0', [...startingSpans(), span('Probe', 3_410, 3_420, { container: 'web', probe: 'liveness', result: 'failure', message })]),
  ]
  const model = timelineModel(timelines, SO_FAR)
  for (const drawn of [
    drawText(model, { width: 200, colour: false, unicode: true }),
    drawText(model, { width: 200, colour: false, unicode: true, wide: true }),
    drawSvg(model, { title: 'Pods' }),
    spanLines(timelines)
      .map(({ text }) => text)
      .join('\n'),
  ]) {
    assert.match(drawn, /one \[2Jtwo/)
    assert.doesNotMatch(drawn, /(?!\n)\p{Cc}/u)
  }
  assert.ok(
    spanLines(timelines).some(({ span: said }) => said.message === message),
    'as data it is what it was',
  )
})
