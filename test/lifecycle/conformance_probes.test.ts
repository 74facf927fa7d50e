/** Conformance, sig-node: Probing container. Where Kubernetes' test looks on for four minutes, so do these. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginConformance, busybox, condition, isReady, isRunning, restarts, type Ground } from './conformance.ts'

const LOOK_ON_SECONDS = 240
/** What the test says of the program in its container. */
const simulated = (settings: string) => ({ annotations: { 'simulate.poise.dev/main': settings } })
const server = (rest: object) => ({ containers: [{ name: 'main', image: 'agnhost', ...rest }] })
/** Serves /healthz for ten seconds; then it answers 404 where Kubernetes' own image answers 500. */
const TEN_SECONDS_OF_HEALTH = 'mkdir -p /www; echo ok > /www/healthz; httpd -p 8080 -h /www; sleep 10; rm /www/healthz; sleep 600'

async function neverRestarted(ground: Ground): Promise<void> {
  await ground.until('probed', isRunning)
  await ground.advance(LOOK_ON_SECONDS)
  assert.deepEqual(
    ground.seen.map(({ pod }) => restarts(pod)).filter(count => count > 0),
    [],
  )
  assert.equal(isRunning(ground.pod('probed')!), true)
}

const restartedOnce = (ground: Ground) => ground.until('probed', pod => restarts(pod) === 1, LOOK_ON_SECONDS)

test('Probing container should *not* be restarted with a /healthz http liveness probe', async () => {
  await using ground = await beginConformance('healthy http')
  const livenessProbe = { httpGet: { path: '/healthz', port: 8080 }, initialDelaySeconds: 15, timeoutSeconds: 5, failureThreshold: 5 }
  await ground.create('probed', server({ livenessProbe }), simulated('listen=8080, status=200'))
  await neverRestarted(ground)
})

test('Probing container should *not* be restarted with a GRPC liveness probe', async () => {
  await using ground = await beginConformance('healthy gRPC')
  const livenessProbe = { grpc: { port: 5000 }, initialDelaySeconds: 10, timeoutSeconds: 5, failureThreshold: 1 }
  await ground.create('probed', server({ livenessProbe }), simulated('listen=5000, grpc=SERVING'))
  await neverRestarted(ground)
})

test('Probing container should *not* be restarted with a exec "cat /tmp/health" liveness probe', async () => {
  await using ground = await beginConformance('healthy exec')
  const livenessProbe = { exec: { command: ['cat', '/tmp/health'] }, initialDelaySeconds: 15, timeoutSeconds: 5, failureThreshold: 1 }
  await ground.create('probed', { containers: [busybox('echo ok >/tmp/health; sleep 600', { livenessProbe })] })
  await neverRestarted(ground)
})

test('Probing container should *not* be restarted with a tcp:8080 liveness probe', async () => {
  await using ground = await beginConformance('healthy tcp')
  const livenessProbe = { tcpSocket: { port: 8080 }, initialDelaySeconds: 15, failureThreshold: 1 }
  await ground.create('probed', server({ livenessProbe }), simulated('listen=8080'))
  await neverRestarted(ground)
})

test('Probing container should be restarted with a /healthz http liveness probe', async () => {
  await using ground = await beginConformance('ill http')
  const livenessProbe = { httpGet: { path: '/healthz', port: 8080 }, initialDelaySeconds: 15, failureThreshold: 1 }
  await ground.create('probed', { terminationGracePeriodSeconds: 1, containers: [busybox(TEN_SECONDS_OF_HEALTH, { livenessProbe })] })
  await restartedOnce(ground)
})

test('Probing container should be restarted with a GRPC liveness probe', async () => {
  await using ground = await beginConformance('ill gRPC')
  const livenessProbe = { grpc: { port: 2333 }, initialDelaySeconds: 10, timeoutSeconds: 5, failureThreshold: 1 }
  await ground.create('probed', server({ livenessProbe }), simulated('listen=5000, grpc=SERVING'))
  await restartedOnce(ground)
})

test('Probing container should be restarted with a exec "cat /tmp/health" liveness probe', async () => {
  await using ground = await beginConformance('ill exec')
  const livenessProbe = { exec: { command: ['cat', '/tmp/health'] }, initialDelaySeconds: 15, timeoutSeconds: 5, failureThreshold: 1 }
  const script = 'echo ok >/tmp/health; sleep 10; rm -rf /tmp/health; sleep 600'
  await ground.create('probed', { terminationGracePeriodSeconds: 1, containers: [busybox(script, { livenessProbe })] })
  await restartedOnce(ground)
})

test('Probing container should have monotonically increasing restart count', async () => {
  await using ground = await beginConformance('five restarts')
  const livenessProbe = { httpGet: { path: '/healthz', port: 8080 }, initialDelaySeconds: 5, failureThreshold: 1 }
  await ground.create('probed', { terminationGracePeriodSeconds: 1, containers: [busybox(TEN_SECONDS_OF_HEALTH, { livenessProbe })] })
  await ground.until('probed', pod => restarts(pod) === 5, 1800)
  const counts = ground.seen.map(({ pod }) => restarts(pod))
  assert.deepEqual(
    counts,
    counts.toSorted((a, b) => a - b),
  )
  assert.deepEqual([...new Set(counts)], [0, 1, 2, 3, 4, 5])
})

test('Probing container with readiness probe should not be ready before initial delay and never restart', async () => {
  await using ground = await beginConformance('readiness')
  const readinessProbe = { httpGet: { path: '/', port: 80 }, initialDelaySeconds: 30, periodSeconds: 5 }
  await ground.create('probed', server({ readinessProbe }), simulated('listen=80, status=200'))
  const pod = await ground.until('probed', isReady)
  const startedAt = Date.parse(pod.status.containerStatuses![0]!.state!.running!.startedAt!)
  const readyAt = Date.parse(condition(pod, 'Ready')!.lastTransitionTime!)
  assert.ok(readyAt - startedAt >= 30_000, `ready ${readyAt - startedAt} ms after the start`)
  await ground.advance(LOOK_ON_SECONDS)
  assert.equal(restarts(ground.pod('probed')!), 0)
})

test('Probing container with readiness probe that fails should never be ready and never restart', async () => {
  await using ground = await beginConformance('never ready')
  const readinessProbe = { exec: { command: ['/bin/false'] }, initialDelaySeconds: 5, periodSeconds: 1 }
  await ground.create('probed', { containers: [busybox('sleep 600', { readinessProbe })] })
  await neverRestarted(ground)
  assert.deepEqual(
    ground.seen.filter(({ pod }) => isReady(pod)),
    [],
  )
})
