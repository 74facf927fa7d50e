import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PodTimeline } from '../api/kinds/pod_timeline.ts'
import { keptOf, worthKeeping } from './figures.ts'
import type { LoadRequest } from './observation.ts'
import { checkPage } from './page.ts'
import type { CheckReport, Finding, Repetition } from './report.ts'
import { createReportRoom } from './report_room.ts'

const timeline = (name: string, spans: number): PodTimeline => ({
  apiVersion: 'timeline.poise.dev/v1alpha1',
  kind: 'PodTimeline',
  metadata: { name, namespace: 'shop' },
  pod: { name, uid: name },
  spans: Array.from({ length: spans }, (_, index) => ({
    type: 'Probe' as const,
    startAt: '2026-01-02T03:04:05.678901Z',
    finishAt: '2026-01-02T03:04:06.678901Z',
    startMs: 12_345_678.901_234 + index,
    finishMs: 12_345_679.901_234 + index,
    container: 'web',
    probe: 'readiness',
    result: 'failure',
    message: 'm'.repeat(64),
    origin: 'recorded' as const,
  })),
})

const request = (id: number): LoadRequest => ({
  id,
  plannedMs: 12_345_678.901_234,
  sentMs: 12_345_678.901_234,
  endedMs: 12_345_678.901_234,
  client: 'keep-alive',
  connection: 123_456,
  idleMs: 1_234.567_891,
  target: { address: '10.245.123.123', port: 8_080 },
  outcome: { is: 'failed', symptom: 'unreachable', during: 'response' },
})

const finding = (ids: readonly number[]): Finding => ({
  cause: 'unknown',
  summary: 's'.repeat(300),
  requests: ids,
  lost: ids.length,
  slow: 0,
  evidence: Array.from({ length: 8 }, () => ({ atMs: 12_345_678.901_234, text: 't'.repeat(300), pod: 'web', node: 'check-1' })),
  advice: [{ text: 'a'.repeat(300), patch: { kind: 'Deployment', name: 'web', type: 'strategic', body: { spec: 'x'.repeat(1_000) } } }],
  docs: 'causes.md#unknown',
})

function repetition({ lost = 0, pods = 4, spans = 50, ...more }: Partial<Omit<Repetition, 'timelines'>> & { pods?: number; spans?: number }): Repetition {
  return {
    entrance: { service: 'web', through: 'ClusterIP', url: 'http://10.96.0.7:80', node: 'check-1' },
    change: { rollout: 'restart', workload: 'Deployment/web', beganMs: 2_000, settledMs: 9_000 },
    beganMs: 0,
    endedMs: 12_500,
    beganWallMs: 0,
    sent: 2_000,
    lost,
    lostBeforeChange: 0,
    slow: 0,
    slowMs: 1_000,
    latencyMs: { p50: 2, p95: 3, p99: 9.4, max: 40 },
    perClient: {},
    findings: [],
    requests: [],
    timelines: Array.from({ length: pods }, (_, index) => timeline(`web-${index}`, spans)),
    ...more,
  }
}

const REPEAT_MAX = 1_000
/** Of V8 on 64 bits, as of Node.js 20. */
const STRING_MAX = 2 ** 29 - 24

test('a report of as many repetitions as there can be, full to the brim, is still one text as JSON', () => {
  const room = createReportRoom()
  const { badMax, goodMax } = keptOf(REPEAT_MAX)
  const requests = Array.from({ length: badMax + goodMax }, (_, id) => request(id))
  const full = repetition({ lost: 50_000, findings: Array.from({ length: 4 }, () => finding(requests.map(({ id }) => id))), requests, pods: 100 })
  // Characters are counted, not kept: all together they are hundreds of megabytes.
  const sizes = new Map<boolean, number>()
  let characters = 0
  let withTimelines = 0
  for (let index = 0; index < REPEAT_MAX; index++) {
    const kept = room.keep(full)
    const hasTimelines = kept.timelines.length > 0
    if (hasTimelines) withTimelines++
    if (!sizes.has(hasTimelines)) sizes.set(hasTimelines, JSON.stringify({ repetitions: [kept] }, null, 2).length)
    characters += sizes.get(hasTimelines)!
  }
  assert.equal(withTimelines, 40)
  assert.ok(characters < STRING_MAX, `${characters} characters`)
})

test('timelines of repetitions that lost nothing leave room for those that did, and what is left out is counted', () => {
  const room = createReportRoom()
  const clean = Array.from({ length: 400 }, () => room.keep(repetition({})))
  assert.equal(clean.filter(({ timelines }) => timelines.length > 0).length, 250)
  assert.equal(clean.find(({ timelines }) => timelines.length === 0)!.timelinesLeftOut, 4)
  for (const lossy of [repetition({ lost: 1 }), repetition({ slow: 1 }), repetition({ change: { ...repetition({}).change, settledMs: undefined } })])
    assert.equal(room.keep(lossy).timelinesLeftOut, undefined)
})

test('a single repetition keeps all it has', () => {
  const { timelines, timelinesLeftOut } = createReportRoom().keep(repetition({ pods: 500, spans: 500 }))
  assert.deepEqual([timelines.length, timelinesLeftOut], [500, undefined])
})

test('a finding names only requests that the report holds, and counts all', () => {
  const all = Array.from({ length: 1_000 }, (_, id) => request(id))
  const requests = worthKeeping(all, 1_000, keptOf(REPEAT_MAX))
  const { findings } = createReportRoom().keep(repetition({ lost: 1_000, requests, findings: [finding(all.map(({ id }) => id))] }))
  assert.deepEqual([findings[0]!.requests.length, findings[0]!.requests.at(-1), findings[0]!.lost], [200, 199, 1_000])
})

test('the page says which repetitions it has no timelines of', () => {
  const repetitions = [repetition({ lost: 1 }), { ...repetition({ lost: 1 }), timelines: [], timelinesLeftOut: 4 }]
  const report: CheckReport = {
    verdict: 'lost',
    files: ['web.yaml'],
    site: { kind: 'virtual', description: '', blindSpots: [] },
    ratePerSecond: 200,
    repetitions,
    lossRate: { lost: 2, of: 2, low: 0.3, high: 1 },
  }
  assert.deepEqual(checkPage([{ report }]).notes, ['repetition 2: its 4 Pods are not drawn; the report had no room for all timelines.'])
})
