import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginStory, isReady, sh } from './story.ts'

test('§ pod lifecycle: a Pod goes Pending, Running and, told to leave, through a final status to nothing', async () => {
  const story = await beginStory()
  story.run({ spec: { containers: [{ name: 'web', image: 'nginx:1' }] } })
  const ready = await story.until(isReady, 5)
  assert.equal(ready.status.phase, 'Running')
  assert.equal(ready.status.podIP, ready.status.podIPs?.[0]?.ip)
  assert.equal(ready.status.hostIP, '10.0.0.1')
  assert.deepEqual(
    ready.status.conditions?.map(({ type, status }) => `${type}=${status}`),
    ['PodReadyToStartContainers=True', 'Initialized=True', 'Ready=True', 'ContainersReady=True', 'PodScheduled=True'],
  )
  const [web] = ready.status.containerStatuses ?? []
  assert.ok(web?.state?.running?.startedAt)
  assert.deepEqual([web.ready, web.started, web.restartCount, web.image], [true, true, 0, 'docker.io/library/nginx:1'])
  assert.match(web.containerID ?? '', /^simulated:\/\//)

  await story.delete()
  await story.gone('web', 5)
  const ofPod = story.api.writes.filter(write => write.kind === 'Pod').slice(-3)
  assert.deepEqual(
    ofPod.map(({ verb }) => verb),
    ['delete', 'patch status', 'remove'],
  )
  const last = ofPod[1]!.object as typeof ready
  assert.equal(last.status.phase, 'Succeeded')
  assert.equal(last.status.containerStatuses?.[0]?.state?.terminated?.exitCode, 0)
  assert.deepEqual(
    story.events.map(({ reason, message }) => `${reason}: ${message}`),
    [
      'Pulled: Container image "nginx:1" already present on machine',
      'Created: Created container: web',
      'Started: Started container web',
      'Killing: Stopping container web',
    ],
  )
  await story.world.advance(1000)
  assert.deepEqual(await story.world.finish(story.runtime.listPodSandboxes()), [])
})

test('§ init containers: each runs to its end before the next begins, and the Pod waits for all', async () => {
  const story = await beginStory()
  story.run({
    spec: {
      initContainers: [
        { name: 'first', image: 'busybox:1', command: sh('sleep 2') },
        { name: 'second', image: 'busybox:1', command: sh('sleep 3') },
      ],
      containers: [{ name: 'web', image: 'nginx:1' }],
    },
  })
  const running = await story.until(pod => pod.status.initContainerStatuses?.[1]?.state?.running !== undefined, 5)
  assert.equal(running.status.phase, 'Pending')
  assert.equal(running.status.initContainerStatuses?.[0]?.state?.terminated?.reason, 'Completed')
  assert.deepEqual(running.status.containerStatuses?.[0]?.state, { waiting: { reason: 'PodInitializing' } })
  assert.equal(running.status.conditions?.find(({ type }) => type === 'Initialized')?.message, 'containers with incomplete status: [second]')
  await story.until(isReady, 10)
  assert.ok(story.seconds() >= 5 && story.seconds() < 5.2, `ready after ${story.seconds()} s`)
})

test('§ container restart policy: a container that crashes is started again after 0 10 20 40 80 160 300 300 s', async () => {
  const story = await beginStory()
  story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh('exit 1') }] } })
  const pauses: number[] = []
  for (let restart = 1; restart <= 9; restart++) {
    await story.until(({ status }) => status.containerStatuses?.[0]?.restartCount === restart)
    const begunAt = story.events.filter(({ reason }) => reason === 'Pulled').at(-1)!.at
    const before = (await story.instances('web')).find(({ metadata }) => metadata.attempt === restart - 1)!
    pauses.push(Math.round(begunAt - (before.finishedAt - story.epochMs) / 1000))
  }
  assert.deepEqual(pauses, [0, 10, 20, 40, 80, 160, 300, 300, 300])
  assert.match(story.events.find(({ reason }) => reason === 'BackOff')?.message ?? '', /^Back-off restarting failed container web in pod web_default\(pod-1\)$/)
  const waiting = await story.until(({ status }) => status.containerStatuses?.[0]?.state?.waiting !== undefined)
  assert.deepEqual(waiting.status.containerStatuses?.[0]?.state?.waiting, {
    reason: 'CrashLoopBackOff',
    message: 'back-off 5m0s restarting failed container=web pod=web_default(pod-1)',
  })
  assert.equal(waiting.status.phase, 'Running')
})
