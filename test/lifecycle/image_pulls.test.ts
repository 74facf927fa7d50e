/** How the image of a container comes onto the machine, and what is said while it does not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RuntimeError } from '../../src/runtime/runtime.ts'
import { beginStory, isAt, isReady, sh, simulated, stateOf, statusOf, web, type Story } from './story.ts'

const waiting = (story: Story) => statusOf(story.pod(), 'web')?.state?.waiting
/** When pulls were begun, in seconds. */
const pulls = (story: Story) => story.events.filter(({ reason }) => reason === 'Pulling').map(({ at }) => at)
const failures = (story: Story) => story.events.filter(({ message }) => message.startsWith('Failed to pull')).map(({ at }) => at)

test('§ image pull: an image that is not there is pulled; how long it took and how big it is are told', async () => {
  const story = await beginStory()
  story.run({ spec: web({ image: 'elsewhere:1' }) })
  await story.until(isReady, 5)
  const [pulling, pulled] = story.said('Pulling', 'Pulled')
  assert.equal(pulling, 'Pulling: Pulling image "elsewhere:1"')
  assert.match(pulled!, /^Pulled: Successfully pulled image "elsewhere:1" in (1\.00\ds) \(\1 including waiting\)\. Image size: 41943040 bytes\.$/)
})

test('§ image pull policy: IfNotPresent uses what is there', async () => {
  const story = await beginStory()
  story.run({ spec: web({ imagePullPolicy: 'IfNotPresent' }) })
  await story.until(isReady, 5)
  assert.deepEqual(story.said('Pulling', 'Pulled'), ['Pulled: Container image "nginx:1" already present on machine'])
})

test('§ image pull policy: Always asks the registry at every start, also for what is there', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('after=5s'), spec: web({ imagePullPolicy: 'Always' }) })
  await story.until(pod => statusOf(pod, 'web')?.restartCount === 1, 30)
  assert.equal(pulls(story).length, 2)
  assert.equal(story.said('Pulled').filter(text => text.startsWith('Pulled: Successfully pulled image "nginx:1"')).length, 2)
})

test('§ image pull policy: unless it is given, it is Always for the tag latest and for no tag, and IfNotPresent for others and for digests', async () => {
  const digest = `nginx@sha256:${'0'.repeat(64)}`
  const story = await beginStory(1, { images: ['nginx', 'nginx:1', 'nginx:latest', digest] })
  for (const [index, image] of ['nginx', 'nginx:latest', 'nginx:1', digest].entries()) story.run({ metadata: { name: `web-${index}` }, spec: web({ image }) })
  await story.at(10)
  const pulled = (name: string) => story.events.some(event => event.name === name && event.reason === 'Pulling')
  assert.deepEqual(
    [0, 1, 2, 3].map(index => pulled(`web-${index}`)),
    [true, true, false, false],
  )
})

test('§ image pull policy: Never fails with ErrImageNeverPull when the image is not there', async () => {
  const story = await beginStory()
  story.run({ spec: web({ image: 'elsewhere:1', imagePullPolicy: 'Never' }) })
  await story.at(1)
  const message = 'Container image "elsewhere:1" is not present with pull policy of Never'
  assert.deepEqual(waiting(story), { reason: 'ErrImageNeverPull', message })
  assert.deepEqual(story.said('ErrImageNeverPull', 'Failed'), [`ErrImageNeverPull: ${message}`, 'Failed: Error: ErrImageNeverPull'])
  story.runtime.registry.load('elsewhere:1')
  await story.until(isReady, 20)
  assert.ok(story.seconds() > 9, 'it is looked for again after ten to fifteen seconds')
})

test('§ image pull: secrets that are not there are named, and the pull is tried without them', async () => {
  const story = await beginStory()
  story.run({ spec: { ...web({ image: 'elsewhere:1' }), imagePullSecrets: [{ name: 'keys' }, { name: 'more' }] } })
  await story.until(isReady, 5)
  assert.deepEqual(story.said('FailedToRetrieveImagePullSecret'), [
    'FailedToRetrieveImagePullSecret: Unable to retrieve some image pull secrets (keys, more); attempting to pull the image may not succeed.',
  ])
})

test('§ image pull back-off: ErrImagePull for a pull that failed, ImagePullBackOff while the next one waits', async () => {
  const story = await beginStory()
  story.runtime.registry.set('missing:1', { is: 'missing' })
  story.run({ spec: web({ image: 'missing:1' }) })
  const failed = await story.until(pod => stateOf(pod, 'web') === 'Waiting ErrImagePull', 5)
  const { message } = statusOf(failed, 'web')!.state!.waiting!
  assert.match(message!, /failed to resolve reference "docker.io\/library\/missing:1".*not found$/)
  assert.deepEqual(story.said('Failed'), [`Failed: Failed to pull image "missing:1": ${message}`, 'Failed: Error: ErrImagePull'])
  await story.world.advance(1100)
  assert.deepEqual(waiting(story), { reason: 'ImagePullBackOff', message: `Back-off pulling image "missing:1": ErrImagePull: ${message}` })
  assert.deepEqual(story.said('BackOff'), ['BackOff: Back-off pulling image "missing:1"'])
  assert.equal(story.said('Failed').at(-1), 'Failed: Error: ImagePullBackOff')
  const states = new Set<string>()
  for (let second = 0; second < 60; second++) {
    await story.world.advance(1000)
    states.add(stateOf(story.pod(), 'web'))
  }
  assert.deepEqual([...states].toSorted(), ['Waiting ErrImagePull', 'Waiting ImagePullBackOff'], 'they alternate')
})

test('§ image pull back-off: the next pull begins 10 20 40 80 160 300 300 s after the last one failed', async () => {
  const story = await beginStory()
  story.runtime.registry.set('missing:1', { is: 'missing' })
  story.run({ spec: web({ image: 'missing:1' }) })
  await story.world.until(() => pulls(story).length === 8, 2_000_000)
  pulls(story)
    .slice(1)
    .forEach((at, index) => isAt(at - failures(story)[index]!, [10, 20, 40, 80, 160, 300, 300][index]!, `pull ${index + 2}`))
})

test('§ image pull back-off: when the image comes at last the container starts, and the back-off is forgotten', async () => {
  const story = await beginStory()
  story.runtime.registry.set('late:1', { is: 'failing', times: 2, message: 'connection reset' })
  const image = { image: 'late:1', imagePullPolicy: 'Always' }
  story.run({ spec: web(image) })
  await story.until(isReady, 60)
  story.runtime.registry.set('late:1', { is: 'failing', times: 1, message: 'connection reset' })
  await story.edit(({ spec }) => (spec.ephemeralContainers = [{ name: 'debug', ...image }] as never))
  await story.until(pod => stateOf(pod, 'debug') === 'Running', 120)
  isAt(pulls(story)[1]! - failures(story)[0]!, 10)
  isAt(pulls(story)[2]! - failures(story)[1]!, 20)
  isAt(pulls(story)[4]! - failures(story)[2]!, 10, 'the first failure of another container with this image')
})

test('§ image pull back-off: it is kept for a Pod and an image, so that another Pod tries at once', async () => {
  const story = await beginStory()
  story.runtime.registry.set('missing:1', { is: 'missing' })
  story.run({ spec: web({ image: 'missing:1' }) })
  await story.at(20)
  const before = pulls(story).length
  story.run({ metadata: { name: 'other' }, spec: web({ image: 'missing:1' }) })
  await story.at(20.2)
  assert.deepEqual([pulls(story).length, story.events.at(-1)?.name], [before + 1, 'other'])
})

test('§ image pull back-off: another image of the same container is tried at once', async () => {
  const story = await beginStory()
  story.runtime.registry.set('missing:1', { is: 'missing' })
  story.run({ spec: web({ image: 'missing:1' }) })
  await story.at(60)
  await story.edit(({ spec }) => (spec.containers[0]!.image = 'elsewhere:1'))
  await story.until(isReady, 5)
})

for (const [reason, meaning] of [
  ['RegistryUnavailable', 'the registry is unavailable'],
  ['SignatureValidationFailed', 'the signature validation failed'],
] as const) {
  test(`§ image pull: an error that the runtime calls ${reason} is the reason to wait`, async () => {
    const story = await beginStory(1, { between: () => ({ pullImage: () => Promise.reject(new RuntimeError('Unknown', `${reason}: try later`)) }) })
    story.run({ spec: web({ image: 'elsewhere:1' }) })
    await story.at(0.5)
    const message = `image pull failed for elsewhere:1 because ${meaning}: try later`
    assert.deepEqual(waiting(story), { reason, message })
    assert.deepEqual(story.said('Failed'), [`Failed: Failed to pull image "elsewhere:1": ${reason}: try later`, `Failed: Error: ${reason}`])
    await story.at(2)
    assert.equal(waiting(story)?.message, `Back-off pulling image "elsewhere:1": ${reason}: ${message}`)
  })
}

test('§ image name: one that is none is InvalidImageName, and nobody asks for it', async () => {
  const story = await beginStory()
  story.run({ spec: web({ image: 'Not a name' }) })
  await story.at(1)
  assert.equal(waiting(story)?.reason, 'InvalidImageName')
  assert.match(waiting(story)!.message!, /^Failed to apply default image tag "Not a name": /)
  assert.deepEqual(story.said('InspectFailed', 'Failed'), [`InspectFailed: ${waiting(story)!.message}`, 'Failed: Error: InvalidImageName'])
  assert.deepEqual(pulls(story), [])
})

test('§ image inspection: a runtime that cannot say whether it has an image is ImageInspectError', async () => {
  let isBroken = true
  const story = await beginStory(1, {
    between: runtime => ({
      imageStatus: image => (isBroken ? Promise.reject(new RuntimeError('Unknown', 'metadata is corrupt')) : runtime.imageStatus(image)),
    }),
  })
  story.run({ spec: web() })
  await story.at(1)
  const message = 'Failed to inspect image "docker.io/library/nginx:1": metadata is corrupt'
  assert.deepEqual(waiting(story), { reason: 'ImageInspectError', message })
  assert.deepEqual(story.said('InspectFailed', 'Failed'), [`InspectFailed: ${message}`, 'Failed: Error: ImageInspectError'])
  isBroken = false
  await story.until(isReady, 20)
})

test('§ image pull: one that hangs is given up when the Pod is deleted', async () => {
  const story = await beginStory()
  story.runtime.registry.set('slow:1', { is: 'hanging' })
  story.run({ spec: { initContainers: [{ name: 'first', image: 'busybox:1', command: sh('true') }], containers: [{ name: 'web', image: 'slow:1' }] } })
  await story.at(30)
  await story.delete()
  await story.gone()
  isAt(story.seconds(), 30)
})
