/** The sandbox: the network that a Pod's containers share. Without it they cannot live. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RuntimeError } from '../../src/runtime/runtime.ts'
import { beginStory, isAt, isReady, sh, simulated, stateOf, statusOf, verdictOf, web } from './story.ts'

const SANDBOX_CHANGED = 'SandboxChanged: Pod sandbox changed, it will be killed and re-created.'

test('§ sandbox lost: everything is started again in a new one, and each container counts a restart', async () => {
  const story = await beginStory()
  story.run({
    spec: {
      containers: [
        { name: 'web', image: 'nginx:1' },
        { name: 'log', image: 'busybox:1', command: sh('sleep 1000') },
      ],
    },
  })
  const before = await story.until(isReady)
  story.runtime.rebootMachine()
  const after = await story.until(pod => isReady(pod) && statusOf(pod, 'web')?.restartCount === 1, 70)
  assert.equal(statusOf(after, 'log')?.restartCount, 1)
  assert.deepEqual(
    [after.status.startTime, await story.sandboxes()],
    [before.status.startTime, 1 + 1],
    'the old one stays as long as a container in it is shown',
  )
  assert.deepEqual(story.said('SandboxChanged'), [SANDBOX_CHANGED])
})

test('§ sandbox lost: with restartPolicy Never and containers that have run there is no other one', async () => {
  const story = await beginStory()
  story.run({ spec: web({}, { restartPolicy: 'Never' }) })
  await story.until(isReady)
  story.runtime.rebootMachine()
  const failed = await story.until(({ status }) => status.phase === 'Failed', 70)
  assert.equal(stateOf(failed, 'web'), 'Terminated Error 137')
  assert.deepEqual([story.said('SandboxChanged'), story.calls.starts.length], [[], 1])
})

test('§ sandbox lost: with restartPolicy OnFailure what has succeeded is not run again, what was cut off is', async () => {
  const story = await beginStory()
  story.run({
    spec: {
      restartPolicy: 'OnFailure',
      containers: [
        { name: 'done', image: 'busybox:1', command: sh('exit 0') },
        { name: 'busy', image: 'busybox:1', command: sh('sleep 30') },
      ],
    },
  })
  await story.at(10)
  story.runtime.rebootMachine()
  const done = await story.until(({ status }) => status.phase === 'Succeeded', 200)
  assert.deepEqual([statusOf(done, 'done')?.restartCount, statusOf(done, 'busy')?.restartCount], [0, 1])
})

test('§ sandbox lost: when all have succeeded under OnFailure there is no other one', async () => {
  const story = await beginStory()
  story.run({ spec: { restartPolicy: 'OnFailure', containers: [{ name: 'done', image: 'busybox:1', command: sh('exit 0') }] } })
  await story.until(({ status }) => status.phase === 'Succeeded')
  story.runtime.rebootMachine()
  await story.at(100)
  assert.deepEqual([story.said('SandboxChanged'), story.calls.starts.length], [[], 1])
})

test('§ sandbox: one that cannot be made is told, and the Pod stays Pending with its containers in ContainerCreating', async () => {
  let failures = 3
  const story = await beginStory(1, {
    between: runtime => ({
      async runPodSandbox(config) {
        if (failures-- > 0) throw new RuntimeError('Unknown', 'failed to setup network for sandbox: no addresses left')
        return runtime.runPodSandbox(config)
      },
    }),
  })
  story.run({ spec: web() })
  await story.at(1)
  assert.deepEqual(
    [story.pod()?.status.phase, stateOf(story.pod(), 'web'), verdictOf(story.pod()!, 'PodReadyToStartContainers')],
    ['Pending', 'Waiting ContainerCreating', 'False'],
  )
  await story.until(isReady, 30)
  assert.deepEqual(
    story.said('FailedCreatePodSandBox'),
    Array(3).fill('FailedCreatePodSandBox: Failed to create pod sandbox: failed to setup network for sandbox: no addresses left'),
  )
  assert.deepEqual(story.said('SandboxChanged'), [])
})

test('§ sandbox: while the network of the node is not ready it is tried again every second', async () => {
  let isDown = () => true
  const story = await beginStory(1, {
    between: runtime => ({
      runPodSandbox: config => (isDown() ? Promise.reject(new RuntimeError('Unknown', 'cni plugin not initialized')) : runtime.runPodSandbox(config)),
      status: async () => ({ ...(await runtime.status()), ...(isDown() && { networkReady: false, message: 'cni plugin not initialized' }) }),
    }),
  })
  isDown = () => story.seconds() < 5
  story.run({ spec: web() })
  await story.until(isReady, 10)
  const told = story.events.filter(({ reason }) => reason === 'NetworkNotReady')
  assert.equal(told[0]?.message, 'network is not ready: container runtime network not ready: cni plugin not initialized')
  assert.equal(told.length, 5)
  told.slice(1).forEach(({ at }, index) => isAt(at - told[index]!.at, 1))
})

test('§ sandbox: the host name of a Pod is cut to 63 characters and does not end in a dash or a dot', async () => {
  const names: string[] = []
  const story = await beginStory(1, {
    between: runtime => ({
      runPodSandbox(config) {
        names.push(config.hostname)
        return runtime.runPodSandbox(config)
      },
    }),
  })
  const name = `${'a'.repeat(62)}-${'b'.repeat(10)}`
  story.run({ metadata: { name }, spec: web() })
  story.run({ metadata: { name: 'named' }, spec: web({}, { hostname: 'chosen' }) })
  await story.at(1)
  assert.deepEqual(names.toSorted(), ['a'.repeat(62), 'chosen'])
})

test('§ sandbox: a full host name longer than 64 characters is refused, and the Pod stays ContainerCreating', async () => {
  const story = await beginStory()
  const subdomain = 'b'.repeat(40)
  story.run({ spec: web({}, { setHostnameAsFQDN: true, hostname: 'web', subdomain }) })
  await story.at(1)
  const full = `web.${subdomain}.default.svc.cluster.local`
  assert.equal(
    story.said('FailedCreatePodSandBox')[0],
    `FailedCreatePodSandBox: Failed to create pod sandbox: Failed to construct FQDN from pod hostname and cluster domain, FQDN ${full} is too long (64 is the max characters allowed, ${full.length} characters requested)`,
  )
  assert.equal(stateOf(story.pod(), 'web'), 'Waiting ContainerCreating')
})

test('§ sandbox: one that is left of a Pod nobody knows is killed, with one second of grace', async () => {
  const story = await beginStory()
  story.run({ metadata: simulated('term=ignore'), spec: web() })
  await story.until(isReady)
  story.world.host('node-a').crash()
  await story.delete('web', 0)
  await story.at(20)
  story.calls.stops.length = 0
  await story.restartKubelet()
  await story.world.until(() => story.calls.stops.length > 0, 5000)
  assert.equal(story.calls.stops[0]?.timeoutMs, 2000, 'one second, which becomes the least there is between TERM and KILL')
  await story.at(25)
  assert.equal(await story.sandboxes(), 0)
  assert.equal(story.api.writes.findLast(({ kind }) => kind === 'Pod')?.verb, 'remove', 'nobody is left to write a status for')
})
