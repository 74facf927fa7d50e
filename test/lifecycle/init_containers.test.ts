/** Init containers: what must be done before a Pod's containers start. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginStory, isAt, isReady, sh, stateOf, statusOf, web } from './story.ts'

const init = (name: string, script: string, rest: object = {}) => ({ name, image: 'busybox:1', command: sh(script), ...rest })

test('§ init containers: they run strictly in the order of the spec, each to its end, and the containers start after the last', async () => {
  const story = await beginStory()
  story.run({ spec: { initContainers: [init('z', 'sleep 2'), init('a', 'sleep 3')], containers: [init('web', 'sleep 60'), init('log', 'sleep 60')] } })
  await story.until(isReady)
  const at = Object.fromEntries(story.calls.starts.map(call => [call.container, call.at]))
  assert.deepEqual(Object.keys(at), ['z#0', 'a#0', 'web#0', 'log#0'])
  isAt(at['a#0']! - at['z#0']!, 2)
  isAt(at['web#0']! - at['a#0']!, 3)
  isAt(at['log#0']! - at['web#0']!, 0)
})

for (const restartPolicy of ['Always', 'OnFailure']) {
  test(`§ init containers: with restartPolicy ${restartPolicy} one that fails is tried again with back-off until it succeeds`, async () => {
    const story = await beginStory()
    const volumes = [{ name: 'data', emptyDir: {} }]
    const script = 'echo x >> /data/tries; test $(cat /data/tries | wc -l) -ge 4'
    const mounted = { volumeMounts: [{ name: 'data', mountPath: '/data' }] }
    story.run({ spec: web({}, { restartPolicy, volumes, initContainers: [init('first', script, mounted)] }) })
    const ready = await story.until(isReady, 100)
    const starts = story.calls.starts.filter(({ container }) => container.startsWith('first')).map(({ at }) => at)
    starts.slice(1).forEach((at, index) => isAt(at - starts[index]!, [0, 10, 20][index]!, `try ${index + 2}`))
    assert.deepEqual([starts.length, statusOf(ready, 'first')?.restartCount, stateOf(ready, 'first')], [4, 3, 'Terminated Completed 0'])
  })
}

test('§ init containers: while one waits to be tried again the Pod is Pending, and says CrashLoopBackOff', async () => {
  const story = await beginStory()
  story.run({ spec: web({}, { initContainers: [init('first', 'exit 1')] }) })
  const pod = await story.until(seen => stateOf(seen, 'first') === 'Waiting CrashLoopBackOff', 10)
  assert.equal(pod.status.phase, 'Pending')
  assert.equal(statusOf(pod, 'first')?.lastState?.terminated?.exitCode, 1)
  assert.equal(story.events.find(({ reason }) => reason === 'BackOff')?.fieldPath, 'spec.initContainers{first}')
})

test('§ init containers: with restartPolicy Never one that fails makes the Pod Failed, and the containers never start', async () => {
  const story = await beginStory()
  story.run({ spec: web({}, { restartPolicy: 'Never', initContainers: [init('first', 'exit 1'), init('second', 'true')] }) })
  await story.until(({ status }) => status.phase === 'Failed', 10)
  await story.at(100)
  assert.deepEqual(
    story.calls.starts.map(({ container }) => container),
    ['first#0'],
  )
})

test('§ init containers: once a container has been started they are never run again in this sandbox, whatever happens to their records', async () => {
  const story = await beginStory()
  story.run({ spec: { initContainers: [init('first', 'true')], containers: [init('web', 'sleep 5; exit 1')] } })
  await story.until(isReady)
  await story.world.finish(story.runtime.removeContainer((await story.instances('first'))[0]!.id))
  await story.at(100)
  assert.equal(story.calls.starts.filter(({ container }) => container.startsWith('first')).length, 1)
  assert.equal(stateOf(story.pod(), 'first'), 'Terminated Completed 0')
  assert.equal(story.pod()?.status.phase, 'Running')
})

test('§ init containers: in a new sandbox all of them run again from the first', async () => {
  const story = await beginStory()
  story.run({ spec: web({}, { initContainers: [init('one', 'sleep 1'), init('two', 'sleep 1')] }) })
  await story.until(isReady)
  story.runtime.rebootMachine()
  await story.until(pod => isReady(pod) && statusOf(pod, 'web')?.restartCount === 1, 100)
  assert.deepEqual(
    story.calls.starts.map(({ container }) => container),
    ['one#0', 'two#0', 'web#0', 'one#1', 'two#1', 'web#1'],
  )
})

test('§ init containers: a sandbox that is lost while one of them runs means beginning with the first again', async () => {
  const story = await beginStory()
  story.run({ spec: web({}, { initContainers: [init('one', 'sleep 1'), init('two', 'sleep 30')] }) })
  await story.at(5)
  assert.equal(stateOf(story.pod(), 'two'), 'Running')
  story.runtime.rebootMachine()
  await story.until(isReady, 120)
  assert.deepEqual(
    story.calls.starts.map(({ container }) => container),
    ['one#0', 'two#0', 'one#1', 'two#1', 'web#0'],
  )
})

test('§ init containers: a Pod with restartPolicy Never whose sandbox is lost while one of them runs is not begun again', async () => {
  const story = await beginStory()
  story.run({ spec: web({}, { restartPolicy: 'Never', initContainers: [init('one', 'sleep 30')] }) })
  await story.at(5)
  story.runtime.rebootMachine()
  await story.until(({ status }) => status.phase === 'Failed', 100)
  await story.at(200)
  assert.equal(story.calls.starts.length, 1)
})

test('§ init containers: status says terminated, Completed, ready, not started, and as many restarts as there were failures', async () => {
  const story = await beginStory()
  story.run({ spec: web({}, { initContainers: [init('first', 'true')] }) })
  const { ready, started, restartCount, state } = statusOf(await story.until(isReady), 'first')!
  assert.deepEqual([ready, started, restartCount, state?.terminated?.reason], [true, false, 0, 'Completed'])
})

test('§ init containers: deleted while one of them runs, the Pod ends as Failed and nothing else is started', async () => {
  const story = await beginStory()
  story.run({ spec: web({}, { terminationGracePeriodSeconds: 3, initContainers: [init('first', 'sleep 100')] }) })
  await story.at(2)
  await story.delete()
  await story.gone()
  isAt(story.seconds(), 5, 'it does not heed TERM and is killed')
  const final = story.statuses().at(-1)!
  assert.deepEqual(
    [final.phase, final.initContainerStatuses?.[0]?.state?.terminated?.exitCode, final.containerStatuses?.[0]?.state],
    ['Failed', 137, { waiting: { reason: 'PodInitializing' } }],
  )
  assert.equal(story.calls.starts.length, 1)
})
