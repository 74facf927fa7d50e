import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderJUnit, renderStaticJUnit } from './junit.ts'
import type { CheckReport, Repetition } from './report.ts'
import { renderSarif, renderStaticSarif } from './sarif.ts'
import { readSources } from './static/read_sources.ts'
import { checkStatically } from './static/static_check.ts'
import { staticText } from './static/static_text.ts'

const MANIFEST = `apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations: { ignore.check.poise.dev/no-requests: 'a demonstration' }
spec:
  replicas: 2
  minReadySeconds: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - { name: main, image: 'a<b>&"c"', livenessProbe: { tcpSocket: { port: 80 } }, readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 }, resources: { limits: { memory: 1Mi } } }
`

const staticReport = () => checkStatically(readSources([{ file: './deploy/my web.yaml', text: MANIFEST }]).objects)

test('a static report reads well', () => {
  assert.equal(
    staticText(staticReport()),
    `./deploy/my web.yaml:9:3    note     no-disruption-budget
  Deployment/web: no PodDisruptionBudget selects its 2 Pods: a drain may take all of a node at once
  fix: add a PodDisruptionBudget with maxUnavailable: 1 for the same labels

./deploy/my web.yaml:19:11  warning  no-prestop
  Deployment/web: container main is told to end at the same time as the nodes are told to send it nothing more: requests that Service web still sends meanwhile are refused unless the program goes on serving after TERM
  fix: add lifecycle.preStop.sleep.seconds: 5, or suppress this rule if the program itself waits after TERM

suppressed: no-requests for Deployment/web (a demonstration)

1 workload, 27 rules: 1 warning, 1 note. What each rule is for: docs/static_rules.md`,
  )
})

test('SARIF of a static report names rules, files and lines', () => {
  const { runs } = JSON.parse(renderStaticSarif(staticReport())) as { runs: any[] }
  const [{ tool, results, invocations }] = runs as [any]
  assert.deepEqual(
    results.map(({ ruleId, level, locations }: any) => [ruleId, level, locations[0].physicalLocation]),
    [
      ['no-disruption-budget', 'note', { artifactLocation: { uri: 'deploy/my%20web.yaml' }, region: { startLine: 9, startColumn: 3 } }],
      ['no-prestop', 'warning', { artifactLocation: { uri: 'deploy/my%20web.yaml' }, region: { startLine: 19, startColumn: 11 } }],
    ],
  )
  for (const { ruleId, ruleIndex } of results) assert.equal(tool.driver.rules[ruleIndex].id, ruleId)
  assert.match(invocations[0].toolExecutionNotifications[0].message.text, /no-requests is suppressed for Deployment\/web: a demonstration/)
})

test('JUnit of a static report has a test for each broken rule, and notes break nothing', () => {
  const xml = renderStaticJUnit(staticReport(), ['web.yaml'])
  assert.match(xml, /<testsuites name="poise check --static" tests="3" failures="1"/)
  assert.match(xml, /<testcase name="no-prestop: Deployment\/web" classname="poise\.static\.\.\/deploy\/my web\.yaml"/)
})

const repetition: Repetition = {
  entrance: { service: 'web', through: 'ClusterIP', url: 'http://10.96.0.7:80/', node: 'check-1' },
  change: { rollout: 'restart', workload: 'Deployment/web', beganMs: 2_000, settledMs: 9_000 },
  beganMs: 0,
  endedMs: 12_500,
  beganWallMs: 0,
  sent: 2_000,
  lost: 3,
  lostBeforeChange: 0,
  slow: 0,
  slowMs: 1_000,
  latencyMs: { p50: 2, p95: 3, p99: 9.4, max: 40 },
  perClient: {},
  findings: [
    {
      cause: 'refused-after-exit',
      summary: '3 requests were refused by <web-1> & "gone"\u0000',
      requests: [1, 2, 3],
      lost: 3,
      slow: 0,
      evidence: [{ atMs: 2_040, text: 'web-1: exited' }],
      advice: [{ text: 'Wait before the end.' }],
      docs: 'causes.md#refused-after-exit',
    },
  ],
  requests: [],
  timelines: [],
}
const report: CheckReport = {
  verdict: 'lost',
  files: ['web.yaml'],
  site: { kind: 'virtual', description: '', blindSpots: ['nothing is known of the client'] },
  ratePerSecond: 200,
  repetitions: [repetition, { ...repetition, lost: 0, findings: [] }, repetition],
  lossRate: { lost: 2, of: 3, low: 0.2, high: 0.9 },
}

test('JUnit of a check has a test for each repetition, and says nothing that is no XML', () => {
  assert.equal(
    renderJUnit(report),
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="poise check" tests="3" failures="2" errors="0" skipped="0" time="37.500">
  <testsuite name="poise check" tests="3" failures="2" errors="0" skipped="0" time="37.500">
${[1, 2, 3].map(testCase).join('\n')}
  </testsuite>
</testsuites>
`,
  )
})

const testCase = (
  index: number,
): string => `    <testcase name="repetition ${index}: restart of Deployment/web loses no request" classname="poise.check.Deployment.web" time="12.500">${
  index === 2
    ? ''
    : `
      <failure type="refused-after-exit" message="3 of 2000 requests were lost">refused-after-exit: 3 requests were refused by &lt;web-1&gt; &amp; &quot;gone&quot;\ufffd
  40 ms after the change began: web-1: exited
  change: Wait before the end.
  more: docs/causes.md#refused-after-exit</failure>`
}
      <system-out>2000 requests, ${index === 2 ? 0 : 3} lost, 0 slow; p50 2 ms, p99 9 ms, longest 40 ms</system-out>
    </testcase>`

test('a change that never ended is no success, though nothing was lost', () => {
  const change = { ...repetition.change, settledMs: undefined, stuck: 'image "web:2" cannot be pulled' }
  const unfinished: CheckReport = { ...report, verdict: 'unfinished', repetitions: [{ ...repetition, lost: 0, findings: [], change }] }
  assert.match(
    renderJUnit(unfinished),
    /<failure type="unfinished" message="the change never ended">No request was lost until the check gave up waiting: image &quot;web:2&quot; cannot be pulled</,
  )
  const { runs } = JSON.parse(renderSarif(unfinished, { file: 'web.yaml', line: 6 })) as { runs: any[] }
  const [{ results, invocations }] = runs as [any]
  assert.deepEqual(results, [])
  assert.equal(invocations[0].executionSuccessful, false)
  assert.deepEqual(invocations[0].toolExecutionNotifications[0], {
    level: 'error',
    message: { text: 'The restart of Deployment/web never ended: image "web:2" cannot be pulled' },
  })
})

test('SARIF of a check tells each cause once, at the workload', () => {
  const { runs } = JSON.parse(renderSarif(report, { file: 'web.yaml', line: 6 })) as { runs: any[] }
  const [{ results }] = runs as [any]
  assert.equal(results.length, 1)
  assert.deepEqual([results[0].ruleId, results[0].level, results[0].locations[0].physicalLocation.region], ['refused-after-exit', 'error', { startLine: 6 }])
  assert.match(results[0].message.text, /3 of 2000 requests lost in a restart of Deployment\/web\)\. To mend it: Wait before the end\.$/)
})
