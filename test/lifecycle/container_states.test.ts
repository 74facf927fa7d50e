/** Waiting, Running, Terminated, and what came before: what status.containerStatuses says about one container. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RuntimeError } from '../../src/runtime/runtime.ts'
import type { ContainerStatus } from '../../src/runtime/runtime.ts'
import { beginStory, isReady, isRunning, sh, simulated, stateOf, statusOf, web } from './story.ts'

const waiting = (pod: Parameters<typeof statusOf>[0], name = 'web') => statusOf(pod, name)?.state?.waiting

test('§ container states: before a container it waits with ContainerCreating, and with PodInitializing where the Pod has init containers', async () => {
  const story = await beginStory()
  story.run({ spec: web({ image: 'elsewhere:1' }) })
  await story.at(0.5)
  assert.deepEqual(statusOf(story.pod(), 'web')?.state, { waiting: { reason: 'ContainerCreating' } })

  const other = await beginStory()
  const init = (name: string) => ({ name, image: 'elsewhere:1', command: sh('sleep 3') })
  other.run({ spec: web({}, { initContainers: [init('one'), init('two')] }) })
  await other.at(0.5)
  for (const name of ['one', 'two', 'web']) assert.deepEqual(statusOf(other.pod(), name)?.state, { waiting: { reason: 'PodInitializing' } }, name)
})

test('§ container states: created but not yet running it waits without a reason', async () => {
  let release = (): void => undefined
  const held = new Promise<void>(resolve => (release = resolve))
  const story = await beginStory(1, {
    between: runtime => ({
      async startContainer(id) {
        await held
        await runtime.startContainer(id)
      },
    }),
  })
  story.run({ spec: web() })
  await story.at(1)
  // Whatever wakes the worker meanwhile shows it.
  await story.edit(({ metadata }) => (metadata.labels = { look: 'now' }))
  await story.restartKubelet()
  await story.at(2)
  assert.deepEqual(statusOf(story.pod(), 'web')?.state, { waiting: {} })
  release()
})

test('§ container states: Running says since when; Terminated says exit code, reason, both times and the id', async () => {
  const story = await beginStory()
  story.run({ spec: { restartPolicy: 'Never', containers: [{ name: 'web', image: 'busybox:1', command: sh('sleep 5; exit 7') }] } })
  const running = await story.until(isRunning, 2)
  const startedAt = statusOf(running, 'web')?.state?.running?.startedAt
  assert.equal(Date.parse(startedAt!), Math.floor(story.epochMs / 1000) * 1000)
  const failed = await story.until(({ status }) => status.phase === 'Failed', 10)
  const { state, containerID } = statusOf(failed, 'web')!
  assert.deepEqual(state, {
    terminated: { exitCode: 7, reason: 'Error', startedAt, finishedAt: new Date(Date.parse(startedAt!) + 5000).toISOString().replace('.000', ''), containerID },
  })
})

for (const [what, container, settings, reason, exitCode] of [
  ['Completed for exit code 0', { command: sh('exit 0') }, undefined, 'Completed', 0],
  ['Error for any other', { command: sh('exit 9') }, undefined, 'Error', 9],
  ['OOMKilled with 137 when the kernel ran out of memory', { resources: { limits: { memory: '16Mi' } } }, 'memory=64Mi', 'OOMKilled', 137],
  ['StartError with 128 for a command that is not there', { command: ['nowhere'] }, undefined, 'StartError', 128],
] as const) {
  test(`§ container states: the reason is ${what}`, async () => {
    const story = await beginStory()
    story.run({
      ...(settings && { metadata: simulated(settings) }),
      spec: { restartPolicy: 'Never', containers: [{ name: 'web', image: 'busybox:1', ...container }] },
    })
    const failed = await story.until(({ status }) => status.phase === 'Failed' || status.phase === 'Succeeded', 60)
    assert.equal(stateOf(failed, 'web'), `Terminated ${reason} ${exitCode}`)
  })
}

test('§ container states: one that could not be started began in 1970, as containerd says and kubectl shows', async () => {
  const story = await beginStory()
  story.run({ spec: { restartPolicy: 'Never', containers: [{ name: 'web', image: 'busybox:1', command: ['nowhere'] }] } })
  const failed = await story.until(({ status }) => status.phase === 'Failed', 60)
  assert.equal(statusOf(failed, 'web')?.state?.terminated?.startedAt, '1970-01-01T00:00:00Z')
})

test('§ container states: one that is backed off waits, and how it ended moves to lastState; only the last end is kept', async () => {
  const story = await beginStory()
  story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh('sleep 1; exit 4') }] } })
  await story.until(pod => statusOf(pod, 'web')?.restartCount === 1)
  const running = await story.until(pod => stateOf(pod, 'web') === 'Running')
  const first = statusOf(running, 'web')?.lastState?.terminated
  assert.equal(first?.exitCode, 4)
  const backedOff = await story.until(pod => waiting(pod)?.reason === 'CrashLoopBackOff')
  assert.equal(waiting(backedOff)?.message, 'back-off 10s restarting failed container=web pod=web_default(pod-1)')
  const second = statusOf(backedOff, 'web')?.lastState?.terminated
  assert.notEqual(second?.containerID, first?.containerID)
  assert.equal(second?.containerID, statusOf(backedOff, 'web')?.containerID)
})

test('§ container states: with restartPolicy Never it stays Terminated, and lastState is empty', async () => {
  const story = await beginStory()
  story.run({
    spec: {
      restartPolicy: 'Never',
      containers: [
        { name: 'web', image: 'busybox:1', command: sh('exit 4') },
        { name: 'other', image: 'nginx:1' },
      ],
    },
  })
  await story.at(100)
  assert.equal(stateOf(story.pod(), 'web'), 'Terminated Error 4')
  assert.deepEqual(statusOf(story.pod(), 'web')?.lastState, {})
})

test('§ container states: started is true once it runs and its startup probe has succeeded, and false otherwise; it is always set', async () => {
  const story = await beginStory()
  await story.at(60)
  story.run({ metadata: simulated('start=4s, listen=80'), spec: web({ startupProbe: { tcpSocket: { port: 80 }, periodSeconds: 1, failureThreshold: 30 } }) })
  await story.at(61)
  assert.deepEqual([statusOf(story.pod(), 'web')?.started, statusOf(story.pod(), 'web')?.ready], [false, false])
  await story.at(66)
  assert.deepEqual([statusOf(story.pod(), 'web')?.started, statusOf(story.pod(), 'web')?.ready], [true, true])
  await story.delete()
  await story.gone()
  const final = story.statuses().at(-1)!.containerStatuses?.[0]
  assert.deepEqual([final?.started, final?.ready], [false, false])
})

test('§ container states: a plain init container is ready when it has exited with 0, and never started afterwards', async () => {
  const story = await beginStory()
  story.run({ spec: web({}, { initContainers: [{ name: 'first', image: 'busybox:1', command: sh('sleep 1') }] }) })
  await story.until(isReady)
  const first = statusOf(story.pod(), 'first')!
  assert.deepEqual([first.ready, first.started, first.restartCount, stateOf(story.pod(), 'first')], [true, false, 0, 'Terminated Completed 0'])
})

test('§ container states: regular and ephemeral containers are listed by name, init containers in their order', async () => {
  const story = await beginStory()
  const named = (name: string) => ({ name, image: 'busybox:1', command: sh('sleep 1') })
  story.run({
    spec: {
      initContainers: [named('z-first'), named('a-second')],
      containers: [named('c'), named('a'), named('b')],
      ephemeralContainers: [named('y'), named('x')],
    },
  })
  await story.at(1)
  const { initContainerStatuses, containerStatuses, ephemeralContainerStatuses } = story.pod()!.status
  assert.deepEqual(
    [initContainerStatuses, containerStatuses, ephemeralContainerStatuses].map(list => list?.map(({ name }) => name).join(' ')),
    ['z-first a-second', 'a b c', 'x y'],
  )
})

test('§ container states: imageID is the digest of the image, containerID begins with the name of the runtime', async () => {
  const story = await beginStory()
  story.run({ spec: web() })
  const { imageID, containerID, image } = statusOf(await story.until(isReady), 'web')!
  assert.match(imageID, /^docker\.io\/library\/nginx@sha256:[0-9a-f]{64}$/)
  assert.match(containerID!, /^simulated:\/\/[0-9a-f]{64}$/)
  assert.equal(image, 'docker.io/library/nginx:1')
})

test('§ container states: a running container that somebody removed becomes ContainerStatusUnknown in lastState, and counts as a restart', async () => {
  const story = await beginStory()
  story.run({ spec: web() })
  await story.until(isReady)
  await story.world.finish(story.runtime.removeContainer((await story.instances('web'))[0]!.id))
  const again = await story.until(pod => isReady(pod) && statusOf(pod, 'web')?.restartCount === 1, 100)
  const { terminated } = statusOf(again, 'web')!.lastState!
  assert.deepEqual(
    [terminated?.exitCode, terminated?.reason, terminated?.message],
    [137, 'ContainerStatusUnknown', 'The container could not be located when the pod was deleted.  The container used to be Running'],
  )
})

test('§ container states: one that is removed while the kubelet asks how it exited is not forgotten, and counts as a restart', async () => {
  const victims = new Set<string>()
  const story = await beginStory(1, {
    between: runtime => ({
      async containerStatus(id) {
        if (victims.delete(id)) await runtime.removeContainer(id)
        return runtime.containerStatus(id)
      },
    }),
  })
  story.run({ spec: web() })
  await story.until(isReady)
  const [{ id }] = (await story.instances('web')) as [ContainerStatus]
  victims.add(id)
  story.runtime.killContainer(id)
  const again = await story.until(pod => isReady(pod) && statusOf(pod, 'web')?.restartCount === 1, 100)
  const { terminated } = statusOf(again, 'web')!.lastState!
  assert.deepEqual([victims.size, terminated?.exitCode, terminated?.reason], [0, 137, 'ContainerStatusUnknown'])
})

test('§ container states: what never ran when an initialized Pod ends is Terminated with ContainerStatusUnknown', async () => {
  const story = await beginStory()
  story.runtime.registry.set('gone:1', { is: 'hanging' })
  story.run({ spec: web({ image: 'gone:1' }) })
  await story.at(5)
  await story.delete()
  await story.gone()
  const final = story.statuses().at(-1)!
  assert.equal(final.phase, 'Failed')
  const { terminated } = final.containerStatuses![0]!.state!
  assert.deepEqual(
    [terminated?.exitCode, terminated?.reason, terminated?.message],
    [137, 'ContainerStatusUnknown', 'The container could not be located when the pod was terminated'],
  )
})

test('§ container states: behind an init container that failed for good the others wait for ever', async () => {
  const story = await beginStory()
  const init = (name: string, script: string) => ({ name, image: 'busybox:1', command: sh(script) })
  story.run({ spec: web({}, { restartPolicy: 'Never', initContainers: [init('one', 'exit 1'), init('two', 'true')] }) })
  const failed = await story.until(({ status }) => status.phase === 'Failed', 10)
  assert.deepEqual(
    ['one', 'two', 'web'].map(name => stateOf(failed, name)),
    ['Terminated Error 1', 'Waiting PodInitializing', 'Waiting PodInitializing'],
  )
})

for (const [what, call, reason, message] of [
  ['the runtime cannot create the container', 'createContainer', 'CreateContainerError', 'no space left on device'],
  ['the runtime cannot start the container', 'startContainer', 'RunContainerError', 'no such device'],
] as const) {
  test(`§ container states: when ${what} it waits with ${reason} and the words of the runtime`, async () => {
    const story = await beginStory(1, {
      between: () => ({
        async [call]() {
          throw new RuntimeError('Unknown', message)
        },
      }),
    })
    story.run({ spec: web() })
    const pod = await story.until(seen => waiting(seen)?.reason === reason, 5)
    assert.equal(waiting(pod)?.message, message)
    assert.equal(pod.status.phase, 'Pending')
    assert.ok(story.said('Failed').includes(`Failed: Error: ${message}`))
  })
}

for (const [what, container, message] of [
  ['a ConfigMap', { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'x', key: 'k' } } }] }, 'configmap "x" not found'],
  ['a Secret', { envFrom: [{ secretRef: { name: 'x' } }] }, 'secret "x" not found'],
] as const) {
  test(`§ container states: when ${what} is missing it waits with CreateContainerConfigError, and starts when it comes`, async () => {
    const story = await beginStory()
    story.run({ spec: web(container) })
    const pod = await story.until(seen => waiting(seen)?.reason === 'CreateContainerConfigError', 5)
    assert.equal(waiting(pod)?.message, message)
  })
}

test('§ container states: a key that is missing in a ConfigMap is named', async () => {
  const story = await beginStory()
  const { ConfigMap } = await import('../../src/api/kinds/config_map.ts')
  story.api.create(ConfigMap as never, { metadata: { name: 'x', namespace: 'default' }, data: { other: '1' } })
  story.run({ spec: web({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'x', key: 'k' } } }] }) })
  const pod = await story.until(seen => waiting(seen)?.reason === 'CreateContainerConfigError', 5)
  assert.equal(waiting(pod)?.message, "couldn't find key k in ConfigMap default/x")
})

test('§ container states: restart counts go on through a new sandbox and a new kubelet', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('after=20s, exit=1'), spec: web() })
  await story.until(pod => statusOf(pod, 'web')?.restartCount === 2, 200)
  story.runtime.rebootMachine()
  await story.until(pod => statusOf(pod, 'web')?.restartCount === 3, 200)
  await story.restartKubelet()
  await story.until(pod => statusOf(pod, 'web')?.restartCount === 4, 200)
  assert.deepEqual(
    story.calls.starts.map(({ container }) => container),
    ['web#0', 'web#1', 'web#2', 'web#3', 'web#4'],
  )
})

test('§ addresses: hostIP is there from the first status on, podIP once the sandbox is up, and both stay when it is gone', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=fast'), spec: web() })
  const first = await story.until(({ status }) => status.startTime !== undefined, 1)
  assert.deepEqual([first.status.hostIP, first.status.hostIPs, first.status.podIP], ['10.0.0.1', [{ ip: '10.0.0.1' }], undefined])
  const ready = await story.until(isReady)
  assert.deepEqual(ready.status.podIPs, [{ ip: ready.status.podIP }])
  await story.delete()
  await story.gone()
  const final = story.statuses().at(-1)!
  assert.deepEqual([final.podIP, final.podIPs, final.startTime], [ready.status.podIP, ready.status.podIPs, first.status.startTime])
})

test('§ addresses: a Pod on the network of its host has the address of the host', async () => {
  const story = await beginStory()
  story.run({ spec: web({}, { hostNetwork: true }) })
  const { status } = await story.until(isReady)
  assert.deepEqual([status.podIP, status.podIPs, status.hostIP], ['10.0.0.1', [{ ip: '10.0.0.1' }], '10.0.0.1'])
})

test('§ container states: one that ended is Terminated until it is started again, also when that is at once', async () => {
  const story = await beginStory()
  story.run({ spec: { containers: [{ name: 'web', image: 'busybox:1', command: sh('sleep 2; exit 6') }] } })
  await story.until(pod => statusOf(pod, 'web')?.restartCount === 1)
  const states = story.statuses().map(status => stateOf({ status } as never, 'web'))
  assert.deepEqual(
    states.filter((state, index) => state !== states[index - 1]),
    ['Waiting', 'Waiting ContainerCreating', 'Running', 'Terminated Error 6', 'Running'],
  )
})
