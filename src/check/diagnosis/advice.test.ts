import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deployment } from '../../api/kinds/deployment.ts'
import { applyStrategicMergePatch } from '../../api/strategic_merge_patch.ts'
import type { Cause } from '../causes.ts'
import { diagnose } from '../diagnose.ts'
import { answered, habits, observed, pod, refused, reset, type ObservedWords } from '../testing/observed.ts'

const stays = pod('stays')
const leaves = (words: object = {}) => pod('old', { deleted: 0, term: 5, exit: 20, code: 0, unrouted: 180, ...words })
const killed = (words: object = {}) => pod('old', { deleted: 0, term: 5, kill: 5_000, exit: 5_010, code: 137, unrouted: 50, grace: 5, ...words })

/** The Deployment when its advice was followed, as far as a test asks. */
function mended(cause: Cause, pods: readonly ReturnType<typeof pod>[], requests: Parameters<typeof observed>[1], words: ObservedWords = {}) {
  const observation = observed(pods, requests, words)
  const finding = diagnose(observation).find(one => one.cause === cause)
  assert.ok(finding, `${cause} was not found`)
  const deployment = observation.objects.find(({ kind }) => kind === 'Deployment')
  const { spec } = finding.advice.reduce<unknown>((object, { patch }) => {
    if (!patch) return object
    assert.deepEqual([patch.kind, patch.name, patch.type], ['Deployment', 'web', 'strategic'])
    return applyStrategicMergePatch(Deployment.schema, object, patch.body)
  }, deployment) as Deployment
  const { containers, terminationGracePeriodSeconds: grace } = spec.template.spec
  assert.equal(containers.length, 1, 'the patch meets the container that is there')
  return { spec, container: containers[0]!, grace, advice: finding.advice }
}

const lateRequest = [refused(1, 100, 'old')]

test('a Pod without a hook gets one that sleeps twice as long as the slowest node needed, and five seconds at least', () => {
  assert.deepEqual(mended('refused-after-exit', [stays, leaves()], lateRequest).container.lifecycle, { preStop: { sleep: { seconds: 5 } } })
  const slow = mended('refused-after-exit', [stays, leaves({ unrouted: 7_200 })], lateRequest)
  assert.deepEqual(slow.container.lifecycle, { preStop: { sleep: { seconds: 15 } } })
  assert.equal(slow.grace, 30, 'there is grace enough')
})

test('a longer hook comes with a longer grace where it would leave nothing', () => {
  assert.equal(mended('refused-after-exit', [stays, leaves()], lateRequest, { grace: 8 }).grace, 15)
})

test('a hook that sleeps sleeps longer; one that does something does it later', () => {
  const withHook = (preStop: object) => {
    const container = { lifecycle: { preStop } }
    const hooked = leaves({ container, preStop: [2, 100], term: 101, exit: 110, unrouted: 400 })
    return mended('refused-after-exit', [stays, hooked], [refused(1, 200, 'old')], { container }).container.lifecycle?.preStop
  }
  assert.deepEqual(withHook({ sleep: { seconds: 4 } }), { sleep: { seconds: 8 } })
  assert.deepEqual(withHook({ exec: { command: ['sleep', '3'] } }), { sleep: { seconds: 6 } })
  assert.deepEqual(withHook({ exec: { command: ['/bin/sh', '-c', 'nginx -s quit'] } }), { exec: { command: ['/bin/sh', '-c', 'sleep 5; nginx -s quit'] } })
  assert.deepEqual(withHook({ httpGet: { path: '/stop', port: 8080 } }), { httpGet: { path: '/stop', port: 8080 } }, 'nobody can say from outside how')
})

test('a readiness probe asks what the load asks; another one is replaced', () => {
  const pods = [stays, pod('new', { started: 100, ready: 110, routed: 130 })]
  const requests = [refused(1, 200, 'new'), answered(2, 2_000, 'new')]
  assert.deepEqual(mended('ready-before-listening', pods, requests, { path: '/shop?x=1' }).container.readinessProbe, {
    httpGet: { path: '/shop', port: 8080 },
    periodSeconds: 1,
  })
  const container = { readinessProbe: { exec: { command: ['true'] }, failureThreshold: 2 } }
  assert.deepEqual(mended('ready-before-listening', pods, requests, { container }).container.readinessProbe, {
    httpGet: { path: '/', port: 8080 },
    periodSeconds: 1,
    failureThreshold: 2,
  })
})

test('the shell gives its place to the program, and keeps what comes before', () => {
  const command = (script: string, more: object = {}) => {
    const container = { command: ['sh', '-c', script], ...more }
    const { container: after } = mended('term-not-delivered', [stays, killed({ container })], [reset(1, 4_900, 'old', { took: 105, idle: 3 })], {
      container,
      signals: [habits('old', false, ['sh', '-c', script])],
    })
    return [...(after.command ?? []), ...(after.args ?? [])].at(-1)
  }
  assert.equal(command('node server.js; echo bye'), 'exec node server.js')
  assert.equal(command('. /env; migrate && node server.js\ntrue'), '. /env; migrate && exec node server.js')
  assert.equal(command('', { command: ['sh', '-c'], args: ['node server.js; exit 1'] }), 'exec node server.js')
  assert.equal(command('node server.js | tee log'), 'node server.js | tee log', 'two programs cannot both take its place')
  assert.equal(command('while true; do node server.js; done'), 'while true; do node server.js; done')
})

test('more grace: twice as much, half a minute at least, and enough for the longest request', () => {
  const words = { grace: 5, signals: [habits('old', true)] }
  assert.equal(mended('killed-at-grace-end', [stays, killed()], [reset(1, -100, 'old', { took: 5_105 })], words).grace, 30)
  const long = [reset(1, -100, 'old', { took: 5_105 }), answered(2, 100, 'stays', { took: 40_000 })]
  assert.equal(mended('killed-at-grace-end', [stays, killed()], long, words).grace, 80)
})

test('the grace holds the hook, and half a minute for the program', () => {
  const container = { lifecycle: { preStop: { exec: { command: ['sleep', '20'] } } } }
  const old = pod('old', { deleted: 0, preStop: [3], term: 5_001, kill: 7_001, exit: 7_010, code: 137, unrouted: 50, grace: 5, container })
  const { grace } = mended('prestop-exceeds-grace', [stays, old], [reset(1, 4_500, 'old', { took: 2_506, idle: 3 })], { container, grace: 5 })
  assert.equal(grace, 50)
})

test('one more first, and only then one less', () => {
  const pods = [pod('old-1', { deleted: 0, term: 5, exit: 20, unrouted: 60 }), pod('old-2', { deleted: 0, term: 5, exit: 25, unrouted: 60 })]
  const surge = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  assert.deepEqual(mended('no-surge', pods, [refused(1, 800)], { strategy: { type: 'Recreate' } }).spec.strategy, surge)
  assert.deepEqual(
    mended('no-surge', pods, [refused(1, 800)], { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '100%' } } }).spec.strategy,
    surge,
  )
})

test('a drain is held back by a budget, which is not made twice', () => {
  const pods = [pod('old-1', { deleted: 0, term: 5, exit: 20, unrouted: 60 }), pod('old-2', { deleted: 1, term: 5, exit: 25, unrouted: 60 })]
  const change = { rollout: 'drain', workload: 'Deployment/web', beganMs: 0, settledMs: 9_000 } as const
  const budget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web' },
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } },
  }
  assert.deepEqual(
    mended('no-surge', pods, [refused(1, 800)], { change }).advice.flatMap(({ create }) => create ?? []),
    [budget],
  )
  const has = mended('no-surge', pods, [refused(1, 800)], { change, objects: [budget as never] })
  assert.deepEqual(
    has.advice.map(({ create }) => create),
    [undefined],
  )
})

test('the only replica gets a second one where a rollout alone would not help', () => {
  const pods = [pod('old', { deleted: 0, term: 5, exit: 20, unrouted: 60 })]
  const change = { rollout: 'delete', workload: 'Deployment/web', beganMs: 0, settledMs: 5_000 } as const
  assert.equal(mended('single-replica', pods, [refused(1, 800)], { replicas: 1, change }).spec.replicas, 2)
  const recreated = mended('single-replica', pods, [refused(1, 800)], { replicas: 1, strategy: { type: 'Recreate' } })
  assert.equal(recreated.spec.replicas, 1)
  assert.equal(recreated.spec.strategy.type, 'RollingUpdate')
})

test('liveness waits longer; a start gets a probe of its own', () => {
  const livenessProbe = { httpGet: { path: '/healthy', port: 8080 }, timeoutSeconds: 1, failureThreshold: 3, periodSeconds: 1 }
  const container = { livenessProbe }
  const sick = { failing: { probe: 'liveness', from: 500, count: 3 }, term: 2_500, exit: 2_600, again: 2_700, container } as const
  const heard = mended('liveness-restart', [stays, pod('sick', sick)], [answered(1, 400, 'sick'), refused(2, 2_650, 'sick')], { container }).container
  assert.deepEqual(heard.livenessProbe, { ...livenessProbe, timeoutSeconds: 5, failureThreshold: 6, periodSeconds: 10 })
  const starting = mended('liveness-restart', [stays, pod('sick', sick)], [refused(2, 2_650, 'sick')], { container }).container
  assert.deepEqual(starting.livenessProbe, livenessProbe)
  assert.deepEqual(starting.startupProbe, { httpGet: { path: '/healthy', port: 8080 }, periodSeconds: 2, failureThreshold: 30 })
})

test('a slow start is waited for, by the probe and by the rollout', () => {
  const container = { readinessProbe: { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 2 } }
  const pods = [stays, pod('new', { started: 100, ready: 1_100, routed: 1_130, container })]
  const { spec, container: after } = mended('slow-start', pods, [answered(1, 4_000, 'new', { status: 503 })], { container })
  assert.equal(spec.minReadySeconds, 4, 'it failed 2.9 s after it had become Ready')
  assert.deepEqual(after.readinessProbe, { ...container.readinessProbe, initialDelaySeconds: 5 })
})

test('where only the program or the client can help, nothing is patched', () => {
  const kept = mended('reset-at-term', [stays, leaves()], [reset(1, -100, 'old', { took: 121, idle: 4 })])
  assert.deepEqual(
    kept.advice.map(({ patch }) => patch),
    [undefined],
  )
  const idle = mended('idle-connection-closed', [stays], [reset(1, 100, 'stays', { idle: 5_000 })])
  assert.ok(idle.advice.every(({ patch, create }) => !patch && !create))
})
