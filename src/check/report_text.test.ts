import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CheckReport, Finding, Repetition } from './report.ts'
import { renderReport } from './report_text.ts'

const finding: Finding = {
  cause: 'refused-after-exit',
  summary: '3 requests were sent to web-1 after its process had exited',
  requests: [1, 2, 3],
  lost: 3,
  slow: 0,
  evidence: [
    { atMs: 1_500, text: 'web-1: TERM was sent to container web', pod: 'web-1' },
    { atMs: undefined, text: 'the same with web-2' },
  ],
  advice: [
    {
      text: 'Wait before TERM.',
      patch: { kind: 'Deployment', name: 'web', type: 'strategic', body: { spec: { template: { metadata: { annotations: { why: "it's late" } } } } } },
    },
    { text: 'Add a budget.', create: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'web' } } },
  ],
  docs: 'causes.md#refused-after-exit',
}

const repetition: Repetition = {
  entrance: { service: 'web', through: 'NodePort', url: 'http://10.0.0.2:30080', node: 'node-1' },
  change: { rollout: 'restart', workload: 'Deployment/web', beganMs: 1_000, settledMs: 4_250 },
  beganMs: 0,
  endedMs: 6_000,
  beganWallMs: 0,
  sent: 400,
  lost: 3,
  lostBeforeChange: 1,
  slow: 0,
  slowMs: 1_000,
  latencyMs: { p50: 2.25, p95: 7, p99: 70, max: 1_250 },
  perClient: { new: { sent: 200, lost: 2, slow: 0 }, 'keep-alive': { sent: 200, lost: 1, slow: 0 } },
  findings: [finding],
  requests: [],
  timelines: [],
}

const clean: Repetition = {
  ...repetition,
  lost: 0,
  lostBeforeChange: 0,
  perClient: { new: { sent: 200, lost: 0, slow: 0 }, 'keep-alive': { sent: 200, lost: 0, slow: 0 } },
  findings: [],
}

const report = (repetitions: readonly Repetition[], more: Partial<CheckReport> = {}): CheckReport => ({
  verdict: 'lost',
  files: ['web.yaml'],
  site: { kind: 'containerd', description: '2 nodes, real containers', blindSpots: ['Nobody looked.'] },
  ratePerSecond: 200,
  repetitions,
  lossRate: { lost: 1, of: repetitions.length, low: 0.2, high: 1 },
  ...more,
})

test('the verdict is first, then figures, then each cause with what shows it and what to change', () => {
  assert.equal(
    renderReport(report([repetition])),
    `LOST 3 of 400 requests (0.8 %): restart of Deployment/web

  requests   400 sent at 200/s, 3 lost (1 of them before the change), 0 slow (over 1 s)
  latency    p50 2.3 ms, p95 7 ms, p99 70 ms, longest 1.25 s, from the planned instant
  clients    new 2 of 200 lost, keep-alive 1 of 200 lost
  change     settled after 3.25 s
  way in     http://10.0.0.2:30080 (NodePort of Service web, by the rules of node-1)
  on         2 nodes, real containers

Sent to a Pod that had already ended  refused-after-exit  3 lost
  3 requests were sent to web-1 after its process had exited
  What was seen (seconds since the change began):
       +0.500  web-1: TERM was sent to container web
               the same with web-2
  What to change:
    Wait before TERM.
      kubectl patch deployment web --patch '{"spec":{"template":{"metadata":{"annotations":{"why":"it'\\''s late"}}}}}'
    Add a budget.
      ---
      apiVersion: policy/v1
      kind: PodDisruptionBudget
      metadata:
        name: web
  More: docs/causes.md#refused-after-exit

What cannot be seen here
  Nobody looked.`,
  )
})

test('of several repetitions there is a line each, a rate with its interval, and causes over all of them', () => {
  const text = renderReport(
    report([clean, repetition, clean], {
      site: { kind: 'virtual', description: 'x', blindSpots: [] },
      lossRate: { lost: 1, of: 3, low: 0.0615, high: 0.7923 },
    }),
  )
  assert.match(text, /^LOST 3 of 1200 requests \(0\.3 %\) in 1 of 3 repetitions: restart of Deployment\/web\n/)
  assert.match(text, /\n {2}loss rate {2}1 of 3 repetitions; with 95 % confidence between 6\.2 % and 79\.2 %\n/)
  assert.match(text, /\n {2}#1 {2}clean, 400 sent\n {2}#2 {2}lost 3 of 400: refused-after-exit 3\n {2}#3 {2}clean, 400 sent\n/)
  assert.match(text, /refused-after-exit {2}3 lost in 1 of 3 repetitions\n/)
})

test('nothing lost, and nothing proven, are said in the first line', () => {
  assert.match(
    renderReport(report([clean, clean], { verdict: 'clean' })),
    /^CLEAN none of 800 requests was lost in 2 repetitions: restart of Deployment\/web\n/,
  )
  const stuck = { ...clean, change: { ...clean.change, settledMs: undefined, stuck: 'Pod web-2: image "x" cannot be pulled' } }
  assert.match(
    renderReport(report([stuck], { verdict: 'unfinished' })),
    /^UNFINISHED the restart of Deployment\/web never ended, and nothing is proven: Pod web-2: image "x" cannot be pulled\n/,
  )
})
