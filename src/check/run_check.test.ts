import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Event } from '../api/kinds/event.ts'
import { Namespace } from '../api/kinds/namespace.ts'
import { Node } from '../api/kinds/node.ts'
import { forbiddenBy } from '../api/status.ts'
import { readManifests } from './manifests.ts'
import { parseRollout } from './plan_change.ts'
import { planCheck, type CheckWords } from './plan_check.ts'
import { CheckProblem } from './problem.ts'
import { runCheck, type CheckOptions } from './run_check.ts'
import type { CheckReport } from './report.ts'
import { startVirtualSite, type VirtualSite } from './virtual_site.ts'

const WORDS: CheckWords = { path: '/', ratePerSecond: 50, repeat: 1, warmUpMs: 2_000, settleMs: 2_000, timeoutMs: 120_000, requestTimeoutMs: 5_000 }

interface Shape {
  readonly kind?: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'ReplicaSet' | 'Pod'
  /** In the words of the demonstration server. */
  readonly words?: readonly string[]
  readonly image?: string
  readonly replicas?: number
  readonly container?: object
  readonly pod?: object
  readonly service?: object
  readonly more?: readonly object[]
}

const GRACEFUL = { readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 }, lifecycle: { preStop: { sleep: { seconds: 5 } } } }

function manifest({
  kind = 'Deployment',
  words = ['start=1s', 'drain=1s'],
  image = 'poise.dev/server:1',
  replicas = 2,
  container,
  pod,
  service,
  more = [],
}: Shape): string {
  const metadata = { name: 'web', labels: { app: 'web' } }
  const spec = { containers: [{ name: 'web', image, command: ['server', 'listen=8080', ...words], ports: [{ containerPort: 8080 }], ...container }], ...pod }
  const template = { metadata: { labels: { app: 'web' } }, spec }
  const workload =
    kind === 'Pod'
      ? { apiVersion: 'v1', kind, metadata, spec }
      : { apiVersion: 'apps/v1', kind, metadata, spec: { ...(kind !== 'DaemonSet' && { replicas }), selector: { matchLabels: { app: 'web' } }, template } }
  const front = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }], ...service },
  }
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [front, workload, ...more] })
}

async function onSite<T>(act: (site: VirtualSite) => Promise<T>): Promise<T> {
  const site = await startVirtualSite({ seed: 1 })
  try {
    return await act(site)
  } finally {
    await site.close()
  }
}

interface Outcome {
  readonly report: CheckReport
  readonly notes: readonly string[]
}

async function check(
  site: VirtualSite,
  shape: Shape,
  { rollout, ...words }: Partial<Omit<CheckWords, 'rollout'>> & { rollout?: string } = {},
  options: CheckOptions = {},
): Promise<Outcome> {
  const notes: string[] = []
  const all = { ...WORDS, ...words, ...(rollout !== undefined && { rollout: parseRollout(rollout)! }) }
  const plan = planCheck(['web.yaml'], readManifests([{ file: 'web.yaml', text: manifest(shape) }]), all)
  const report = await site.run(runCheck(site, plan, { progress: { step: () => () => {}, note: text => void notes.push(text) }, ...options }))
  return { report, notes }
}

const checked = (shape: Shape, words: Parameters<typeof check>[2] = {}): Promise<Outcome> => onSite(site => check(site, shape, words))

async function refused(shape: Shape, words: Parameters<typeof check>[2] = {}): Promise<CheckProblem> {
  try {
    await checked(shape, words)
  } catch (error) {
    assert.ok(error instanceof CheckProblem, String(error))
    return error
  }
  return assert.fail('it could be run')
}

test('a rollout that is not careful loses requests, and the figures add up', async () => {
  const { report } = await checked({ words: ['start=1s', 'term=fast'] })
  assert.equal(report.verdict, 'lost')
  const [{ sent, lost, perClient, findings, requests, change, timelines }] = report.repetitions as [CheckReport['repetitions'][number]]
  assert.ok(lost > 0)
  assert.equal(perClient.new!.sent + perClient['keep-alive']!.sent, sent)
  assert.equal(perClient.new!.lost + perClient['keep-alive']!.lost, lost)
  assert.equal(
    findings.reduce((sum, finding) => sum + finding.lost, 0),
    lost,
  )
  const kept = new Set(requests.map(({ id }) => id))
  assert.ok(
    findings.every(finding => finding.requests.every(id => kept.has(id))),
    'what a finding names is in the report',
  )
  assert.ok(change.settledMs !== undefined && change.settledMs > change.beganMs)
  assert.equal(new Set(timelines.map(({ pod }) => pod.uid)).size, 4, 'two old Pods and two new ones')
})

test('what is advised asks what the load asks', async () => {
  const { report } = await checked({ words: ['start=1s', 'term=fast'] }, { path: '/shop?x=1' })
  const { advice } = report.repetitions[0]!.findings.find(({ cause }) => cause === 'ready-before-listening')!
  assert.match(JSON.stringify(advice[0]!.patch), /"readinessProbe":{"httpGet":{"path":"\/shop","port":8080}/)
})

const CLEAN: readonly [what: string, shape: Shape, rollout: string | undefined][] = [
  ['a Deployment that is restarted', {}, undefined],
  ['a Deployment with another image', {}, 'image=poise.dev/server:1'],
  ['a Deployment of which one Pod is deleted', {}, 'delete'],
  ['a Deployment of which every Pod is deleted, one after the other', {}, 'delete=all'],
  ['a Deployment that is scaled down and up', { replicas: 3 }, 'scale=1'],
  ['a Deployment that is scaled up and down', {}, 'scale=3'],
  ['a StatefulSet that is restarted', { kind: 'StatefulSet' }, 'restart'],
  ['a DaemonSet that is restarted', { kind: 'DaemonSet' }, 'restart'],
  ['a ReplicaSet of which a Pod is deleted', { kind: 'ReplicaSet' }, undefined],
  ['a Deployment behind a node port', { service: { type: 'NodePort' } }, undefined],
]

for (const [what, shape, rollout] of CLEAN)
  test(`nothing is lost of a graceful one: ${what}`, async () => {
    const { report } = await checked({ container: GRACEFUL, ...shape }, rollout === undefined ? {} : { rollout })
    const [{ change, lost, findings }] = report.repetitions as [CheckReport['repetitions'][number]]
    assert.equal(lost, 0, JSON.stringify(findings, null, 1))
    assert.notEqual(change.settledMs, undefined, change.stuck)
    assert.equal(report.verdict, 'clean')
  })

test('a bare Pod is deleted and made again, and nobody serves meanwhile', async () => {
  const { report, notes } = await checked({ kind: 'Pod', container: GRACEFUL })
  assert.equal(report.verdict, 'lost')
  assert.match(notes.join('\n'), /Pod\/web has no rollout to restart: one of its Pods is deleted instead/)
  assert.notEqual(report.repetitions[0]!.change.settledMs, undefined)
})

test('a drain empties a node, and leaves it as it was', () =>
  onSite(async site => {
    const { report } = await check(site, { container: GRACEFUL, replicas: 4 }, { rollout: 'drain' })
    assert.notEqual(report.repetitions[0]!.change.settledMs, undefined, report.repetitions[0]!.change.stuck)
    const { items } = await site.run(site.client.list(Node))
    assert.ok(items.every(({ spec }) => !spec.unschedulable))
  }))

test('a drain leaves a node cordoned that somebody else has cordoned', () =>
  onSite(async site => {
    const nodes = async () => (await site.client.list(Node)).items.map(({ metadata, spec }) => [metadata.name!, spec.unschedulable ?? false])
    const [[first]] = (await site.run(nodes())) as [[string]]
    const cordon = () => void site.client.patch(Node, { namespace: '', name: first }, { type: 'merge', body: { spec: { unschedulable: true } } })
    site.cluster.world.schedule(10_000, cordon)
    const { report } = await check(site, { container: GRACEFUL, replicas: 4 }, { rollout: 'drain', warmUpMs: 20_000 })
    assert.notEqual(report.repetitions[0]!.change.settledMs, undefined, report.repetitions[0]!.change.stuck)
    assert.deepEqual(
      (await site.run(nodes())).filter(([, isCordoned]) => isCordoned),
      [[first, true]],
    )
  }))

test('a budget that allows nothing keeps a drain from ending: nothing is proven, and the report says why', async () => {
  const budget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web' },
    spec: { minAvailable: 2, selector: { matchLabels: { app: 'web' } } },
  }
  const { report } = await checked({ container: GRACEFUL, more: [budget] }, { rollout: 'drain', timeoutMs: 20_000 })
  assert.equal(report.verdict, 'unfinished')
  assert.match(report.repetitions[0]!.change.stuck!, /a PodDisruptionBudget lets Pod web-.* not go/)
})

test('a rollout to an image that cannot be pulled is stuck, and no repetition follows it', async () => {
  const { report } = await checked({ container: GRACEFUL }, { rollout: 'image=Wrong:Name:1', repeat: 3 })
  assert.equal(report.verdict, 'unfinished')
  assert.equal(report.repetitions.length, 1)
  assert.match(report.repetitions[0]!.change.stuck!, /image "Wrong:Name:1" cannot be used/)
})

test('repetitions follow one another on the same workload, each with its own Pods', async () => {
  const { report } = await checked({ words: ['start=1s', 'term=fast'] }, { repeat: 3 })
  assert.equal(report.repetitions.length, 3)
  assert.deepEqual({ ...report.lossRate, low: Math.round(report.lossRate.low * 100), high: report.lossRate.high }, { lost: 3, of: 3, low: 44, high: 1 })
  for (const { timelines } of report.repetitions) assert.equal(timelines.length, 4)
  const uids = report.repetitions.map(({ timelines }) => new Set(timelines.map(({ pod }) => pod.uid)))
  assert.equal([...uids[0]!].filter(uid => uids[2]!.has(uid)).length, 0, 'the third knows nothing of the first')
})

const UNREADY: readonly [what: string, shape: Shape, words: Partial<Omit<CheckWords, 'rollout'>>, message: RegExp, next: RegExp][] = [
  ['no node takes the Pod', { pod: { nodeSelector: { disk: 'fast' } } }, {}, /is Pending, no node takes it: 0\/2 nodes are available/, /--nodes/],
  ['an image that has no name', { image: 'Wrong:Name:1' }, {}, /image "Wrong:Name:1" cannot be used/, /Mend image/],
  [
    'a missing ConfigMap',
    { container: { envFrom: [{ configMapRef: { name: 'settings' } }] } },
    {},
    /container web cannot be made: configmap "settings" not found/,
    /another -f/,
  ],
  ['a program that keeps ending', { words: ['exit-after=1s', 'exit-code=3'] }, {}, /container web keeps ending/, /last words/],
  [
    'a probe that never succeeds',
    { container: { readinessProbe: { tcpSocket: { port: 81 } } } },
    { timeoutMs: 15_000 },
    /0 of 2 Pods are Ready after 15 s; last warning: Pod web-.*: Unhealthy/,
    /--timeout/,
  ],
  [
    'a wrong target port',
    { service: { ports: [{ port: 80, targetPort: 81 }] } },
    {},
    /nobody answers at http:.* \(refused at connect\)/,
    /targetPort of Service web/,
  ],
]

for (const [what, shape, words, message, next] of UNREADY)
  test(`it could not be run, and the reason is told: ${what}`, async () => {
    const { message: said, next: advice } = await refused(shape, words)
    assert.match(said, message)
    assert.match(advice ?? '', next)
  })

test('what the API refuses is told for every object, with its place, before anything is made', async () => {
  const { message } = await refused({ container: { imagePullPolicy: 'Sometimes' }, service: { ports: [{ port: 80, targetPort: 8080, nodePort: 99 }] } })
  assert.match(message, /^the API refuses 2 objects:\nweb\.yaml:1: .*nodePort.*\nweb\.yaml:1: .*imagePullPolicy/s)
})

test('a field that nobody knows is refused, as kubectl does', async () => {
  const { message } = await refused({ container: { redinessProbe: {} } })
  assert.match(message, /unknown field "spec\.template\.spec\.containers\[0\]\.redinessProbe"/)
})

test('who may not list what a check has to see is told so, and does not wait for ever', () =>
  onSite(async site => {
    const client: typeof site.client = {
      ...site.client,
      list: async (kind, options) => {
        if (kind.kind === Event.kind) throw forbiddenBy(Event, '', 'nobody may')
        return site.client.list(kind, options)
      },
    }
    await assert.rejects(
      check({ ...site, client }, { container: GRACEFUL }),
      (error: CheckProblem) => /has not listed events in namespace poise-check-/.test(error.message) && /can-i watch events/.test(error.next!),
    )
  }))

test('a namespace of its own is made and removed; with keep it stays', () =>
  onSite(async site => {
    const own = async () => (await site.run(site.client.list(Namespace))).items.filter(({ metadata }) => metadata.name!.startsWith('poise-check-'))
    await check(site, { container: GRACEFUL })
    assert.ok((await own()).every(({ metadata }) => metadata.deletionTimestamp !== undefined))
    await site.cluster.advance(60_000)
    assert.equal((await own()).length, 0)
    await check(site, { container: GRACEFUL }, {}, { keep: true })
    assert.deepEqual(
      (await own()).map(({ metadata }) => metadata.deletionTimestamp),
      [undefined],
    )
  }))

test('who gives up gets no report, and what was made is removed', () =>
  onSite(async site => {
    const abort = new AbortController()
    site.cluster.world.schedule(5_000, () => abort.abort(new Error('the user has had enough')))
    await assert.rejects(check(site, { container: GRACEFUL }, { warmUpMs: 600_000 }, { signal: abort.signal }), /the user has had enough/)
    await site.cluster.advance(60_000)
    const { items } = await site.run(site.client.list(Namespace))
    assert.ok(items.every(({ metadata }) => !metadata.name!.startsWith('poise-check-')))
  }))
