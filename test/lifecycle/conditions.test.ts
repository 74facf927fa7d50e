/** What is true of a Pod, and since when. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { beginStory, conditionOf, isReady, isRunning, sh, simulated, verdictOf, web, type Story } from './story.ts'

/** Somebody who is not the kubelet says something about the Pod. */
const setCondition = async (story: Story, condition: object) => {
  const patch = { type: 'strategic' as const, body: { status: { conditions: [condition] } } }
  await story.world.finish(story.api.client.patch(Pod, { namespace: 'default', name: 'web' }, patch, { subresource: 'status' }))
}

test('§ conditions: what others have said of a Pod stays and stands first, then PodReadyToStartContainers, Initialized, Ready, ContainersReady, PodScheduled', async () => {
  const story = await beginStory()
  story.run({ spec: web() })
  await story.until(isReady)
  await setCondition(story, { type: 'example.com/checked', status: 'True', reason: 'Looked' })
  await story.edit(({ metadata }) => (metadata.labels = { a: 'b' }))
  await story.delete('web', 5)
  await story.world.advance(1)
  const last = story.statuses().findLast(({ phase }) => phase === 'Running')!
  assert.deepEqual(
    last.conditions?.map(({ type }) => type).filter(type => type !== 'example.com/checked'),
    ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'],
  )
  await story.gone()
  const final = story.statuses().at(-1)!
  assert.deepEqual(final.conditions?.[0], {
    type: 'example.com/checked',
    status: 'True',
    reason: 'Looked',
    ...(final.conditions?.[0]?.lastProbeTime === null && { lastProbeTime: null }),
  })
  assert.equal(final.conditions?.length, 6)
})

test('§ conditions: PodScheduled is True without a reason from the first status on', async () => {
  const story = await beginStory()
  story.run({ spec: web() })
  await story.until(pod => conditionOf(pod, 'PodScheduled') !== undefined, 1)
  assert.equal(verdictOf(story.pod()!, 'PodScheduled'), 'True')
})

test('§ conditions: PodReadyToStartContainers is True from when the sandbox has its network until it is gone, and never has a reason', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=fast'), spec: web({ image: 'elsewhere:1' }, { restartPolicy: 'Never' }) })
  await story.until(pod => conditionOf(pod, 'PodReadyToStartContainers') !== undefined, 1)
  assert.equal(verdictOf(story.pod()!, 'PodReadyToStartContainers'), 'False')
  const ready = await story.until(pod => verdictOf(pod, 'PodReadyToStartContainers') === 'True', 1)
  assert.equal(ready.status.containerStatuses?.[0]?.state?.waiting?.reason, 'ContainerCreating', 'the image is still on its way')
  await story.until(isRunning)
  await story.delete()
  await story.gone()
  const final = story
    .statuses()
    .at(-1)!
    .conditions?.find(({ type }) => type === 'PodReadyToStartContainers')
  assert.deepEqual([final?.status, final?.reason, final?.message], ['False', undefined, undefined])
})

test('§ conditions: Initialized names the init containers that are not done; without any it is True', async () => {
  const story = await beginStory()
  const init = (name: string) => ({ name, image: 'busybox:1', command: sh('sleep 2') })
  story.run({ spec: web({}, { initContainers: [init('one'), init('two')] }) })
  await story.at(1)
  assert.equal(verdictOf(story.pod()!, 'Initialized'), 'False ContainersNotInitialized: containers with incomplete status: [one two]')
  await story.at(3)
  assert.equal(verdictOf(story.pod()!, 'Initialized'), 'False ContainersNotInitialized: containers with incomplete status: [two]')
  await story.until(isReady)
  assert.equal(verdictOf(story.pod()!, 'Initialized'), 'True')

  const plain = await beginStory()
  plain.run({ spec: web({ image: 'elsewhere:1' }) })
  await plain.at(0.5)
  assert.equal(verdictOf(plain.pod()!, 'Initialized'), 'True')
})

test('§ conditions: Initialized is True with the reason PodCompleted when the Pod has Succeeded', async () => {
  const story = await beginStory()
  story.run({ spec: { restartPolicy: 'Never', containers: [{ name: 'web', image: 'busybox:1', command: sh('true') }] } })
  const done = await story.until(({ status }) => status.phase === 'Succeeded', 5)
  assert.equal(verdictOf(done, 'Initialized'), 'True PodCompleted')
  assert.equal(verdictOf(done, 'Ready'), 'False PodCompleted')
  assert.equal(verdictOf(done, 'ContainersReady'), 'False PodCompleted')
})

test('§ conditions: ContainersReady names the containers that are not ready, sidecars too, and Ready copies it', async () => {
  const story = await beginStory()
  const probed = { readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 } }
  story.run({
    metadata: {
      annotations: {
        'simulate.poise.dev/web': 'listen=80',
        'simulate.poise.dev/late': 'start=5s, listen=81',
        'simulate.poise.dev/proxy': 'start=8s, listen=82',
      },
    },
    spec: {
      initContainers: [{ name: 'proxy', image: 'nginx:1', restartPolicy: 'Always', readinessProbe: { tcpSocket: { port: 82 }, periodSeconds: 1 } }],
      containers: [
        { name: 'web', image: 'nginx:1', ...probed },
        { name: 'late', image: 'nginx:1', readinessProbe: { tcpSocket: { port: 81 }, periodSeconds: 1 } },
      ],
    },
  })
  await story.at(4)
  const message = 'containers with unready status: [proxy late]'
  assert.equal(verdictOf(story.pod()!, 'ContainersReady'), `False ContainersNotReady: ${message}`)
  assert.equal(verdictOf(story.pod()!, 'Ready'), `False ContainersNotReady: ${message}`)
  await story.at(7)
  assert.equal(verdictOf(story.pod()!, 'Ready'), 'False ContainersNotReady: containers with unready status: [proxy]')
  await story.at(10)
  assert.equal(verdictOf(story.pod()!, 'Ready'), 'True')
})

test('§ conditions: in the write that makes the phase Failed, Ready and ContainersReady become False with PodFailed', async () => {
  const story = await beginStory()
  story.run({ spec: { restartPolicy: 'Never', containers: [{ name: 'web', image: 'busybox:1', command: sh('sleep 2; exit 1') }] } })
  await story.until(({ status }) => status.phase === 'Failed', 5)
  const first = story.statuses().find(({ phase }) => phase === 'Failed')!
  assert.deepEqual(
    ['Ready', 'ContainersReady'].map(type => verdictOf({ status: first } as Pod, type)),
    ['False PodFailed', 'False PodFailed'],
  )
})

test('§ readiness gates: Ready waits for the conditions that others set, and says which is missing or not True', async () => {
  const story = await beginStory()
  const gates = ['example.com/a', 'example.com/b']
  story.run({ spec: web({}, { readinessGates: gates.map(conditionType => ({ conditionType })) }) })
  const missing = (type: string) => `corresponding condition of pod readiness gate "${type}" does not exist.`
  await story.until(pod => verdictOf(pod, 'ContainersReady') === 'True')
  assert.equal(verdictOf(story.pod()!, 'Ready'), `False ReadinessGatesNotReady: ${missing(gates[0]!)}, ${missing(gates[1]!)}`)
  await setCondition(story, { type: gates[0], status: 'True' })
  await setCondition(story, { type: gates[1], status: 'False' })
  await story.world.advance(100)
  assert.equal(verdictOf(story.pod()!, 'Ready'), 'False ReadinessGatesNotReady: the status of pod readiness gate "example.com/b" is not "True", but False')
  await setCondition(story, { type: gates[1], status: 'True' })
  await story.until(isReady, 1)
  await setCondition(story, { type: gates[0], status: 'Unknown' })
  await story.until(pod => !isReady(pod), 1)
})

test('§ conditions: lastTransitionTime changes only when the status does', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('start=10s, listen=80'), spec: web({ readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 } }) })
  const pending = await story.until(pod => conditionOf(pod, 'Ready') !== undefined, 1)
  await story.at(9)
  assert.equal(conditionOf(story.pod()!, 'Ready')?.lastTransitionTime, conditionOf(pending, 'Ready')?.lastTransitionTime)
  const ready = await story.until(isReady)
  const passed = Date.parse(conditionOf(ready, 'Ready')!.lastTransitionTime!) - Date.parse(conditionOf(pending, 'Ready')!.lastTransitionTime!)
  assert.ok(passed >= 10_000 && passed <= 12_000, `${passed} ms`)
  assert.equal(conditionOf(ready, 'PodScheduled')?.lastTransitionTime, conditionOf(pending, 'PodScheduled')?.lastTransitionTime)
})

test('§ conditions: lastProbeTime is written as null', async () => {
  const story = await beginStory()
  story.run({ spec: web() })
  const { conditions } = (await story.until(isReady)).status
  assert.deepEqual(new Set(conditions!.map(({ lastProbeTime }) => lastProbeTime)), new Set([null]))
  const ofPod = () => story.api.writes.filter(({ kind }) => kind === 'Pod').length
  const writes = ofPod()
  await story.edit(({ metadata }) => (metadata.annotations = { look: 'again' }))
  await story.world.advance(1000)
  assert.equal(ofPod() - writes, 1, 'and does not make the status differ from itself')
})

test('§ observedGeneration: status and conditions say which generation of the Pod they are about', async () => {
  const story = await beginStory()
  story.run({ spec: web() })
  const first = await story.until(isReady)
  assert.deepEqual([first.status.observedGeneration, ...first.status.conditions!.map(one => one.observedGeneration)], [1, 1, 1, 1, 1, 1])
  await story.edit(({ spec }) => (spec.activeDeadlineSeconds = 1000))
  await story.until(({ status }) => status.observedGeneration === 2, 1)
  assert.deepEqual(new Set(story.pod()!.status.conditions!.map(one => one.observedGeneration)), new Set([2]))
  await story.delete()
  await story.gone()
  assert.equal(story.statuses().at(-1)!.observedGeneration, 3, 'the deletion is a generation, too')
})

test('§ DisruptionTarget: the kubelet sends it together with the terminal phase, when the containers have stopped', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=ignore'), spec: web() })
  await story.until(isReady)
  story.machineStats.set({ systemMemoryBytes: 8 * 2 ** 30 })
  await story.world.until(() => story.calls.stops.length > 0, 60_000)
  await story.world.advance(1900)
  assert.deepEqual(
    [story.pod()?.status.phase, conditionOf(story.pod()!, 'DisruptionTarget')],
    ['Running', undefined],
    'TERM was sent, and nobody has been killed yet',
  )
  const failed = await story.until(({ status }) => status.phase === 'Failed', 1)
  assert.match(verdictOf(failed, 'DisruptionTarget'), /^True TerminationByKubelet: The node was low on resource: memory\./)
  assert.deepEqual([failed.status.reason, failed.status.message], ['Evicted', conditionOf(failed, 'DisruptionTarget')?.message])
  assert.ok(story.statuses().every(({ phase, conditions }) => phase === 'Failed' || (conditions ?? []).every(({ type }) => type !== 'DisruptionTarget')))
})

test('§ DisruptionTarget: what others have said of a disruption stays as they said it', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=fast'), spec: web() })
  await story.until(isReady)
  const said = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' }
  await setCondition(story, said)
  await story.delete()
  await story.gone()
  assert.equal(verdictOf({ status: story.statuses().at(-1)! } as Pod, 'DisruptionTarget'), 'True EvictionByEvictionAPI: Eviction API: evicting')
})
