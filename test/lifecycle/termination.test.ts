import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginStory, isReady, isRunning, sh, type Story } from './story.ts'

const simulated = (settings: string, container = 'web') => ({ annotations: { [`simulate.poise.dev/${container}`]: settings } })
const web = (rest: object = {}, pod: object = {}) => ({ containers: [{ name: 'web', image: 'nginx:1', ...rest }], ...pod })

/** Seconds from now until the Pod is gone. */
async function leaving(story: Story, act: () => Promise<void>): Promise<number> {
  const begun = story.seconds()
  await act()
  await story.gone('web', 200)
  return story.seconds() - begun
}

test('§ termination: a container that heeds TERM is gone at once, one that does not is killed at the end of its grace', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('listen=80, term=fast'), spec: web() })
  await story.until(isReady)
  const quick = await leaving(story, () => story.delete())
  assert.ok(quick < 0.1, `${quick} s`)

  story.run({ metadata: simulated('listen=80, term=ignore'), spec: web({}, { terminationGracePeriodSeconds: 7 }) })
  await story.until(isReady)
  const slow = await leaving(story, () => story.delete())
  assert.ok(slow >= 7 && slow < 7.1, `${slow} s`)
})

test('§ termination: the grace of the delete request goes before that of the Pod', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('listen=80, term=ignore'), spec: web() })
  await story.until(isReady)
  const took = await leaving(story, () => story.delete('web', 3))
  assert.ok(took >= 3 && took < 3.1, `${took} s`)
})

test('§ hooks: preStop runs before TERM and inside the grace', async () => {
  const story = await beginStory()
  story.run({
    metadata: simulated('listen=80, term=ignore'),
    spec: web({ lifecycle: { preStop: { sleep: { seconds: 4 } } } }, { terminationGracePeriodSeconds: 10 }),
  })
  await story.until(isReady)
  const took = await leaving(story, () => story.delete())
  assert.ok(took >= 10 && took < 10.1, `${took} s: 4 s of hook and 6 s to the kill`)
})

test('§ hooks: a preStop that takes all of the grace still leaves two seconds between TERM and KILL', async () => {
  const story = await beginStory()
  story.run({
    metadata: simulated('listen=80, term=ignore'),
    spec: web({ lifecycle: { preStop: { exec: { command: ['sleep', '60'] } } } }, { terminationGracePeriodSeconds: 5 }),
  })
  await story.until(isReady)
  const took = await leaving(story, () => story.delete())
  assert.ok(took >= 7 && took < 7.2, `${took} s`)
})

test('§ hooks: a preStop that fails is told, and stopping goes on at once', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('listen=80, term=fast'), spec: web({ lifecycle: { preStop: { exec: { command: ['false'] } } } }) })
  await story.until(isReady)
  const took = await leaving(story, () => story.delete())
  assert.ok(took < 0.2, `${took} s`)
  assert.equal(story.events.find(({ reason }) => reason === 'FailedPreStopHook')?.message, 'PreStopHook failed')
})

test('§ hooks: a container whose postStart fails is killed and waits with PostStartHookError', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('listen=80, term=fast'), spec: web({ lifecycle: { postStart: { exec: { command: ['false'] } } } }) })
  const pod = await story.until(({ status }) => status.containerStatuses?.[0]?.lastState?.terminated !== undefined)
  assert.equal(isReady(pod), false)
  assert.deepEqual(
    story.events
      .filter(({ type, reason }) => type === 'Warning' || reason === 'Killing')
      .slice(0, 2)
      .map(({ reason, message }) => `${reason}: ${message}`),
    ['FailedPostStartHook: PostStartHook failed', 'Killing: FailedPostStartHook'],
  )
})

test('§ hooks: a container is not ready before its postStart is done', async () => {
  const story = await beginStory()
  story.run({ spec: web({ lifecycle: { postStart: { exec: { command: ['sleep', '3'] } } } }) })
  await story.world.advance(2000)
  assert.equal(isReady(story.pod()!), false)
  await story.until(isReady, 5)
  assert.ok(story.seconds() >= 3 && story.seconds() < 3.2)
})

test('§ termination: a second delete with less grace shortens what is left', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('listen=80, term=ignore'), spec: web({}, { terminationGracePeriodSeconds: 100 }) })
  await story.until(isReady)
  const took = await leaving(story, async () => {
    await story.delete()
    await story.world.advance(10_000)
    await story.delete('web', 5)
  })
  assert.ok(took >= 15 && took < 15.1, `${took} s`)
})

test('§ termination: forced out of the API, the containers still get their grace, and nothing stays behind', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('listen=80, term=ignore'), spec: web({}, { terminationGracePeriodSeconds: 6 }) })
  await story.until(isReady)
  await story.delete('web', 0)
  assert.equal(story.pod(), undefined)
  await story.world.advance(5000)
  assert.equal((await story.instances('web'))[0]?.state, 'running')
  await story.world.advance(1500)
  assert.deepEqual(await story.instances('web'), [])
  assert.equal(await story.sandboxes(), 0)
})

test('§ sidecars: they stop after the regular containers, in reverse order', async () => {
  const story = await beginStory()
  const slow = (seconds: number) => `listen=none, drain=${seconds}s`
  story.run({
    metadata: { annotations: { 'simulate.poise.dev/web': slow(2), 'simulate.poise.dev/one': slow(1), 'simulate.poise.dev/two': slow(1) } },
    spec: web(
      {},
      {
        initContainers: [
          { name: 'one', image: 'nginx:1', restartPolicy: 'Always' },
          { name: 'two', image: 'nginx:1', restartPolicy: 'Always' },
        ],
      },
    ),
  })
  const ready = await story.until(isReady)
  assert.deepEqual(
    ready.status.initContainerStatuses?.map(({ started, ready: isUp }) => [started, isUp]),
    [
      [true, true],
      [true, true],
    ],
  )
  await story.delete()
  const ends: Record<string, number> = {}
  for (const name of ['web', 'two', 'one']) {
    await story.world.until(() => {
      const pod = story.pod()
      return (
        pod === undefined ||
        [...(pod.status.containerStatuses ?? []), ...(pod.status.initContainerStatuses ?? [])].some(status => status.name === name && status.state?.terminated)
      )
    }, 10_000)
    ends[name] = story.seconds()
  }
  assert.ok(ends.web! + 0.9 < ends.two! && ends.two! + 0.9 < ends.one!, JSON.stringify(ends))
  await story.gone()
})

test('§ kubelet restart: running containers are taken up as they are', async () => {
  const story = await beginStory()
  story.run({ spec: web({ readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 10 } }) })
  const before = await story.until(isReady)
  await story.world.advance(20_000)
  const writes = story.api.writes.length
  await story.restartKubelet()
  await story.world.advance(30_000)
  const after = story.pod()!
  assert.equal(after.status.containerStatuses?.[0]?.containerID, before.status.containerStatuses?.[0]?.containerID)
  assert.equal(after.status.containerStatuses?.[0]?.restartCount, 0)
  assert.deepEqual(
    story.api.writes.slice(writes).filter(({ kind }) => kind === 'Pod'),
    [],
    'nothing about the Pod has changed',
  )
})

test('§ kubelet restart: restart counts go on, and what is gone from the API is killed', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('after=5s, exit=1'), spec: web() })
  await story.until(({ status }) => (status.containerStatuses?.[0]?.restartCount ?? 0) === 2, 100)
  await story.restartKubelet()
  await story.until(({ status }) => (status.containerStatuses?.[0]?.restartCount ?? 0) === 3, 100)

  story.world.host('node-a').crash()
  await story.delete('web', 0)
  await story.restartKubelet()
  await story.world.advance(5000)
  assert.equal(await story.sandboxes(), 0)
})

test('§ kubelet restart in mid-termination: the Pod goes on leaving, with its full grace', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('listen=80, term=ignore'), spec: web({}, { terminationGracePeriodSeconds: 10 }) })
  await story.until(isReady)
  await story.delete()
  await story.world.advance(5000)
  await story.restartKubelet()
  const took = await leaving(story, async () => undefined)
  assert.ok(took > 4.9 && took < 10.2, `${took} s`)
})

test('§ node reboot: the Pod starts again in a new sandbox, and its containers count a restart', async () => {
  const story = await beginStory()
  story.run({ spec: web({}, { initContainers: [{ name: 'first', image: 'busybox:1', command: sh('true') }] }) })
  const before = await story.until(isReady)
  story.runtime.rebootMachine()
  const after = await story.until(pod => isReady(pod) && pod.status.containerStatuses?.[0]?.restartCount === 1, 30)
  assert.notEqual(after.status.podIP, undefined)
  assert.notEqual(after.status.containerStatuses?.[0]?.containerID, before.status.containerStatuses?.[0]?.containerID)
  assert.ok(story.events.some(({ message }) => message === 'Pod sandbox changed, it will be killed and re-created.'))
})

test('§ restart policy: Never ends the Pod, OnFailure starts again until it succeeds', async () => {
  const story = await beginStory()
  story.run({ spec: { restartPolicy: 'Never', containers: [{ name: 'web', image: 'busybox:1', command: sh('sleep 1; exit 3') }] } })
  const failed = await story.until(({ status }) => status.phase === 'Failed', 10)
  assert.equal(failed.status.containerStatuses?.[0]?.state?.terminated?.reason, 'Error')
  assert.equal(failed.status.conditions?.find(({ type }) => type === 'Ready')?.reason, 'PodFailed')
  await story.delete()
  await story.gone()

  story.run({
    spec: {
      restartPolicy: 'OnFailure',
      volumes: [{ name: 'data', emptyDir: {} }],
      containers: [
        {
          name: 'web',
          image: 'busybox:1',
          command: sh('test -f /data/done && exit 0; touch /data/done; exit 1'),
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
    },
  })
  const succeeded = await story.until(({ status }) => status.phase === 'Succeeded', 30)
  assert.equal(succeeded.status.containerStatuses?.[0]?.restartCount, 1)
  assert.equal(succeeded.status.containerStatuses?.[0]?.state?.terminated?.reason, 'Completed')
})

test('§ init containers: with restartPolicy Never a failed one fails the Pod, and its containers never start', async () => {
  const story = await beginStory()
  story.run({ spec: web({}, { restartPolicy: 'Never', initContainers: [{ name: 'first', image: 'busybox:1', command: sh('exit 1') }] }) })
  const failed = await story.until(({ status }) => status.phase === 'Failed', 10)
  assert.deepEqual(failed.status.containerStatuses?.[0]?.state, { waiting: { reason: 'PodInitializing' } })
  assert.deepEqual(await story.instances('web'), [])
})

test('§ activeDeadlineSeconds: the Pod fails when it has been active for longer', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('listen=80, term=fast'), spec: web({}, { activeDeadlineSeconds: 20 }) })
  await story.until(isRunning)
  const failed = await story.until(({ status }) => status.phase === 'Failed', 30)
  assert.ok(story.seconds() >= 19 && story.seconds() < 20.5, `${story.seconds()} s`)
  assert.deepEqual([failed.status.reason, failed.status.message], ['DeadlineExceeded', 'Pod was active on the node longer than the specified deadline'])
})
