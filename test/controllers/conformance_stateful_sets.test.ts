/** The conformance tests of StatefulSets, in virtual time. docs/conformance_workloads.md lists them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { StatefulSet } from '../../src/api/kinds/stateful_set.ts'
import { beginSets, breakable, image, namespace, template, type SetsStory } from './sets.ts'

const statefulSet = (spec: object = {}, metadata: object = {}) => ({
  metadata: { name: 'ss', namespace, labels: { e2e: 'statefulset' }, ...metadata },
  spec: { replicas: 3, serviceName: 'test', selector: { matchLabels: { app: 'web' } }, template: template(), ...spec },
})

const get = (story: SetsStory) => story.get(StatefulSet, 'ss')
const scale = (story: SetsStory, replicas: number) => story.patch(StatefulSet, { spec: { replicas } }, 'ss')
const ready = (story: SetsStory, count: number) =>
  story.until(async () => {
    const { status } = await get(story)
    return (status.readyReplicas ?? 0) === count && status.replicas === count
  })

/** Image and revision of each Pod, by ordinal. */
const versions = async (story: SetsStory) =>
  (await story.pods()).map(pod => `${pod.spec.containers[0]!.image} ${pod.metadata.labels!['controller-revision-hash']}`)

test('Scaling should happen in predictable order and halt if any stateful pod is unhealthy', async () => {
  await using story = await beginSets(1, { nodes: 2 })
  const told = story.watchPods()
  await story.create(StatefulSet, statefulSet({ replicas: 1, template: breakable() }))
  await ready(story, 1)
  await story.breakPod('ss-0')
  await story.until(async () => (await get(story)).status.readyReplicas === undefined)
  await scale(story, 3)
  await story.cluster.advance(10_000)
  assert.deepEqual(await story.shown(), ['ss-0 waiting'])
  await story.mendPod('ss-0')
  await ready(story, 3)
  assert.deepEqual(told, ['ss-0 made', 'ss-0 ready', 'ss-1 made', 'ss-1 ready', 'ss-2 made', 'ss-2 ready'])

  const all = ['ss-0', 'ss-1', 'ss-2']
  for (const name of all) await story.breakPod(name)
  await story.until(async () => (await get(story)).status.readyReplicas === undefined)
  await scale(story, 0)
  await story.cluster.advance(10_000)
  assert.deepEqual(await story.shown(), ['ss-0 waiting', 'ss-1 waiting', 'ss-2 waiting'])
  told.length = 0
  for (const name of all) await story.mendPod(name)
  await ready(story, 0)
  assert.deepEqual(
    told.filter(line => !line.endsWith(' ready')),
    all.toReversed().flatMap(name => [`${name} going`, `${name} gone`]),
  )
})

test('Burst scaling should run to completion even with unhealthy pods', async () => {
  await using story = await beginSets(2, { nodes: 2 })
  await story.create(StatefulSet, statefulSet({ replicas: 1, podManagementPolicy: 'Parallel', template: breakable() }))
  await ready(story, 1)
  await story.breakPod('ss-0')
  await story.until(async () => (await get(story)).status.readyReplicas === undefined)
  await scale(story, 3)
  await story.until(async () => (await get(story)).status.readyReplicas === 2)
  assert.deepEqual(await story.shown(), ['ss-0 waiting', 'ss-1 ready', 'ss-2 ready'])
  await story.mendPod('ss-0')
  await ready(story, 3)

  await story.breakPod('ss-1')
  await story.until(async () => (await get(story)).status.readyReplicas === 2)
  await scale(story, 0)
  await story.until(async () => (await story.shown()).every(line => line.endsWith(' going')))
  await ready(story, 0)
})

test('Should recreate evicted statefulset', async () => {
  await using story = await beginSets(3)
  const ports = [{ containerPort: 80, hostPort: 21_017 }]
  // Both name their node, so that the scheduler does not keep them apart and the kubelet has to.
  const spec = { nodeName: 'node-0', containers: [{ name: 'main', image: 'nginx:1', ports }], terminationGracePeriodSeconds: 0 }
  await story.create(Pod, { metadata: { name: 'test-pod', namespace }, spec })
  await story.until(async () => (await story.get(Pod, 'test-pod')).status.phase === 'Running')
  const told = story.watchPods()
  await story.create(StatefulSet, statefulSet({ replicas: 1, template: template(spec) }))
  await story.until(async () => told.includes('ss-0 gone'))
  await story.remove(Pod, 'test-pod')
  await ready(story, 1)
  assert.equal((await story.get(Pod, 'ss-0')).status.phase, 'Running')
  assert.ok((await story.said('SuccessfulDelete')).includes('delete Pod ss-0 in StatefulSet ss successful'))
})

test('StatefulSet should have a working scale subresource', async () => {
  await using story = await beginSets(4)
  await story.create(StatefulSet, statefulSet({ replicas: 1 }))
  await ready(story, 1)
  const scaled = (body: object) => story.patch(StatefulSet, body, 'ss', 'scale') as unknown as Promise<{ spec: object; status: object }>
  assert.deepEqual((await scaled({ spec: { replicas: 1 } })).spec, { replicas: 1 })
  const { spec, status } = await scaled({ spec: { replicas: 2 } })
  assert.deepEqual([spec, status], [{ replicas: 2 }, { replicas: 1, selector: 'app=web' }])
  assert.equal((await get(story)).spec.replicas, 2)
  await ready(story, 2)
})

test('StatefulSet should list, patch and delete a collection of StatefulSets', async () => {
  await using story = await beginSets(5)
  await story.create(StatefulSet, statefulSet({ replicas: 1 }))
  await ready(story, 1)
  await story.patch(StatefulSet, { metadata: { labels: { test: 'patched' } }, spec: { replicas: 2, template: image('nginx:2') } }, 'ss')
  await story.until(async () => (await get(story)).status.updatedReplicas === 2 && (await get(story)).status.readyReplicas === 2)
  assert.deepEqual(
    (await story.list(StatefulSet, 'test=patched')).map(({ metadata, spec }) => [metadata.name, spec.template.spec.containers[0]!.image]),
    [['ss', 'nginx:2']],
  )
  const path = `/apis/apps/v1/namespaces/${namespace}/statefulsets`
  await story.run(story.cluster.client.request({ method: 'DELETE', path, query: { labelSelector: 'test=patched' } }))
  assert.deepEqual(await story.list(StatefulSet), [])
  await story.until(async () => (await story.pods()).length === 0)
})

test('should perform canary updates and phased rolling updates of template modifications', async () => {
  await using story = await beginSets(6, { nodes: 2 })
  const partition = (number: number) =>
    story.patch(StatefulSet, { spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: number } } } }, 'ss')
  await story.create(StatefulSet, statefulSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 3 } } }))
  await ready(story, 3)
  const { currentRevision: old } = (await get(story)).status

  // A partition as high as there are Pods: nothing happens.
  await story.patch(StatefulSet, { spec: { template: image('nginx:2') } }, 'ss')
  await story.cluster.advance(10_000)
  const { updateRevision: fresh, currentRevision } = (await get(story)).status
  assert.equal(currentRevision, old)
  assert.notEqual(fresh, old)
  assert.deepEqual(
    await versions(story),
    Array.from({ length: 3 }, () => `nginx:1 ${old}`),
  )

  // The canary.
  await partition(2)
  await story.until(async () => (await get(story)).status.updatedReplicas === 1)
  await ready(story, 3)
  const canary = [`nginx:1 ${old}`, `nginx:1 ${old}`, `nginx:2 ${fresh}`]
  assert.deepEqual(await versions(story), canary)
  // Whoever is deleted comes again as he was.
  for (const name of ['ss-0', 'ss-2']) {
    await story.remove(Pod, name)
    await story.until(async () => (await story.shown()).includes(`${name} waiting`))
    await ready(story, 3)
  }
  assert.deepEqual(await versions(story), canary)

  // In phases.
  await partition(1)
  await story.until(async () => (await get(story)).status.updatedReplicas === 2)
  await ready(story, 3)
  assert.deepEqual(await versions(story), [`nginx:1 ${old}`, `nginx:2 ${fresh}`, `nginx:2 ${fresh}`])
  await partition(0)
  await story.until(async () => (await get(story)).status.currentRevision === fresh)
  assert.deepEqual(
    await versions(story),
    Array.from({ length: 3 }, () => `nginx:2 ${fresh}`),
  )
  assert.equal((await get(story)).status.currentReplicas, 3)
})

test('should perform rolling updates and roll backs of template modifications', async () => {
  await using story = await beginSets(7, { nodes: 2 })
  await story.create(StatefulSet, statefulSet({ template: breakable() }))
  await ready(story, 3)
  const { currentRevision: first } = (await get(story)).status
  const order = async () => {
    const told = story.watchPods()
    await story.until(async () => (await get(story)).status.currentRevision === (await get(story)).status.updateRevision)
    return told.filter(line => line.endsWith(' going') || line.endsWith(' ready'))
  }
  const downwards = ['ss-2', 'ss-1', 'ss-0'].flatMap(name => [`${name} going`, `${name} ready`])

  const busybox2 = breakable()
  busybox2.spec.containers[0]!.image = 'busybox:2'
  await story.patch(StatefulSet, { spec: { template: busybox2 } }, 'ss')
  await story.until(async () => (await get(story)).status.updateRevision !== first)
  const { updateRevision: second } = (await get(story)).status
  assert.deepEqual(await order(), downwards)
  assert.deepEqual(
    await versions(story),
    Array.from({ length: 3 }, () => `busybox:2 ${second}`),
  )

  // As kubectl rollout undo does it. A Pod that is not ready makes it wait, until it is.
  await story.breakPod('ss-1')
  await story.until(async () => (await get(story)).status.readyReplicas === 2)
  const [oldest] = await story.revisions()
  await story.patch(StatefulSet, oldest!.data as object, 'ss')
  await story.cluster.advance(10_000)
  assert.equal((await get(story)).status.updatedReplicas, undefined)
  await story.mendPod('ss-1')
  assert.deepEqual(await order(), ['ss-1 ready', ...downwards.filter(line => line !== 'ss-1 ready')])
  assert.deepEqual(
    await versions(story),
    Array.from({ length: 3 }, () => `busybox:1 ${first}`),
  )
  assert.deepEqual(
    (await story.revisions()).map(({ metadata, revision }) => [metadata.name, revision]),
    [
      [second, 2],
      [first, 3],
    ],
  )
})

test('should validate Statefulset Status endpoints', async () => {
  await using story = await beginSets(8)
  await story.create(StatefulSet, statefulSet({ replicas: 1 }))
  await ready(story, 1)
  const condition = (type: string) => ({ type, status: 'True' as const, reason: 'E2E', message: `Set by ${type}` })
  const types = (set: StatefulSet) => set.status.conditions?.map(({ type }) => type)
  assert.deepEqual(types(await story.patch(StatefulSet, { status: { conditions: [condition('StatusPatched')] } }, 'ss', 'status')), ['StatusPatched'])
  const current = await get(story)
  const updated = { ...current, spec: { ...current.spec, replicas: 9 }, status: { ...current.status, conditions: [condition('StatusUpdate')] } }
  const answer = await story.run(story.cluster.client.updateStatus(StatefulSet, updated))
  assert.deepEqual([types(answer), answer.spec.replicas], [['StatusUpdate'], 1])
  await story.cluster.advance(1_000)
  assert.deepEqual(types(await get(story)), ['StatusUpdate'])
})
