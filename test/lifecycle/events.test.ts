/** What the kubelet tells of a Pod as Events: reasons, words, and the part of the Pod they are about. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RuntimeError } from '../../src/runtime/runtime.ts'
import { beginStory, isReady, sh, simulatedAll, web } from './story.ts'

test('§ events: of a container that starts they are Pulled, Created and Started, of one that stops Killing', async () => {
  const story = await beginStory()
  story.run({ spec: web({ image: 'elsewhere:1' }) })
  await story.until(isReady)
  await story.delete()
  await story.gone()
  assert.deepEqual(
    story.events.map(({ type, reason, message }) => `${type} ${reason}: ${message.replace(/ in 1.*/, '')}`),
    [
      'Normal Pulling: Pulling image "elsewhere:1"',
      'Normal Pulled: Successfully pulled image "elsewhere:1"',
      'Normal Created: Created container: web',
      'Normal Started: Started container web',
      'Normal Killing: Stopping container web',
    ],
  )
})

test('§ events: each names the field of the Pod it is about', async () => {
  const story = await beginStory()
  story.run({
    metadata: simulatedAll({ proxy: 'listen=81', web: 'listen=80' }),
    spec: web(
      {},
      {
        initContainers: [
          { name: 'first', image: 'busybox:1', command: sh('true') },
          { name: 'proxy', image: 'nginx:1', restartPolicy: 'Always' },
        ],
      },
    ),
  })
  await story.until(isReady)
  await story.edit(({ spec }) => (spec.ephemeralContainers = [{ name: 'debug', image: 'busybox:1', command: sh('true') }] as never))
  await story.world.advance(1000)
  const about = Object.fromEntries(
    story.events.filter(({ reason }) => reason === 'Started').map(({ message, fieldPath }) => [message.split(' ').at(-1), fieldPath]),
  )
  assert.deepEqual(about, {
    first: 'spec.initContainers{first}',
    proxy: 'spec.initContainers{proxy}',
    web: 'spec.containers{web}',
    debug: 'spec.ephemeralContainers{debug}',
  })
})

test('§ events: of the Pod as a whole they name no field', async () => {
  const story = await beginStory()
  story.run({ spec: web({}, { activeDeadlineSeconds: 5, volumes: [{ name: 'v', emptyDir: {} }] }) })
  await story.until(({ status }) => status.phase === 'Failed', 60)
  assert.deepEqual(
    story.events.filter(({ reason }) => reason === 'DeadlineExceeded').map(({ fieldPath, type }) => [fieldPath, type]),
    [[undefined, 'Normal']],
  )
})

test('§ events: a volume that cannot be mounted is FailedMount, and the Pod waits', async () => {
  const story = await beginStory()
  story.run({ spec: web({}, { volumes: [{ name: 'v', configMap: { name: 'missing' } }] }) })
  await story.at(5)
  assert.equal(story.said('FailedMount')[0], 'FailedMount: MountVolume.SetUp failed for volume "v" : configmap "missing" not found')
  assert.deepEqual(story.pod()?.status.containerStatuses?.[0]?.state, { waiting: { reason: 'ContainerCreating' } })
})

test('§ events: a Pod that has waited two minutes for its volumes is told which, and again as long as it lasts', async () => {
  const story = await beginStory()
  const volumes = [
    { name: 'there', emptyDir: {} },
    { name: 'a', configMap: { name: 'missing' } },
    { name: 'b', secret: { secretName: 'missing' } },
  ]
  story.run({ spec: web({}, { volumes }) })
  await story.at(600)
  const told = story.events.filter(({ message }) => message.startsWith('Unable to attach'))
  assert.equal(
    told[0]?.message,
    'Unable to attach or mount volumes: unmounted volumes=[a b], unattached volumes=[], failed to process volumes=[]: context deadline exceeded',
  )
  assert.ok(told[0]!.at >= 123 && told.length >= 2)
})

test('§ events: a runtime that does not say what it has is told once in FailedSync, until it speaks again', async () => {
  let isSilent = false
  const story = await beginStory(1, {
    between: runtime => ({
      listContainers: filter => (isSilent ? Promise.reject(new RuntimeError('Unavailable', 'connection refused')) : runtime.listContainers(filter)),
    }),
  })
  story.run({ spec: web() })
  await story.until(isReady)
  isSilent = true
  await story.at(300)
  assert.deepEqual(story.said('FailedSync'), ['FailedSync: error determining status: connection refused'])
  assert.ok(isReady(story.pod()!), 'nothing is known that is worse than before')
  isSilent = false
  await story.at(310)
  isSilent = true
  await story.at(500)
  assert.equal(story.said('FailedSync').length, 2)
})

test('§ events: with restartPolicy Never a container whose probe fails is not promised a restart', async () => {
  const story = await beginStory()
  await story.at(60)
  const probe = { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 1 }
  const containers = [
    { name: 'web', image: 'busybox:1', command: sh('sleep 100'), livenessProbe: probe },
    { name: 'slow', image: 'busybox:1', command: sh('sleep 100'), startupProbe: probe },
  ]
  story.run({ spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers } })
  await story.until(({ status }) => status.phase === 'Failed', 60)
  assert.deepEqual(story.said('Killing').toSorted(), ['Killing: Container slow failed startup probe', 'Killing: Container web failed liveness probe'])
})
