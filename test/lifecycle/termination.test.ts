/** How containers are stopped: TERM, the grace, KILL. Hooks and sidecars, and what the API does, have files of their own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RuntimeError } from '../../src/runtime/runtime.ts'
import { beginStory, isAt, isReady, isRunning, sh, simulated, stateOf, statusOf, verdictOf, web } from './story.ts'

test('§ termination: a container that heeds TERM is gone at once', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=fast'), spec: web() })
  await story.until(isReady)
  await story.at(10)
  await story.delete()
  await story.gone()
  isAt(story.seconds(), 10)
})

test('§ termination: one that does not is killed at the end of its grace, with exit code 137', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=ignore'), spec: web({}, { terminationGracePeriodSeconds: 7 }) })
  await story.until(isReady)
  await story.at(10)
  await story.delete()
  await story.gone()
  isAt(story.seconds(), 17)
  assert.equal(stateOf({ status: story.statuses().at(-1)! } as never, 'web'), 'Terminated Error 137')
})

test('§ termination: all containers of a Pod are stopped at the same time', async () => {
  const story = await beginStory()
  story.run({
    metadata: { annotations: { 'simulate.poise.dev/a': 'listen=none, drain=5s', 'simulate.poise.dev/b': 'listen=none, drain=3s' } },
    spec: {
      containers: [
        { name: 'a', image: 'nginx:1' },
        { name: 'b', image: 'nginx:1' },
      ],
    },
  })
  await story.until(isReady)
  await story.at(10)
  await story.delete()
  await story.at(14)
  assert.deepEqual(
    ['a', 'b'].map(name => stateOf(story.pod(), name)),
    ['Running', 'Terminated Completed 0'],
  )
  await story.gone()
  isAt(story.seconds(), 15)
  for (const { at } of story.calls.stops) isAt(at, 10)
  assert.deepEqual(story.said('Killing').toSorted(), ['Killing: Stopping container a', 'Killing: Stopping container b'])
})

test('§ termination: while containers stop the phase stays Running and they turn Terminated one by one; the object goes after the last', async () => {
  const story = await beginStory()
  story.run({
    metadata: { annotations: { 'simulate.poise.dev/a': 'listen=none, drain=2s', 'simulate.poise.dev/b': 'listen=none, drain=4s' } },
    spec: {
      containers: [
        { name: 'a', image: 'nginx:1' },
        { name: 'b', image: 'nginx:1' },
      ],
    },
  })
  await story.until(isReady)
  await story.at(10)
  await story.delete()
  await story.at(11)
  assert.ok(isRunning(story.pod()!) && isReady(story.pod()!), 'Ready changes only when a container stops, or by its probe')
  await story.at(13)
  assert.equal(verdictOf(story.pod()!, 'Ready'), 'False ContainersNotReady: containers with unready status: [a]')
  assert.equal(story.pod()?.status.phase, 'Running')
  await story.gone()
  assert.equal(story.statuses().at(-1)?.phase, 'Succeeded')
})

test('§ termination: the readiness probe goes on until the last container has stopped, the liveness probe does not', async () => {
  const story = await beginStory()
  await story.at(60)
  const probe = { httpGet: { port: 80 }, periodSeconds: 1, failureThreshold: 1 }
  story.run({ metadata: simulated('listen=80, drain=10s'), spec: web({ readinessProbe: probe, livenessProbe: probe }) })
  await story.until(isReady)
  await story.at(70)
  await story.delete()
  await story.at(75)
  assert.equal(isReady(story.pod()!), false, 'its port is closed while it drains')
  await story.gone()
  isAt(story.seconds(), 80)
  assert.deepEqual([...new Set(story.said('Unhealthy').map(text => text.split(' ')[1]))], ['Readiness'])
  assert.equal(statusOf({ status: story.statuses().at(-1)! } as never, 'web')?.restartCount, 0)
})

test('§ termination: nothing is restarted any more, whatever the restart policy says', async () => {
  const story = await beginStory()
  story.run({
    metadata: { annotations: { 'simulate.poise.dev/a': 'listen=none, drain=20s', 'simulate.poise.dev/b': 'listen=none, after=12s, exit=1, term=ignore' } },
    spec: {
      containers: [
        { name: 'a', image: 'nginx:1' },
        { name: 'b', image: 'nginx:1' },
      ],
    },
  })
  await story.until(isReady)
  await story.at(10)
  await story.delete()
  await story.gone()
  assert.equal(story.calls.starts.length, 2)
  assert.equal(story.statuses().at(-1)?.phase, 'Failed', 'for b exited with 1')
})

test('§ termination: a Pod in back-off goes at once, and its last exit stays to be seen', async () => {
  const story = await beginStory()
  story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh('exit 3') }] } })
  await story.until(pod => stateOf(pod, 'web') === 'Waiting CrashLoopBackOff')
  await story.at(15)
  await story.delete()
  await story.gone()
  isAt(story.seconds(), 15)
  assert.equal(stateOf({ status: story.statuses().at(-1)! } as never, 'web'), 'Terminated Error 3')
})

test('§ termination: a Pod that is deleted before anything of it has started goes as Failed', async () => {
  const story = await beginStory()
  story.run({ spec: web({ image: 'elsewhere:1' }) })
  await story.until(({ status }) => status.startTime !== undefined, 1)
  await story.delete()
  await story.gone()
  assert.equal(story.statuses().at(-1)?.phase, 'Failed')
  await story.world.advance(2000)
  assert.deepEqual([await story.instances('web'), await story.sandboxes()], [[], 0])
})

test('§ termination: grace of one second still gives two seconds between TERM and KILL', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=ignore'), spec: web({}, { terminationGracePeriodSeconds: 1 }) })
  await story.until(isReady)
  await story.at(10)
  await story.delete()
  await story.gone()
  isAt(story.seconds(), 12)
})

test('§ termination: terminationGracePeriodSeconds 0 is one second, and never no time at all', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=ignore'), spec: web({}, { terminationGracePeriodSeconds: 0, activeDeadlineSeconds: 10 }) })
  await story.until(({ status }) => status.phase === 'Failed', 30)
  isAt(story.seconds(), 12)
})

test('§ termination: a runtime that refuses to stop a container is told in FailedKillPod, and asked again', async () => {
  let refusals = 2
  const story = await beginStory(1, {
    between: runtime => ({
      stopContainer: (id, timeoutMs) =>
        refusals-- > 0 ? Promise.reject(new RuntimeError('Unknown', 'connection lost')) : runtime.stopContainer(id, timeoutMs),
    }),
  })
  story.run({ metadata: simulated('term=fast'), spec: web() })
  await story.until(isReady)
  await story.delete()
  await story.gone()
  assert.deepEqual(story.said('FailedKillPod'), Array(2).fill('FailedKillPod: error killing pod: connection lost'))
})

test('§ termination: a Pod that the kubelet kills for its node, and that outlives its grace by half, is told in ExceededGracePeriod', async () => {
  const story = await beginStory(1, { between: () => ({ stopContainer: () => new Promise(() => undefined) }) })
  story.run({ spec: web() })
  await story.until(isReady)
  story.machineStats.set({ systemMemoryBytes: 8 * 2 ** 30 })
  await story.world.until(() => story.said('ExceededGracePeriod').length > 0, 60_000)
  const [{ at: killedAt } = { at: NaN }] = story.events.filter(({ reason }) => reason === 'Evicted')
  const [told] = story.events.filter(({ reason }) => reason === 'ExceededGracePeriod')
  isAt(told!.at, killedAt + 10, 'and no earlier than after ten seconds')
  assert.deepEqual([told?.type, told?.message], ['Warning', 'Container runtime did not kill the pod within specified grace period.'])
})

test('§ termination: one that dies in time is not told so', async () => {
  const story = await beginStory()
  story.run({ spec: web() })
  await story.until(isReady)
  story.machineStats.set({ systemMemoryBytes: 8 * 2 ** 30 })
  await story.until(({ status }) => status.phase === 'Failed', 60)
  await story.world.advance(60_000)
  assert.deepEqual(story.said('ExceededGracePeriod'), [])
})
