import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CheckWords } from '../plan_check.ts'
import { CheckProblem } from '../problem.ts'
import { webManifest } from '../testing/web_manifest.ts'
import { parseModels, type ModelFile } from './models.ts'
import { planSimulation, type SimulationPlan } from './plan_simulation.ts'
import { runSeed, summaryOf } from './run_seed.ts'
import { simulate } from './simulate.ts'
import { renderSimulation } from './simulation_text.ts'

/** Before a world that runs takes it away. */
const immediate = globalThis.setImmediate

const WORDS: CheckWords = {
  path: '/',
  ratePerSecond: 20,
  repeat: 1,
  warmUpMs: 500,
  settleMs: 500,
  timeoutMs: 120_000,
  requestTimeoutMs: 5_000,
  clients: ['new'],
}

interface Course {
  readonly model?: string
  readonly image?: string
  readonly preStop?: string
  readonly propagationMs?: { readonly from: number; readonly to: number }
  readonly models?: ModelFile
}

const manifest = ({ model, image = 'shop/web:1', preStop }: Course): string =>
  webManifest({
    replicas: 2,
    ...(model !== undefined && { annotations: `simulate.poise.dev/web: "${model}"` }),
    container: [
      `image: '${image}'`,
      'ports: [{ containerPort: 8080 }]',
      'readinessProbe: { httpGet: { path: /, port: 8080 }, periodSeconds: 1 }',
      ...(preStop ? [`lifecycle: { preStop: ${preStop} }`] : []),
    ].join(', '),
  })

const planned = (course: Course, words: Partial<CheckWords> = {}): SimulationPlan =>
  planSimulation({
    files: ['web.yaml'],
    texts: [{ file: 'web.yaml', text: manifest(course) }],
    words: { ...WORDS, ...words },
    models: course.models ?? new Map(),
    nodes: 2,
    propagationMs: course.propagationMs ?? { from: 0, to: 2_000 },
  })

const DRAINS = 'start=500ms, listen=8080, term=drain'

test('a rollout without a preStop sleep loses requests, and the shortest sleep that helps is found', async () => {
  const seen: string[] = []
  const report = await simulate({
    plan: planned({ model: DRAINS, propagationMs: { from: 1_000, to: 2_500 } }),
    firstSeed: 1,
    seeds: 2,
    progress: ({ phase, done, of }) => void seen.push(`${phase} ${done}/${of}`),
  })
  assert.equal(report.verdict, 'lost')
  assert.deepEqual(report.seeds, { first: 1, asked: 2, done: 2 })
  assert.equal(report.lossRate.lost, 2)
  assert.ok(report.causes.some(({ cause }) => cause === 'refused-after-exit'))
  assert.equal(
    report.byPropagation.reduce((sum, { lost }) => sum + lost, 0),
    report.requests.lost,
  )
  const { sleep } = report
  assert.equal(sleep?.smallestSeconds, 3)
  assert.deepEqual(sleep?.remaining, [])
  assert.equal(sleep?.tried.find(({ seconds }) => seconds === 3)?.seedsLost, 0)
  assert.ok(sleep!.tried.find(({ seconds }) => seconds === 2)!.seedsLost > 0)
  assert.deepEqual(sleep?.patch?.body, { spec: { template: { spec: { containers: [{ name: 'web', lifecycle: { preStop: { sleep: { seconds: 3 } } } }] } } } })
  assert.equal(seen[0], 'seeds 1/2')
  assert.match(renderSimulation(report), /preStop sleep 3 s loses none of 2 seeds when endpoints take 2\.5 s; 2 s loses in \d\./)
  assert.match(renderSimulation(report), new RegExp(`--replay ${report.examples.worst} `))
})

test('a rollout with a preStop sleep that is long enough loses none in any seed', async () => {
  const report = await simulate({ plan: planned({ model: DRAINS, preStop: '{ sleep: { seconds: 4 } }' }), firstSeed: 1, seeds: 2, sleepSeeds: 0 })
  assert.equal(report.verdict, 'clean')
  assert.match(renderSimulation(report), /^CLEAN none of 2 seeds lost a request: kubectl rollout restart deployment\/web/)
})

test('no sleep can mend a program that breaks off what kept connections go on asking it, and the report says so', async () => {
  const report = await simulate({
    plan: planned({ model: 'start=500ms, listen=8080, answer=400ms, term=fast', propagationMs: { from: 0, to: 0 } }, { clients: ['keep-alive'] }),
    firstSeed: 1,
    seeds: 1,
  })
  assert.ok(report.causes.some(({ cause }) => cause === 'reset-at-term'))
  assert.deepEqual(report.sleep?.remaining, ['reset-at-term'])
  assert.match(renderSimulation(report), /However long it is, requests are lost: \d+ requests? in 1 of 1 seed, by reset-at-term/)
})

test('the same seeds give the same report byte for byte, however many work on them side by side', async () => {
  const plan = planned({ model: DRAINS })
  const alone = await simulate({ plan, firstSeed: 7, seeds: 2, sleepSeeds: 0 })
  // The second one is always late.
  const asker = (turns: number) => async (question: Parameters<typeof runSeed>[1]) => {
    for (let turn = 0; turn < turns; turn++) await new Promise(resolve => immediate(resolve))
    while (isBusy) await new Promise(resolve => immediate(resolve))
    isBusy = true
    const summary = summaryOf(await runSeed(plan, question))
    isBusy = false
    return summary
  }
  let isBusy = false
  const together = await simulate({ plan, firstSeed: 7, seeds: 2, sleepSeeds: 0, askers: [asker(0), asker(10)] })
  assert.equal(JSON.stringify(together), JSON.stringify(alone))
})

test('a seed that is replayed gives the same requests and timelines, byte for byte', async () => {
  const [one, again] = [await runSeed(planned({ model: DRAINS }), { seed: 5 }), await runSeed(planned({ model: DRAINS }), { seed: 5 })]
  assert.equal(one.is, 'checked')
  assert.equal(JSON.stringify(one), JSON.stringify(again))
  assert.ok(one.is === 'checked' && one.report.repetitions[0]!.timelines.some(({ spans }) => spans.some(({ type }) => type === 'RulesProgrammed')))
})

test('who has seen enough gets what was found so far', async () => {
  const stop = new AbortController()
  const report = await simulate({
    plan: planned({ model: DRAINS }),
    firstSeed: 1,
    seeds: 1_000,
    signal: stop.signal,
    progress: ({ done }) => done === 2 && stop.abort(),
  })
  assert.equal(report.seeds.done, 2)
  assert.equal(report.sleep, undefined)
  assert.match(renderSimulation(report), /stopped after 2 of 1000/)
})

test('a workload that never becomes ready is given up after three seeds', async () => {
  const report = await simulate({ plan: planned({ model: 'listen=none' }, { timeoutMs: 5_000 }), firstSeed: 1, seeds: 1_000 })
  assert.equal(report.verdict, 'unfinished')
  assert.equal(report.seeds.done, 3)
  assert.match(renderSimulation(report), /^UNFINISHED the workload never became ready in 3 of 3 seeds/)
})

test('models come from the annotation, then from the file, then from a known image, and what is assumed is said', () => {
  const modelOf = (course: Course) => planned(course).models.map(({ from, words }) => `${from}: ${words}`)
  const models = parseModels('models.yaml', 'shop/web: start=3s, listen=8080\nnginx:1.27: start=2s\n')
  assert.deepEqual(modelOf({ model: DRAINS, models }), [`annotation: ${DRAINS}`])
  assert.deepEqual(modelOf({ models }), ['file: start=3s, listen=8080'])
  assert.deepEqual(modelOf({ image: 'nginx:1.27', models }), ['file: start=2s'])
  assert.deepEqual(modelOf({ image: 'nginx:1.28', models }), ['image: nginx'])
  assert.deepEqual(modelOf({ models: parseModels('models.yaml', 'web/web: [start=4s, listen=8080]') }), ['file: start=4s, listen=8080'])
  const { notes, check } = planned({})
  assert.match(
    notes.join('\n'),
    /Deployment\/web, container web: nothing is known of image shop\/web:1\. Assumed: start=1s, listen=8080, answer=10ms, term=drain\./,
  )
  assert.match(JSON.stringify(check.objects.map(({ written }) => written)), /"simulate.poise.dev\/web":"start=1s, listen=8080/)
})

test('a model that cannot be understood is refused with its place', () => {
  const complaint = (text: string) => {
    try {
      parseModels('models.yaml', text)
    } catch (error) {
      assert.ok(error instanceof CheckProblem)
      return error.message
    }
    return undefined
  }
  assert.equal(complaint('shop/web: starts=3s'), 'models.yaml: shop/web: starts=3s: unknown name "starts"')
  assert.equal(complaint('shop/web: 3'), 'models.yaml: shop/web: must be words such as start=2s, listen=8080')
  assert.equal(complaint('- shop/web'), 'models.yaml: this is no map of images')
  assert.throws(() => planned({ model: 'start' }), /annotation simulate.poise.dev\/web: start: must be name=value/)
})
