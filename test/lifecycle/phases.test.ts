/** Pending, Running, Succeeded, Failed: what a Pod as a whole is said to be. The table of cases is beside computePhase. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { beginStory, isReady, sh, simulated, stateOf, web, type Story } from './story.ts'

/** Each phase once, in the order the API has seen them. */
const phasesOf = (story: Story): string[] =>
  story
    .statuses()
    .map(({ phase }) => phase ?? '')
    .filter((phase, index, all) => phase !== all[index - 1])

const once = (script: string, spec: object = {}) => ({ containers: [{ name: 'web', image: 'busybox:1', command: sh(script) }], ...spec })

test('§ phase: a Pod is Pending until all its containers have been started, and then Running', async () => {
  const story = await beginStory()
  story.run({
    spec: {
      containers: [
        { name: 'web', image: 'nginx:1' },
        { name: 'slow', image: 'elsewhere:1' },
      ],
    },
  })
  const pending = await story.until(pod => stateOf(pod, 'web') === 'Running', 1)
  assert.equal(pending.status.phase, 'Pending', 'the image of the second is still being pulled')
  const running = await story.until(({ status }) => status.phase === 'Running', 5)
  assert.equal(stateOf(running, 'slow'), 'Running')
})

test('§ phase: with restartPolicy Never it is Succeeded when all have exited with 0, and Failed when one has not', async () => {
  const story = await beginStory()
  story.run({ spec: once('sleep 1', { restartPolicy: 'Never' }) })
  await story.until(({ status }) => status.phase === 'Succeeded', 5)
  assert.deepEqual(phasesOf(story), ['Pending', 'Running', 'Succeeded'])

  const bad = await beginStory()
  bad.run({
    spec: {
      restartPolicy: 'Never',
      containers: [
        { name: 'web', image: 'busybox:1', command: sh('exit 3') },
        { name: 'last', image: 'busybox:1', command: sh('sleep 9') },
      ],
    },
  })
  await bad.at(8)
  assert.equal(bad.pod()?.status.phase, 'Running', 'as long as one runs, whatever became of the others')
  await bad.until(({ status }) => status.phase === 'Failed', 5)
  assert.deepEqual(phasesOf(bad), ['Pending', 'Running', 'Failed'])
})

test('§ phase: with restartPolicy OnFailure a failed container keeps the Pod Running until all have succeeded', async () => {
  const story = await beginStory()
  story.run({
    spec: {
      restartPolicy: 'OnFailure',
      volumes: [{ name: 'data', emptyDir: {} }],
      containers: [
        {
          name: 'web',
          image: 'busybox:1',
          command: sh('test -f /data/b && exit 0; test -f /data/a && touch /data/b; touch /data/a; exit 1'),
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
    },
  })
  const succeeded = await story.until(({ status }) => status.phase === 'Succeeded', 60)
  assert.deepEqual(phasesOf(story), ['Pending', 'Running', 'Succeeded'])
  assert.deepEqual([succeeded.status.containerStatuses?.[0]?.restartCount, stateOf(succeeded, 'web')], [2, 'Terminated Completed 0'])
})

test('§ phase: with restartPolicy Always a Pod whose containers end stays Running while they wait to start again', async () => {
  const story = await beginStory()
  story.run({ spec: once('exit 0') })
  await story.until(pod => stateOf(pod, 'web') === 'Waiting CrashLoopBackOff', 60)
  assert.deepEqual(phasesOf(story), ['Pending', 'Running'])
})

test('§ phase: a Pod that is deleted ends as Succeeded if all its regular containers exited with 0, and as Failed otherwise', async () => {
  for (const [exit, phase] of [
    [0, 'Succeeded'],
    [1, 'Failed'],
  ] as const) {
    const story = await beginStory()
    story.run({ metadata: simulated(`term=fast, exit=${exit}`), spec: web() })
    await story.until(isReady)
    await story.delete()
    await story.gone()
    assert.deepEqual(phasesOf(story), ['Pending', 'Running', phase])
  }
})

test('§ phase: Succeeded and Failed are for good, also when the kubelet starts anew and the policy would restart', async () => {
  const story = await beginStory()
  story.run({ spec: web({}, { activeDeadlineSeconds: 5 }) })
  await story.until(({ status }) => status.phase === 'Failed', 60)
  await story.restartKubelet()
  await story.world.advance(120_000)
  assert.deepEqual([story.pod()?.status.phase, story.pod()?.status.reason], ['Failed', 'DeadlineExceeded'])
  assert.equal(story.calls.starts.length, 1)
})

test('§ phase: a terminal phase that somebody else has written ends the Pod; it stays as it was written', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('listen=80, drain=3s'), spec: web() })
  await story.until(isReady)
  await story.at(10)
  const body = { status: { phase: 'Failed', reason: 'Judged', message: 'by another' } }
  await story.world.finish(story.api.client.patch(Pod, { namespace: 'default', name: 'web' }, { type: 'strategic', body }, { subresource: 'status' }))
  await story.at(20)
  const { phase, reason, message } = story.pod()!.status
  assert.deepEqual([phase, reason, message, stateOf(story.pod(), 'web')], ['Failed', 'Judged', 'by another', 'Terminated Completed 0'])
  assert.deepEqual([story.calls.stops[0]?.timeoutMs, await story.sandboxes()], [30_000, 1])
})

test('§ phase: a terminal phase is withheld until no container runs any more; reason and message come with it', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=ignore'), spec: web({}, { activeDeadlineSeconds: 20, terminationGracePeriodSeconds: 8 }) })
  await story.at(27)
  const leaving = story.pod()!
  assert.deepEqual([leaving.status.phase, leaving.status.reason, leaving.status.message, stateOf(leaving, 'web')], ['Running', undefined, undefined, 'Running'])
  await story.at(29)
  assert.deepEqual([story.pod()?.status.phase, story.pod()?.status.reason], ['Failed', 'DeadlineExceeded'])
})

test('§ phase: sidecars do not hold the Pod when its regular containers are done, but it is over only when they have stopped', async () => {
  const story = await beginStory()
  story.run({
    metadata: simulated('drain=4s, listen=none', 'proxy'),
    spec: once('sleep 10', { restartPolicy: 'Never', initContainers: [{ name: 'proxy', image: 'nginx:1', restartPolicy: 'Always' }] }),
  })
  await story.at(13)
  assert.deepEqual([story.pod()?.status.phase, stateOf(story.pod(), 'web'), stateOf(story.pod(), 'proxy')], ['Running', 'Terminated Completed 0', 'Running'])
  await story.at(15)
  assert.deepEqual([story.pod()?.status.phase, stateOf(story.pod(), 'proxy')], ['Succeeded', 'Terminated Completed 0'])
})

test('§ phase: init containers that run again in a new sandbox make the Pod Pending once more', async () => {
  const story = await beginStory()
  story.run({ spec: web({}, { initContainers: [{ name: 'first', image: 'busybox:1', command: sh('sleep 3') }] }) })
  await story.until(isReady, 10)
  story.runtime.rebootMachine()
  await story.until(pod => isReady(pod) && pod.status.containerStatuses?.[0]?.restartCount === 1, 70)
  assert.deepEqual(phasesOf(story), ['Pending', 'Running', 'Pending', 'Running'])
})
