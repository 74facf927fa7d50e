/** The image of a container is changed while its Pod runs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginStory, isAt, isReady, isRunning, sh, simulated, simulatedAll, stateOf, statusOf, web } from './story.ts'

const IMAGES = ['busybox:1', 'nginx:1', 'nginx:2', 'busybox:2']

test('§ image edit: a running container is killed and started again with the new image', async () => {
  const story = await beginStory(1, { images: IMAGES })
  story.run({ metadata: simulated('listen=80, drain=2s'), spec: web() })
  await story.until(isReady)
  await story.at(20)
  await story.edit(({ spec }) => (spec.containers[0]!.image = 'nginx:2'))
  const after = await story.until(pod => isReady(pod) && statusOf(pod, 'web')?.restartCount === 1, 30)
  assert.deepEqual(story.said('Killing'), ['Killing: Container web definition changed, will be restarted'])
  assert.equal(statusOf(after, 'web')?.image, 'docker.io/library/nginx:2')
  isAt(story.calls.starts.at(-1)!.at, 22, 'it was given its grace')
})

test('§ image edit: it is restarted regardless of the restart policy', async () => {
  const story = await beginStory(1, { images: IMAGES })
  story.run({ metadata: simulated('listen=80, term=fast'), spec: web({}, { restartPolicy: 'Never' }) })
  await story.until(isReady)
  await story.edit(({ spec }) => (spec.containers[0]!.image = 'nginx:2'))
  const after = await story.until(pod => statusOf(pod, 'web')?.restartCount === 1, 30)
  assert.equal(after.status.phase, 'Running')
})

test('§ image edit: a container that has ended under restartPolicy Never stays as it is', async () => {
  const story = await beginStory(1, { images: IMAGES })
  story.run({
    spec: {
      restartPolicy: 'Never',
      containers: [
        { name: 'web', image: 'busybox:1', command: sh('exit 0') },
        { name: 'other', image: 'nginx:1' },
      ],
    },
  })
  await story.until(pod => stateOf(pod, 'web') === 'Terminated Completed 0' && stateOf(pod, 'other') === 'Running')
  await story.edit(({ spec }) => (spec.containers[0]!.image = 'busybox:2'))
  await story.at(60)
  assert.deepEqual([statusOf(story.pod(), 'web')?.restartCount, statusOf(story.pod(), 'other')?.restartCount], [0, 0])
})

test('§ image edit: of an init container that is done it changes nothing until it runs again', async () => {
  const story = await beginStory(1, { images: IMAGES })
  story.run({ spec: web({}, { initContainers: [{ name: 'first', image: 'busybox:1', command: sh('true') }] }) })
  await story.until(isReady)
  await story.edit(({ spec }) => (spec.initContainers![0]!.image = 'busybox:2'))
  await story.at(60)
  assert.deepEqual([statusOf(story.pod(), 'first')?.restartCount, story.calls.stops.length], [0, 0])
  story.runtime.rebootMachine()
  const again = await story.until(pod => isReady(pod) && statusOf(pod, 'first')?.restartCount === 1, 100)
  assert.equal(statusOf(again, 'first')?.image, 'docker.io/library/busybox:2')
})

test('§ image edit: an init container that runs is not stopped for it', async () => {
  const story = await beginStory(1, { images: IMAGES })
  story.run({ spec: web({}, { initContainers: [{ name: 'first', image: 'busybox:1', command: sh('sleep 5') }] }) })
  await story.at(2)
  await story.edit(({ spec }) => (spec.initContainers![0]!.image = 'busybox:2'))
  await story.until(isReady, 10)
  assert.deepEqual([statusOf(story.pod(), 'first')?.restartCount, story.calls.stops.length], [0, 0])
})

test('§ image edit: a running sidecar is killed and restarted', async () => {
  const story = await beginStory(1, { images: IMAGES })
  story.run({
    metadata: simulatedAll({ proxy: 'listen=81, term=fast', web: 'listen=80' }),
    spec: web({}, { initContainers: [{ name: 'proxy', image: 'nginx:1', restartPolicy: 'Always' }] }),
  })
  await story.until(isReady)
  await story.edit(({ spec }) => (spec.initContainers![0]!.image = 'nginx:2'))
  await story.until(pod => isReady(pod) && statusOf(pod, 'proxy')?.restartCount === 1, 30)
  assert.deepEqual(story.said('Killing'), ['Killing: Init container proxy definition changed'])
  assert.equal(statusOf(story.pod(), 'web')?.restartCount, 0)
})

test('§ image edit: only name and image count; labels, deadlines and the like restart nothing', async () => {
  const story = await beginStory(1, { images: IMAGES })
  story.run({ spec: web() })
  await story.until(isReady)
  await story.edit(pod => {
    pod.metadata.labels = { a: 'b' }
    pod.spec.activeDeadlineSeconds = 5000
    pod.spec.tolerations = [{ operator: 'Exists' }] as never
  })
  await story.at(30)
  assert.deepEqual([story.calls.starts.length, story.calls.stops.length], [1, 0])
})

test('§ image edit: to an image that cannot be had, the container is stopped and waits for it', async () => {
  const story = await beginStory(1, { images: IMAGES })
  story.runtime.registry.set('missing:1', { is: 'missing' })
  story.run({ metadata: simulated('listen=80, term=fast'), spec: web() })
  await story.until(isReady)
  await story.edit(({ spec }) => (spec.containers[0]!.image = 'missing:1'))
  const pod = await story.until(seen => /ImagePullBackOff/.test(stateOf(seen, 'web')), 10)
  assert.equal(statusOf(pod, 'web')?.lastState?.terminated?.exitCode, 0)
  assert.ok(isRunning(pod), 'a container that has run does not make the Pod Pending again')
})
