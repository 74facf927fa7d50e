/** activeDeadlineSeconds: how long a Pod may be active on its node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginStory, isAt, isReady, sh, simulated, stateOf, web, type Story } from './story.ts'

const failedAt = async (story: Story) => {
  const failed = await story.until(({ status }) => status.phase === 'Failed', 500)
  assert.deepEqual([failed.status.reason, failed.status.message], ['DeadlineExceeded', 'Pod was active on the node longer than the specified deadline'])
  return story.seconds()
}

test('§ activeDeadlineSeconds: it counts from status.startTime; then the Pod is killed with its grace, and Failed', async () => {
  const story = await beginStory()
  await story.at(100)
  story.run({ metadata: simulated('term=ignore'), spec: web({}, { activeDeadlineSeconds: 20, terminationGracePeriodSeconds: 5 }) })
  isAt(await failedAt(story), 125)
  isAt(story.calls.stops[0]!.at, 120)
  assert.deepEqual(story.said('DeadlineExceeded'), ['DeadlineExceeded: Pod was active on the node longer than the specified deadline'])
  assert.equal(story.events.find(({ reason }) => reason === 'DeadlineExceeded')?.type, 'Normal')
})

test('§ activeDeadlineSeconds: lowered while the Pod runs, it counts from the same start', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=fast'), spec: web({}, { activeDeadlineSeconds: 300 }) })
  await story.until(isReady)
  await story.at(30)
  await story.edit(({ spec }) => (spec.activeDeadlineSeconds = 60))
  isAt(await failedAt(story), 60)
})

test('§ activeDeadlineSeconds: lowered below the time the Pod has run, it ends it at once', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=fast'), spec: web() })
  await story.until(isReady)
  await story.at(30)
  await story.edit(({ spec }) => (spec.activeDeadlineSeconds = 10))
  isAt(await failedAt(story), 30)
})

test('§ activeDeadlineSeconds: it ends a Pod that is still waiting for its init containers, or for an image', async () => {
  const story = await beginStory()
  story.run({
    spec: web(
      {},
      { activeDeadlineSeconds: 10, terminationGracePeriodSeconds: 1, initContainers: [{ name: 'first', image: 'busybox:1', command: sh('sleep 1000') }] },
    ),
  })
  isAt(await failedAt(story), 12)
  assert.equal(stateOf(story.pod(), 'web'), 'Waiting PodInitializing')

  const pulling = await beginStory()
  pulling.runtime.registry.set('slow:1', { is: 'hanging' })
  pulling.run({ spec: web({ image: 'slow:1' }, { activeDeadlineSeconds: 10 }) })
  isAt(await failedAt(pulling), 10)
})

test('§ activeDeadlineSeconds: it ends a Pod between two crashes, and it counts on when the kubelet starts anew', async () => {
  const story = await beginStory()
  story.run({ spec: { activeDeadlineSeconds: 100, containers: [{ name: 'web', image: 'busybox:1', command: sh('exit 1') }] } })
  await story.at(90)
  await story.restartKubelet()
  isAt(await failedAt(story), 100)
  assert.equal(stateOf(story.pod(), 'web'), 'Terminated Error 1')
})

test('§ activeDeadlineSeconds: with all containers exited with 0 in the meantime, the Pod is Failed all the same', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=fast, exit=0'), spec: web({}, { activeDeadlineSeconds: 10 }) })
  await failedAt(story)
  assert.equal(stateOf(story.pod(), 'web'), 'Terminated Completed 0')
})
