/** The kubelet's process dies and another takes its place, with Pods in every state. Containers live on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginStory, conditionOf, isAt, isReady, sh, simulated, simulatedAll, stateOf, statusOf, web, type Story } from './story.ts'

/** Nobody is there between the crash and the next life. */
async function away(story: Story, seconds: number): Promise<void> {
  story.world.host('node-a').crash()
  await story.world.advance(seconds * 1000)
  await story.restartKubelet()
}

test('§ kubelet restart: running containers are taken up as they are, and nothing about the Pod is written', async () => {
  const story = await beginStory()
  story.run({ spec: web({ readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 10 } }) })
  const before = await story.until(isReady)
  await story.at(20)
  const writes = story.api.writes.length
  await story.restartKubelet()
  await story.at(60)
  assert.equal(statusOf(story.pod(), 'web')?.containerID, statusOf(before, 'web')?.containerID)
  assert.deepEqual(
    story.api.writes.slice(writes).filter(({ kind }) => kind === 'Pod'),
    [],
  )
})

test('§ kubelet restart: what a probe had found of a container holds until it is asked again', async () => {
  const story = await beginStory()
  const probe = { tcpSocket: { port: 80 }, periodSeconds: 30 }
  story.run({ metadata: simulated('listen=80'), spec: web({ startupProbe: probe, readinessProbe: probe, livenessProbe: probe }) })
  await story.until(isReady, 100)
  await story.restartKubelet()
  await story.world.advance(5000)
  assert.ok(isReady(story.pod()!) && statusOf(story.pod(), 'web')?.started)
})

test('§ kubelet restart: a container that ended meanwhile is seen to have ended when it did, and is started again', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('after=15s, exit=2'), spec: web() })
  await story.at(10)
  await away(story, 20)
  const after = await story.until(pod => statusOf(pod, 'web')?.restartCount === 1, 10)
  const { terminated } = statusOf(after, 'web')!.lastState!
  assert.equal(terminated?.exitCode, 2)
  isAt(Date.parse(terminated!.finishedAt!) / 1000 - Math.floor(story.epochMs / 1000), 15)
})

test('§ kubelet restart: crash back-off is forgotten, restart counts are not', async () => {
  const story = await beginStory()
  story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh('exit 1') }] } })
  await story.until(pod => statusOf(pod, 'web')?.restartCount === 4)
  await story.until(pod => stateOf(pod, 'web') === 'Waiting CrashLoopBackOff')
  const restartedAt = story.seconds()
  await story.restartKubelet()
  await story.until(pod => statusOf(pod, 'web')?.restartCount === 5)
  isAt(story.calls.starts.at(-1)!.at, restartedAt)
})

test('§ kubelet restart: while an init container runs it is waited for, and not begun again', async () => {
  const story = await beginStory()
  const init = (name: string) => ({ name, image: 'busybox:1', command: sh('sleep 10') })
  story.run({ spec: web({}, { initContainers: [init('one'), init('two')] }) })
  await story.at(5)
  await away(story, 1)
  await story.until(isReady, 30)
  isAt(story.calls.starts.at(-1)!.at, 20)
  assert.equal(story.calls.starts.length, 3)
})

test('§ kubelet restart: sidecars go on, and the containers behind them are not started twice', async () => {
  const story = await beginStory()
  story.run({
    metadata: simulatedAll({ web: 'listen=80', proxy: 'listen=81' }),
    spec: web({}, { initContainers: [{ name: 'proxy', image: 'nginx:1', restartPolicy: 'Always' }] }),
  })
  await story.until(isReady)
  await away(story, 5)
  await story.at(30)
  assert.equal(story.calls.starts.length, 2)
  assert.ok(isReady(story.pod()!))
})

test('§ kubelet restart: a Pod that was about to start is started once', async () => {
  for (const afterMs of [1, 3, 5, 8, 12, 20]) {
    const story = await beginStory(afterMs)
    story.run({ spec: web() })
    await story.world.advance(afterMs)
    await away(story, 1)
    const ready = await story.until(isReady, 30)
    const running = (await story.instances('web')).filter(({ state }) => state === 'running')
    assert.equal(running.length, 1, `${afterMs} ms`)
    assert.ok(ready.status.podIP)
  }
})

test('§ kubelet restart: a pull that was under way is begun again', async () => {
  const story = await beginStory()
  story.run({ spec: web({ image: 'elsewhere:1' }) })
  await story.at(0.5)
  await away(story, 1)
  await story.until(isReady, 10)
})

test('§ kubelet restart: a finished Pod stays finished', async () => {
  const story = await beginStory()
  story.run({ spec: { restartPolicy: 'OnFailure', containers: [{ name: 'web', image: 'busybox:1', command: sh('exit 0') }] } })
  const done = await story.until(({ status }) => status.phase === 'Succeeded')
  const writes = story.api.writes.length
  await away(story, 100)
  await story.world.advance(100_000)
  assert.deepEqual(story.pod()?.status, done.status)
  assert.deepEqual(
    story.api.writes.slice(writes).filter(({ kind }) => kind === 'Pod'),
    [],
  )
  assert.equal(story.calls.starts.length, 1)
})

test('§ kubelet restart in mid-termination: the Pod goes on leaving, its full grace counts anew and its preStop hook runs again', async () => {
  const story = await beginStory()
  const lifecycle = { preStop: { exec: { command: ['sleep', '2'] } } }
  story.run({ metadata: simulated('term=ignore'), spec: web({ lifecycle }, { terminationGracePeriodSeconds: 10 }) })
  await story.until(isReady)
  await story.at(20)
  await story.delete()
  await story.at(25)
  await story.restartKubelet()
  await story.gone()
  isAt(story.calls.stops[0]!.at, 22)
  isAt(story.calls.stops[1]!.at, 27, 'after the second run of the hook')
  isAt(story.seconds(), 35)
  assert.equal(story.calls.execs.length, 2)
})

test('§ kubelet restart in mid-termination: a Pod whose containers have stopped meanwhile goes at once', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('drain=5s'), spec: web() })
  await story.until(isReady)
  await story.at(20)
  await story.delete()
  await story.at(22)
  await away(story, 10)
  await story.gone()
  isAt(story.seconds(), 32)
  assert.equal(story.statuses().at(-1)?.phase, 'Succeeded')
})

test('§ kubelet restart: a Pod that was deleted meanwhile is stopped as soon as it is seen', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=fast'), spec: web() })
  await story.until(isReady)
  story.world.host('node-a').crash()
  await story.at(20)
  await story.delete()
  await story.at(50)
  assert.ok(story.pod(), 'nobody was there to stop it')
  await story.restartKubelet()
  await story.gone()
  isAt(story.seconds(), 50)
})

test('§ kubelet restart: what is gone from the API is killed within a second, and no status is written', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=ignore'), spec: web() })
  await story.until(isReady)
  story.world.host('node-a').crash()
  await story.delete('web', 0)
  await story.restartKubelet()
  const restartedAt = story.seconds()
  await story.world.advance(5000)
  const [web0] = await story.instances('web')
  assert.deepEqual([web0, await story.sandboxes()], [undefined, 0])
  isAt(story.calls.stops.at(-1)!.at, restartedAt)
})

test('§ kubelet restart: the addresses, the start time and the times of conditions stay', async () => {
  const story = await beginStory()
  story.run({ spec: web() })
  const before = await story.until(isReady)
  await away(story, 30)
  await story.edit(({ metadata }) => (metadata.labels = { seen: 'again' }))
  await story.world.advance(1000)
  const after = story.pod()!
  assert.deepEqual([after.status.podIP, after.status.startTime], [before.status.podIP, before.status.startTime])
  assert.equal(conditionOf(after, 'Ready')?.lastTransitionTime, conditionOf(before, 'Ready')?.lastTransitionTime)
})

test('§ node reboot: containers that ended with the machine count a restart, and the Pod runs again in a new sandbox', async () => {
  const story = await beginStory()
  story.run({ spec: web({}, { initContainers: [{ name: 'first', image: 'busybox:1', command: sh('true') }] }) })
  await story.until(isReady)
  story.world.host('node-a').crash()
  story.runtime.rebootMachine()
  await story.at(60)
  await story.restartKubelet()
  const after = await story.until(pod => isReady(pod) && statusOf(pod, 'web')?.restartCount === 1, 30)
  assert.equal(statusOf(after, 'first')?.restartCount, 1)
  assert.deepEqual(story.said('SandboxChanged').length, 1)
})
