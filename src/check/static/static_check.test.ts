import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { readSources } from './read_sources.ts'
import { commandsOf, shellScriptOf, sleepSecondsOf, staysFirst } from './shell_script.ts'
import { checkStatically, RULES } from './static_check.ts'
import type { SourceObject } from './source.ts'

const GOOD = `
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ port: 80, targetPort: http }]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web }
spec:
  maxUnavailable: 1
  selector: { matchLabels: { app: web } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 3
  minReadySeconds: 5
  selector: { matchLabels: { app: web } }
  strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 30
      containers:
        - name: main
          image: server
          ports: [{ name: http, containerPort: 8080 }]
          readinessProbe: { httpGet: { port: http, path: /ready }, periodSeconds: 2 }
          livenessProbe: { httpGet: { port: http, path: /alive }, periodSeconds: 10 }
          lifecycle: { preStop: { sleep: { seconds: 5 } } }
          resources: { requests: { cpu: 100m, memory: 64Mi }, limits: { memory: 64Mi } }
`

const container = 'spec.template.spec.containers.0.'

/** By rule: what is changed in GOOD (`undefined` removes it), and a part of what is said then. More rules may follow from one change. */
const CASES: Readonly<Record<string, { change: Record<string, unknown>; of?: string; says: RegExp; also?: readonly string[] }>> = {
  'no-readiness-probe': { change: { [`${container}readinessProbe`]: undefined }, says: /container main has no readinessProbe: Service web sends/ },
  'readiness-asks-another-port': {
    change: { [`${container}readinessProbe.httpGet.port`]: 9000 },
    says: /asks port 9000, and Service web sends requests to 8080/,
  },
  'no-liveness-probe': { change: { [`${container}livenessProbe`]: undefined }, says: /container main has no livenessProbe/ },
  'liveness-same-as-readiness': {
    change: { [`${container}readinessProbe`]: { httpGet: { port: 'http', path: '/alive' }, periodSeconds: 10 } },
    says: /no more patient \(30 s\)/,
  },
  'liveness-impatient': { change: { [`${container}livenessProbe.periodSeconds`]: 1 }, says: /after 3 s without an answer \(3 × 1 s\)/ },
  'slow-start-without-startup-probe': { change: { [`${container}livenessProbe.initialDelaySeconds`]: 60 }, says: /first 60 s of every start/ },
  'probe-timeout-exceeds-period': { change: { [`${container}readinessProbe.timeoutSeconds`]: 5 }, says: /timeoutSeconds 5 is longer than periodSeconds 2/ },
  'probe-port-unknown': { change: { [`${container}livenessProbe.httpGet.port`]: 'htpp' }, says: /port named "htpp", and container main has none/ },
  'no-prestop': { change: { [`${container}lifecycle`]: undefined }, says: /container main is told to end at the same time/ },
  'prestop-exceeds-grace': { change: { [`${container}lifecycle.preStop.sleep.seconds`]: 30 }, says: /the hook takes 30 s and the Pod has 30 s/ },
  'prestop-leaves-little': { change: { [`${container}lifecycle.preStop.sleep.seconds`]: 27 }, says: /of 30 s of grace the hook takes 27: 3 s are left/ },
  'short-grace': {
    change: { 'spec.template.spec.terminationGracePeriodSeconds': 2, [`${container}lifecycle.preStop.sleep.seconds`]: 1 },
    says: /2 s after it was told to end/,
    also: ['prestop-leaves-little'],
  },
  'shell-is-first-process': {
    change: { [`${container}command`]: ['sh', '-c', 'echo starting; server --port 8080'] },
    says: /sh stays the first process of container main/,
  },
  'prestop-sleep-needs-program': {
    change: { [`${container}lifecycle`]: { preStop: { exec: { command: ['sleep', '5'] } } } },
    says: /runs sleep 5 in the container/,
  },
  'hook-port-unknown': { change: { [`${container}lifecycle.preStop`]: { httpGet: { port: 'admin' } } }, says: /the preStop hook asks the port named "admin"/ },
  'recreate-strategy': { change: { 'spec.strategy': { type: 'Recreate' } }, says: /Recreate ends all Pods/ },
  'all-unavailable': { change: { 'spec.strategy.rollingUpdate': { maxSurge: 0, maxUnavailable: '100%' } }, says: /3 of 3 Pods may be missing/ },
  'no-surge': { change: { 'spec.strategy.rollingUpdate': { maxSurge: 0, maxUnavailable: 1 } }, says: /takes 1 of 3 Pods away/ },
  'single-replica': { change: { 'spec.replicas': 1 }, says: /there is one Pod/ },
  'no-min-ready-seconds': { change: { 'spec.minReadySeconds': undefined }, says: /minReadySeconds is 0/ },
  'no-disruption-budget': {
    of: 'PodDisruptionBudget',
    change: { 'spec.selector.matchLabels.app': 'other' },
    says: /no PodDisruptionBudget selects its 3 Pods/,
  },
  'budget-allows-nothing': { of: 'PodDisruptionBudget', change: { 'spec.maxUnavailable': 0 }, says: /PodDisruptionBudget web allows none of 3 Pods/ },
  'service-port-unknown': {
    of: 'Service',
    change: { 'spec.ports.0.targetPort': 'web' },
    says: /port named "web", and no container/,
    also: ['readiness-asks-another-port'],
  },
  'publishes-unready': { of: 'Service', change: { 'spec.publishNotReadyAddresses': true }, says: /Service web has publishNotReadyAddresses/ },
  'init-work-in-command': {
    change: { [`${container}command`]: ['sh', '-c', 'until nslookup db; do sleep 2; done; exec server'] },
    says: /prepares before it serves \("until nslookup db"\)/,
  },
  'no-requests': { change: { [`${container}resources.requests`]: undefined }, says: /requests no cpu/ },
  'no-memory-limit': { change: { [`${container}resources.limits`]: undefined }, says: /may use all memory/ },
}

test('a workload that minds every rule is told nothing', () => {
  assert.deepEqual(checkStatically(sourcesOf(GOOD)).findings, [])
})

for (const { id } of RULES) {
  test(`rule ${id} sees what is wrong, and nothing else changes`, () => {
    const broken = CASES[id]
    assert.ok(broken, `no case shows ${id}`)
    const { findings } = checkStatically(sourcesOf(GOOD, broken))
    assert.deepEqual(findings.map(({ rule }) => rule).toSorted(), [id, ...(broken.also ?? [])].toSorted())
    const found = findings.find(({ rule }) => rule === id)!
    assert.match(found.text, broken.says)
    assert.equal(found.object, 'Deployment/web')
  })

  test(`rule ${id} can be suppressed, with a reason`, () => {
    const { change, of, also = [] } = CASES[id]!
    const annotated = sourcesOf(GOOD, { change, of }).map(source =>
      source.object.kind === 'Deployment'
        ? { ...source, object: { ...source.object, metadata: { ...source.object.metadata, annotations: { [`ignore.check.poise.dev/${id}`]: 'on purpose' } } } }
        : source,
    )
    const { findings, suppressed } = checkStatically(annotated)
    assert.deepEqual(
      findings.map(({ rule }) => rule),
      also,
    )
    assert.deepEqual(suppressed, [{ rule: id, object: 'Deployment/web', reason: 'on purpose' }])
  })
}

test('a suppression of a rule that does not exist is told', () => {
  const { findings } = checkStatically(sourcesOf(GOOD, { change: { 'metadata.annotations': { 'ignore.check.poise.dev/no-pre-stop': 'x' } } }))
  assert.deepEqual(
    findings.map(({ rule, text }) => [rule, text]),
    [['unknown-suppression', 'there is no rule "no-pre-stop" to be suppressed']],
  )
})

test('every rule has its place in docs/static_rules.md, with its severity', () => {
  const page = readFileSync(join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..', 'docs', 'static_rules.md'), 'utf8')
  const told = [...page.matchAll(/^### ([a-z-]+)\n\n\*\*(error|warning|note)\*\* · (.+)$/gm)].map(([, id, severity, title]) => ({ id, severity, title }))
  assert.deepEqual(
    told,
    RULES.map(({ id, severity, title }) => ({ id, severity, title })),
  )
})

test('a finding stands at the field, or at what is above it', () => {
  const text = GOOD.replace('readinessProbe:', '#').replace('seconds: 5 }', 'seconds: 45 }')
  const places = checkStatically(readSources([{ file: 'web.yaml', text }]).objects).findings.map(
    ({ rule, line, column, path }) => `${rule} ${line}:${column} ${path}`,
  )
  const lineOf = (start: string) => text.split('\n').findIndex(line => line.trim().startsWith(start)) + 1
  assert.deepEqual(places, [
    `no-readiness-probe ${lineOf('- name: main')}:11 spec.template.spec.containers[0]`,
    `prestop-exceeds-grace ${lineOf('lifecycle')}:24 spec.template.spec.containers[0].lifecycle.preStop`,
  ])
  const list = `kind: List\napiVersion: v1\nitems:\n- ${text
    .split('---\n')
    .map(one => one.trim().replaceAll('\n', '\n  '))
    .join('\n- ')}\n`
  assert.equal(
    checkStatically(readSources([{ file: 'list.yaml', text: list }]).objects).findings[0]?.line,
    list.split('\n').findIndex(line => /- name: main/.test(line)) + 1,
  )
})

test('a Job may end as it likes, and a Pod without a Service needs no readiness', () => {
  const job = `
apiVersion: batch/v1
kind: Job
metadata: { name: once }
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: main, image: busybox, command: [sh, -c, 'sleep 2; echo done'], resources: { requests: { cpu: 1m, memory: 1Mi }, limits: { memory: 1Mi } } }]
`
  assert.deepEqual(checkStatically(sourcesOf(job)).findings, [])
})

test('a shell script is taken apart as far as words can tell', () => {
  assert.deepEqual(commandsOf('a; b && c || d | e\nf'), ['a', 'b', 'c', 'd', 'e', 'f'])
  assert.deepEqual(commandsOf('echo "a; b" $(c; d) 2>&1'), ['echo "a; b" $(c; d) 2>&1'])
  assert.deepEqual(commandsOf('# first\nserver # last'), ['server'])
  const stays = (text: string) => staysFirst(shellScriptOf({ command: ['/bin/sh', '-c'], args: [text] })!)
  assert.deepEqual(['server', 'exec server', 'cd /app && exec server', 'cd /app && server', 'server; true'].map(stays), [false, false, false, true, true])
  assert.equal(shellScriptOf({ command: ['node', '-c', 'x'] }), undefined)
  assert.equal(sleepSecondsOf(['/bin/sh', '-c', 'sleep 5; nginx -s quit; sleep 0.5m']), 35)
  assert.equal(sleepSecondsOf(['nginx', '-s', 'quit']), undefined)
})

function sourcesOf(
  text: string,
  { change = {}, of = 'Deployment' }: { change?: Record<string, unknown>; of?: string | undefined } = {},
): readonly SourceObject[] {
  const documents = parseAllDocuments(text).map(document => {
    const json = document.toJS() as { kind: string }
    if (json.kind === of) for (const [path, value] of Object.entries(change)) set(json, path, value)
    return JSON.stringify(json)
  })
  return readSources([{ file: 'web.yaml', text: documents.join('\n---\n') }]).objects
}

/** `spec.containers.0.image`; a key with dots of its own comes as a whole object. */
function set(object: any, path: string, value: unknown): void {
  const steps = path.split('.')
  const last = steps.pop()!
  const parent = steps.reduce((inner, step) => (inner[step] ??= {}), object)
  if (value === undefined) delete parent[last]
  else parent[last] = value
}
