import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../src/api/kinds/pod.ts'
import { beginStory, isReady, sh } from './story.ts'

const simulated = (settings: string) => ({ annotations: { 'simulate.poise.dev/web': settings } })
const web = (rest: object) => ({ containers: [{ name: 'web', image: 'nginx:1', ...rest }] })
const readyMessage = (pod: Pod) => pod.status.conditions?.find(({ type }) => type === 'Ready')?.message

test('§ readiness: a container that does not answer is running but not ready, and its first failure is told', async () => {
  const story = await beginStory()
  await story.world.advance(60_000)
  story.run({ metadata: simulated('start=3s, listen=80'), spec: web({ readinessProbe: { httpGet: { port: 80, path: '/' }, periodSeconds: 5 } }) })
  const running = await story.until(({ status }) => status.phase === 'Running', 5)
  assert.equal(isReady(running), false)
  assert.equal(readyMessage(running), 'containers with unready status: [web]')
  await story.until(isReady, 20)
  const [unhealthy] = story.events.filter(({ reason }) => reason === 'Unhealthy')
  assert.match(unhealthy!.message, /^Readiness probe failed: Get "http:\/\/10\.244\.0\.\d+:80\/": dial tcp 10\.244\.0\.\d+:80: connect: connection refused$/)
  assert.equal(unhealthy!.fieldPath, 'spec.containers{web}')
  assert.equal(story.pod()!.status.containerStatuses?.[0]?.restartCount, 0)
})

test('§ readiness: a container that answers at once is ready without waiting for a period', async () => {
  const story = await beginStory()
  await story.world.advance(60_000)
  const begun = story.seconds()
  story.run({ spec: web({ readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 30 } }) })
  await story.until(isReady, 20)
  assert.ok(story.seconds() - begun < 1, `${story.seconds() - begun} s`)
})

test('§ liveness: after failureThreshold failures in a row the container is killed and started again', async () => {
  const story = await beginStory()
  await story.world.advance(60_000)
  story.run({
    spec: {
      containers: [
        {
          name: 'web',
          image: 'busybox:1',
          command: sh('touch /tmp/healthy; sleep 30; rm /tmp/healthy; sleep 600'),
          livenessProbe: { exec: { command: ['cat', '/tmp/healthy'] }, initialDelaySeconds: 5, periodSeconds: 5 },
        },
      ],
      terminationGracePeriodSeconds: 5,
    },
  })
  const begun = story.seconds()
  const restarted = await story.until(({ status }) => status.containerStatuses?.[0]?.restartCount === 1, 200)
  const took = story.seconds() - begun
  // Healthy for 30 s, then failures at 35, 40 and 45; sh does not hear TERM, so five seconds of grace pass.
  assert.ok(took > 45 && took < 52, `restarted after ${took} s`)
  assert.equal(restarted.status.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 137)
  assert.deepEqual(
    story.events.filter(({ reason }) => reason === 'Unhealthy').map(({ message }) => message.slice(0, 30)),
    Array(3).fill('Liveness probe failed: cat: ca'),
  )
  assert.deepEqual(
    story.events.filter(({ reason }) => reason === 'Killing').map(({ message }) => message),
    ['Container web failed liveness probe, will be restarted'],
  )
})

test('§ startup: until it has succeeded neither liveness nor readiness is asked; after failureThreshold periods the container is restarted', async () => {
  const story = await beginStory()
  await story.world.advance(60_000)
  const probe = { httpGet: { port: 80 }, periodSeconds: 2, failureThreshold: 5 }
  story.run({
    metadata: simulated('start=7s, listen=80'),
    spec: web({ startupProbe: probe, livenessProbe: { ...probe, failureThreshold: 1 }, readinessProbe: probe }),
  })
  const ready = await story.until(isReady, 30)
  assert.equal(ready.status.containerStatuses?.[0]?.restartCount, 0)
  assert.ok(story.events.filter(({ reason }) => reason === 'Unhealthy').every(({ message }) => message.startsWith('Startup probe failed')))

  await story.delete()
  await story.gone()
  story.run({ metadata: simulated('start=60s, listen=80'), spec: web({ startupProbe: probe }) })
  await story.until(({ status }) => status.containerStatuses?.[0]?.restartCount === 1, 60)
  assert.equal(story.events.filter(({ message }) => message === 'Container web failed startup probe, will be restarted').length, 1)
})

test('§ gRPC: a service that is not serving is not ready', async () => {
  const story = await beginStory()
  await story.world.advance(60_000)
  story.run({ metadata: simulated('listen=9000, grpc=NOT_SERVING'), spec: web({ readinessProbe: { grpc: { port: 9000 }, periodSeconds: 1 } }) })
  await story.world.advance(5000)
  assert.equal(isReady(story.pod()!), false)
  assert.equal(story.events.find(({ reason }) => reason === 'Unhealthy')?.message, 'Readiness probe failed: service unhealthy (responded with "NOT_SERVING")')
})
