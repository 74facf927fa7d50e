/** When probes are asked, and what their answers lead to. How each kind of probe asks is told in probe_handlers.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginStory, isAt, isReady, sh, simulated, stateOf, statusOf, verdictOf, web, type Story } from './story.ts'

/** A minute after the kubelet began: then periods begin with the Pod, and not at a random moment. */
async function settled(): Promise<Story> {
  const story = await beginStory()
  await story.at(60)
  return story
}
const tcp = { tcpSocket: { port: 80 } }
const asked = (story: Story, command: string) => story.calls.execs.filter(call => call.command === command).map(({ at }) => at)
const told = (story: Story, reason = 'Unhealthy') => story.events.filter(event => event.reason === reason)

test('§ probes: the periods begin with the Pod, before its container runs, which is asked at the end of the first and of every other', async () => {
  const story = await settled()
  story.run({ spec: web({ livenessProbe: { exec: { command: ['true'] }, periodSeconds: 7 } }) })
  await story.at(90)
  asked(story, 'true').forEach((at, index) => isAt(at, 67 + 7 * index))
  assert.equal(asked(story, 'true').length, 4)
})

test('§ probes: a kubelet that has been up for less than a period begins at a random moment of the first period', async () => {
  const firsts = new Set<number>()
  for (const seed of [1, 2, 3, 4, 5]) {
    const story = await beginStory(seed)
    story.run({ spec: web({ livenessProbe: { exec: { command: ['true'] }, periodSeconds: 20 } }) })
    await story.at(45)
    const [first, second] = asked(story, 'true')
    assert.ok(first! < 20.1, `${first}`)
    isAt(second! - first!, 20)
    firsts.add(Math.round(first!))
  }
  assert.ok(firsts.size > 1, 'they differ')
})

test('§ probes: before initialDelaySeconds of its running time, in whole seconds, a container is not asked', async () => {
  const story = await settled()
  story.run({ spec: web({ livenessProbe: { exec: { command: ['true'] }, periodSeconds: 1, initialDelaySeconds: 5 } }) })
  await story.at(67.5)
  const [first] = asked(story, 'true')
  assert.ok(first! >= 65 && first! < 66.2, `${first}`)
})

test('§ readiness: a container is not ready before its probe has succeeded, and its first failure is told', async () => {
  const story = await settled()
  story.run({ metadata: simulated('start=3s, listen=80'), spec: web({ readinessProbe: { httpGet: { port: 80 }, periodSeconds: 5 } }) })
  await story.at(62)
  assert.equal(stateOf(story.pod(), 'web'), 'Running')
  assert.equal(verdictOf(story.pod()!, 'Ready'), 'False ContainersNotReady: containers with unready status: [web]')
  await story.until(isReady, 10)
  assert.ok(story.seconds() >= 63 && story.seconds() <= 66.2, `${story.seconds()}`)
  const { podIP } = story.pod()!.status
  assert.equal(told(story)[0]?.message, `Readiness probe failed: Get "http://${podIP}:80/": dial tcp ${podIP}:80: connect: connection refused`)
  assert.equal(told(story)[0]?.fieldPath, 'spec.containers{web}')
})

test('§ readiness: one that answers at once is ready without waiting for a period', async () => {
  const story = await settled()
  story.run({ spec: web({ readinessProbe: { ...tcp, periodSeconds: 30 } }) })
  await story.until(isReady, 20)
  assert.ok(story.seconds() < 61, `${story.seconds()} s`)
})

test('§ readiness: a failing one takes the Pod out of service after failureThreshold failures, and never restarts it', async () => {
  const story = await settled()
  const readinessProbe = { exec: { command: ['cat', '/tmp/ready'] }, periodSeconds: 2, failureThreshold: 3, successThreshold: 2 }
  const script = 'touch /tmp/ready; sleep 20; rm /tmp/ready; sleep 20; touch /tmp/ready; sleep 1000'
  story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh(script), readinessProbe }] } })
  await story.until(isReady, 10)
  await story.at(75)
  await story.until(pod => !isReady(pod), 20)
  assert.ok(story.seconds() >= 84 && story.seconds() < 86.2, `three failures after 80: ${story.seconds()}`)
  await story.until(isReady, 60)
  assert.ok(story.seconds() >= 102 && story.seconds() < 104.2, `two successes after 100: ${story.seconds()}`)
  assert.equal(statusOf(story.pod(), 'web')?.restartCount, 0)
})

test('§ liveness: after failureThreshold failures in a row the container is killed with its grace and started again', async () => {
  const story = await settled()
  const livenessProbe = { exec: { command: ['cat', '/tmp/healthy'] }, initialDelaySeconds: 5, periodSeconds: 5 }
  story.run({
    spec: {
      terminationGracePeriodSeconds: 5,
      containers: [{ name: 'web', image: 'busybox:1', command: sh('touch /tmp/healthy; sleep 28; rm /tmp/healthy; sleep 600'), livenessProbe }],
    },
  })
  const restarted = await story.until(pod => statusOf(pod, 'web')?.restartCount === 1, 200)
  const failures = told(story).map(({ at }) => at)
  assert.equal(failures.length, 3)
  isAt(failures[1]! - failures[0]!, 5)
  isAt(story.calls.stops[0]!.at, failures[2]!)
  isAt(story.seconds(), failures[2]! + 5, 'sh does not heed TERM')
  assert.equal(statusOf(restarted, 'web')?.lastState?.terminated?.exitCode, 137)
  assert.deepEqual(story.said('Killing'), ['Killing: Container web failed liveness probe, will be restarted'])
})

test('§ liveness: a success in between begins the count anew', async () => {
  const story = await settled()
  const livenessProbe = { exec: { command: sh('echo x >> /tmp/n; test $(( $(cat /tmp/n | wc -l) % 3 )) -eq 0') }, periodSeconds: 1, failureThreshold: 3 }
  story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh('sleep 1000'), livenessProbe }] } })
  await story.at(120)
  assert.equal(statusOf(story.pod(), 'web')?.restartCount, 0)
  assert.ok(told(story).length > 30)
})

test('§ liveness: after it has failed nobody asks any more until there is another container', async () => {
  const story = await settled()
  const livenessProbe = { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 2 }
  story.run({ metadata: simulated('listen=none, term=ignore'), spec: web({ livenessProbe }, { terminationGracePeriodSeconds: 30 }) })
  await story.at(85)
  assert.equal(asked(story, 'false').length, 2)
  await story.at(95)
  assert.ok(asked(story, 'false').length > 2)
})

test('§ probe-level grace: a container that its liveness or startup probe has given up gets the grace of the probe', async () => {
  for (const kind of ['livenessProbe', 'startupProbe']) {
    const story = await settled()
    const probe = { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 1, terminationGracePeriodSeconds: 3 }
    story.run({ metadata: simulated('listen=none, term=ignore'), spec: web({ [kind]: probe }, { terminationGracePeriodSeconds: 60 }) })
    await story.until(pod => statusOf(pod, 'web')?.restartCount === 1, 100)
    assert.equal(story.calls.stops[0]?.timeoutMs, 3000, kind)
    isAt(story.seconds(), story.calls.stops[0]!.at + 3, kind)
  }
})

test('§ probe-level grace: a deletion goes by the grace of the deletion', async () => {
  const story = await settled()
  const livenessProbe = { ...tcp, terminationGracePeriodSeconds: 3 }
  story.run({ metadata: simulated('listen=80, term=ignore'), spec: web({ livenessProbe }, { terminationGracePeriodSeconds: 10 }) })
  await story.until(isReady)
  await story.at(70)
  await story.delete()
  await story.gone()
  isAt(story.seconds(), 80)
})

test('§ startup: until it has succeeded neither liveness nor readiness is asked', async () => {
  const story = await settled()
  const probe = { httpGet: { port: 80 }, periodSeconds: 2, failureThreshold: 5 }
  story.run({
    metadata: simulated('start=7s, listen=80'),
    spec: web({ startupProbe: probe, livenessProbe: { ...probe, failureThreshold: 1 }, readinessProbe: probe }),
  })
  await story.at(67)
  assert.deepEqual([statusOf(story.pod(), 'web')?.started, statusOf(story.pod(), 'web')?.ready], [false, false])
  const ready = await story.until(isReady, 10)
  assert.equal(statusOf(ready, 'web')?.restartCount, 0)
  assert.ok(told(story).every(({ message }) => message.startsWith('Startup probe failed')))
})

test('§ startup: one that fails failureThreshold times has its container killed and restarted', async () => {
  const story = await settled()
  story.run({ metadata: simulated('start=60s, listen=80, term=fast'), spec: web({ startupProbe: { ...tcp, periodSeconds: 2, failureThreshold: 5 } }) })
  await story.until(pod => statusOf(pod, 'web')?.restartCount === 1, 60)
  isAt(story.seconds(), 70, 'asked at 62, 64, 66, 68, 70')
  assert.deepEqual(story.said('Killing'), ['Killing: Container web failed startup probe, will be restarted'])
})

test('§ startup: once it has succeeded it is not asked again', async () => {
  const story = await settled()
  story.run({ spec: web({ startupProbe: { exec: { command: ['true'] }, periodSeconds: 1 } }) })
  await story.at(90)
  assert.equal(asked(story, 'true').length, 1)
})

test('§ probes: a container that is started again is neither started nor ready until its probes have succeeded again', async () => {
  const story = await settled()
  const probe = { ...tcp, periodSeconds: 1, failureThreshold: 30 }
  story.run({ metadata: simulated('start=4s, listen=80, after=20s, exit=1'), spec: web({ startupProbe: probe, readinessProbe: probe }) })
  await story.until(isReady, 20)
  await story.until(pod => statusOf(pod, 'web')?.restartCount === 1, 60)
  await story.world.advance(1000)
  assert.deepEqual([statusOf(story.pod(), 'web')?.started, statusOf(story.pod(), 'web')?.ready, isReady(story.pod()!)], [false, false, false])
  await story.until(isReady, 20)
})

test('§ probes: an error is no answer: it is asked three times, the run does not count, and the state it leaves is told', async () => {
  let attempts = 0
  const story = await beginStory(1, {
    between: () => ({
      async execSync() {
        attempts++
        throw new Error('the shim does not answer')
      },
    }),
  })
  await story.at(60)
  story.run({ spec: web({ livenessProbe: { exec: { command: ['true'] }, periodSeconds: 10, failureThreshold: 1 } }) })
  await story.at(71)
  assert.equal(attempts, 3)
  assert.deepEqual(story.said('Unhealthy'), ['Unhealthy: Liveness probe errored and resulted in unknown state: the shim does not answer'])
  await story.at(200)
  assert.equal(statusOf(story.pod(), 'web')?.restartCount, 0)
})

test('§ probes: without a readiness probe a container is ready as soon as it has started, without a startup probe started as soon as it runs', async () => {
  const story = await settled()
  story.run({ spec: web() })
  const running = await story.until(pod => stateOf(pod, 'web') === 'Running', 2)
  assert.deepEqual([statusOf(running, 'web')?.started, statusOf(running, 'web')?.ready], [true, true])
})

test('§ probes: a container that does not run is not ready, whatever its probe had found', async () => {
  const story = await settled()
  story.run({ metadata: simulated('after=10s, exit=1'), spec: web({ readinessProbe: { ...tcp, periodSeconds: 1 } }, { restartPolicy: 'Never' }) })
  await story.until(isReady, 10)
  const failed = await story.until(({ status }) => status.phase === 'Failed', 20)
  assert.deepEqual([statusOf(failed, 'web')?.ready, statusOf(failed, 'web')?.started], [false, false])
})
