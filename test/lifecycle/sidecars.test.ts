/** Sidecars: init containers with restartPolicy Always. They start in turn, run beside the others, and stop last. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginStory, isAt, isReady, isRunning, sh, simulated, simulatedAll, stateOf, statusOf, web } from './story.ts'

const sidecar = (name: string, rest: object = {}) => ({ name, image: 'nginx:1', restartPolicy: 'Always', ...rest })
const startedAt = (starts: readonly { at: number; container: string }[], container: string) => starts.find(call => call.container === container)!.at

test('§ sidecars: the next init container starts when the sidecar before has started, not when it is ready', async () => {
  const story = await beginStory()
  story.run({
    metadata: simulated('start=20s, listen=80', 'proxy'),
    spec: web(
      {},
      { initContainers: [sidecar('proxy', { readinessProbe: { tcpSocket: { port: 80 } } }), { name: 'setup', image: 'busybox:1', command: sh('sleep 2') }] },
    ),
  })
  await story.until(isRunning, 5)
  assert.ok(startedAt(story.calls.starts, 'setup#0') < 0.2)
  isAt(startedAt(story.calls.starts, 'web#0'), startedAt(story.calls.starts, 'setup#0') + 2)
  assert.deepEqual([statusOf(story.pod(), 'proxy')?.started, statusOf(story.pod(), 'proxy')?.ready], [true, false])
})

test('§ sidecars: one with a startup probe holds the next until the probe has succeeded', async () => {
  const story = await beginStory()
  await story.at(60)
  const startupProbe = { tcpSocket: { port: 80 }, periodSeconds: 3, failureThreshold: 30 }
  story.run({ metadata: simulated('start=7s, listen=80', 'proxy'), spec: web({}, { initContainers: [sidecar('proxy', { startupProbe })] }) })
  await story.at(65)
  assert.deepEqual(
    [statusOf(story.pod(), 'proxy')?.started, stateOf(story.pod(), 'proxy'), stateOf(story.pod(), 'web')],
    [false, 'Running', 'Waiting PodInitializing'],
  )
  assert.equal(story.pod()?.status.phase, 'Pending')
  await story.until(isReady, 20)
  isAt(startedAt(story.calls.starts, 'web#0'), 69, 'asked at 60, 63, 66 and 69')
})

test('§ sidecars: one whose startup probe fails is restarted, without promising it in the Event', async () => {
  const story = await beginStory()
  await story.at(60)
  const startupProbe = { tcpSocket: { port: 80 }, periodSeconds: 2, failureThreshold: 2 }
  story.run({ metadata: simulated('start=60s, listen=80', 'proxy'), spec: web({}, { initContainers: [sidecar('proxy', { startupProbe })] }) })
  await story.until(pod => statusOf(pod, 'proxy')?.restartCount === 1, 60)
  assert.deepEqual(story.said('Killing'), ['Killing: Init container proxy failed startup probe'])
  assert.equal(story.events.find(({ reason }) => reason === 'Killing')?.fieldPath, 'spec.initContainers{proxy}')
})

test('§ sidecars: one whose liveness probe fails is restarted while the containers run on', async () => {
  const story = await beginStory()
  await story.at(60)
  const livenessProbe = { exec: { command: ['cat', '/tmp/alive'] }, periodSeconds: 1, failureThreshold: 1, initialDelaySeconds: 3 }
  const proxy = { name: 'proxy', image: 'busybox:1', restartPolicy: 'Always', command: sh("trap 'exit 0' TERM; sleep 1000 & wait"), livenessProbe }
  story.run({ spec: web({}, { terminationGracePeriodSeconds: 2, initContainers: [proxy] }) })
  await story.until(pod => statusOf(pod, 'proxy')?.restartCount === 1, 60)
  assert.deepEqual(story.said('Killing'), ['Killing: Init container proxy failed liveness probe'])
  assert.equal(statusOf(story.pod(), 'web')?.restartCount, 0)
})

for (const restartPolicy of ['Never', 'OnFailure']) {
  test(`§ sidecars: with restartPolicy ${restartPolicy} they are restarted all the same, with back-off, and their exit code never fails the Pod`, async () => {
    const story = await beginStory()
    story.run({
      metadata: simulated('after=2s, exit=1', 'proxy'),
      spec: { restartPolicy, initContainers: [sidecar('proxy')], containers: [{ name: 'web', image: 'busybox:1', command: sh('sleep 40') }] },
    })
    await story.until(pod => stateOf(pod, 'proxy') === 'Waiting CrashLoopBackOff', 20)
    assert.equal(story.pod()?.status.phase, 'Running')
    const done = await story.until(({ status }) => status.phase === 'Succeeded', 60)
    const starts = story.calls.starts.filter(({ container }) => container.startsWith('proxy')).map(({ at }) => at)
    isAt(starts[1]! - starts[0]!, 2)
    isAt(starts[2]! - starts[1]!, 12)
    assert.deepEqual([starts.length, statusOf(done, 'proxy')?.lastState?.terminated === undefined], [4, false])
  })
}

test('§ sidecars: when no regular container is left to run they are stopped and not restarted', async () => {
  const story = await beginStory()
  story.run({
    metadata: simulated('listen=none, term=fast', 'proxy'),
    spec: { restartPolicy: 'Never', initContainers: [sidecar('proxy')], containers: [{ name: 'web', image: 'busybox:1', command: sh('sleep 5; exit 2') }] },
  })
  const failed = await story.until(({ status }) => status.phase === 'Failed', 20)
  assert.equal(stateOf(failed, 'proxy'), 'Terminated Completed 0')
  await story.at(100)
  assert.equal(story.calls.starts.filter(({ container }) => container.startsWith('proxy')).length, 1)
})

test('§ sidecars: one that cannot be started holds what comes behind it, and nothing else', async () => {
  const story = await beginStory()
  story.runtime.registry.set('missing:1', { is: 'missing' })
  story.run({ spec: web({}, { initContainers: [sidecar('one'), sidecar('two', { image: 'missing:1' })] }) })
  await story.at(30)
  assert.deepEqual(
    ['one', 'web'].map(name => stateOf(story.pod(), name)),
    ['Running', 'Waiting PodInitializing'],
  )
  assert.match(stateOf(story.pod(), 'two'), /ErrImagePull|ImagePullBackOff/)
})

const pair = { initContainers: [sidecar('one'), sidecar('two')] }

test('§ sidecars at the end: regular containers get TERM at once, each sidecar when those it serves and those behind it have stopped', async () => {
  const story = await beginStory()
  story.run({ metadata: simulatedAll({ web: 'listen=none, drain=2s', one: 'listen=none, drain=1s', two: 'listen=none, drain=4s' }), spec: web({}, pair) })
  await story.until(isReady)
  await story.at(10)
  await story.delete()
  await story.gone()
  assert.deepEqual(
    story.calls.stops.map(({ container, timeoutMs }) => `${container} ${timeoutMs / 1000}s`),
    ['web 30s', 'two 28s', 'one 24s'],
    'the time waited is taken from the grace that is left, in whole seconds',
  )
  const [regular, two, one] = story.calls.stops.map(({ at }) => at)
  isAt(regular!, 10)
  isAt(two!, 12)
  isAt(one!, 16)
  isAt(story.seconds(), 17)
})

test('§ sidecars at the end: a container that ignores TERM holds them to the end of the grace; then all that are left get two seconds', async () => {
  const story = await beginStory()
  story.run({
    metadata: simulatedAll({ web: 'listen=none, term=ignore', one: 'listen=none, term=ignore', two: 'listen=none, term=ignore' }),
    spec: web({}, { ...pair, terminationGracePeriodSeconds: 10 }),
  })
  await story.until(isReady)
  await story.at(20)
  await story.delete()
  await story.gone()
  assert.deepEqual(
    story.calls.stops.map(({ container, timeoutMs }) => `${container} ${timeoutMs / 1000}s`),
    ['web 10s', 'two 2s', 'one 2s'],
  )
  for (const { at } of story.calls.stops.slice(1)) isAt(at, 30)
  isAt(story.seconds(), 32)
})

test('§ sidecars at the end: their preStop hooks run at once beside the others; only the signal waits', async () => {
  const story = await beginStory()
  const lifecycle = { preStop: { exec: { command: ['sleep', '1'] } } }
  story.run({
    metadata: simulatedAll({ web: 'listen=none, drain=5s', one: 'listen=none, term=fast', two: 'listen=none, term=fast' }),
    spec: web({ lifecycle }, { initContainers: [sidecar('one', { lifecycle }), sidecar('two', { lifecycle })] }),
  })
  await story.until(isReady)
  await story.at(10)
  await story.delete()
  await story.gone()
  assert.deepEqual(story.calls.execs.map(({ container }) => container).toSorted(), ['one', 'two', 'web'])
  for (const { at, container } of story.calls.execs) isAt(at, 10, container)
  assert.deepEqual(
    story.calls.stops.map(({ container }) => container),
    ['web', 'two', 'one'],
  )
  isAt(story.calls.stops[1]!.at, 16, 'one second of hook and five of draining')
})

test('§ sidecars at the end: one that is waiting to be restarted is not started any more', async () => {
  const story = await beginStory()
  story.run({
    metadata: simulatedAll({ web: 'listen=none, drain=60s', proxy: 'after=1s, exit=1' }),
    spec: web({}, { terminationGracePeriodSeconds: 50, initContainers: [sidecar('proxy')] }),
  })
  await story.until(pod => stateOf(pod, 'proxy') === 'Waiting CrashLoopBackOff', 20)
  const starts = story.calls.starts.length
  await story.delete()
  await story.gone()
  assert.equal(story.calls.starts.length, starts)
})
