/** StatefulSets over a whole cluster in virtual time (behaviour 8.4). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kind } from '../../src/api/kind.ts'
import { ControllerRevision } from '../../src/api/kinds/controller_revision.ts'
import { DaemonSet } from '../../src/api/kinds/daemon_set.ts'
import { Namespace } from '../../src/api/kinds/namespace.ts'
import { PersistentVolumeClaim } from '../../src/api/kinds/persistent_volume_claim.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { StatefulSet } from '../../src/api/kinds/stateful_set.ts'
import { controllerOf } from '../../src/api/meta.ts'
import { podCondition } from '../../src/api/pod.ts'
import { beginSets, image, MISSING, namespace, template, type SetsStory } from './sets.ts'

const statefulSet = (spec: object = {}) => ({
  metadata: { name: 'web', namespace },
  spec: { replicas: 3, serviceName: 'web', selector: { matchLabels: { app: 'web' } }, template: template(), ...spec },
})
const claimTemplate = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } } }
const withClaims = (spec: object = {}) => statefulSet({ volumeClaimTemplates: [claimTemplate], ...spec })

const ready = (story: SetsStory, count: number) =>
  story.until(async () => {
    const { status } = await story.get(StatefulSet)
    return (status.readyReplicas ?? 0) === count && status.replicas === count
  })
const claims = async (story: SetsStory) =>
  (await story.list(PersistentVolumeClaim))
    .map(({ metadata }) => `${metadata.name}${metadata.ownerReferences ? ` of ${metadata.ownerReferences[0]!.name}` : ''}`)
    .sort()

test('Pods are made one by one, each when the one before it is ready, and have names, labels and host names of their own', async () => {
  await using story = await beginSets(1)
  await story.create(StatefulSet, statefulSet())
  await story.cluster.advance(50)
  assert.deepEqual(await story.shown(), ['web-0 waiting'])
  await story.until(async () => (await story.pods()).length === 2)
  assert.deepEqual(await story.shown(), ['web-0 ready', 'web-1 waiting'])
  await ready(story, 3)
  const set = await story.get(StatefulSet)
  const [revision] = await story.revisions()
  for (const [ordinal, pod] of (await story.pods()).entries()) {
    const name = `web-${ordinal}`
    assert.equal(pod.metadata.name, name)
    assert.deepEqual(pod.metadata.labels, {
      app: 'web',
      'apps.kubernetes.io/pod-index': String(ordinal),
      'controller-revision-hash': revision!.metadata.name,
      'statefulset.kubernetes.io/pod-name': name,
    })
    assert.deepEqual([pod.spec.hostname, pod.spec.subdomain], [name, 'web'])
    assert.equal(controllerOf(pod)?.uid, set.metadata.uid)
  }
  assert.deepEqual(set.status, {
    observedGeneration: 1,
    replicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    currentReplicas: 3,
    updatedReplicas: 3,
    currentRevision: revision!.metadata.name,
    updateRevision: revision!.metadata.name,
    collisionCount: 0,
  })
  assert.deepEqual(
    await story.said('SuccessfulCreate'),
    [0, 1, 2].map(ordinal => `create Pod web-${ordinal} in StatefulSet web successful`),
  )
})

test('the next Pod is made when the one before it has been ready for minReadySeconds, to the second', async () => {
  await using story = await beginSets(2)
  await story.create(StatefulSet, statefulSet({ replicas: 2, minReadySeconds: 20 }))
  await story.until(async () => (await story.pods()).length === 2)
  const [first, second] = await story.pods()
  const readyAt = Date.parse(podCondition(first!, 'Ready')!.lastTransitionTime!)
  assert.equal(Date.parse(second!.metadata.creationTimestamp!), readyAt + 20_000)
  await ready(story, 2)
  assert.equal((await story.get(StatefulSet)).status.availableReplicas, 1)
  await story.cluster.advance(21_000)
  assert.equal((await story.get(StatefulSet)).status.availableReplicas, 2)
})

test('a Pod that is being deleted has a successor when it has gone, and not before', async () => {
  await using story = await beginSets(3)
  const trapping = { command: ['sh', '-c', "trap '' TERM; while true; do sleep 1; done"] }
  const slow = template({ terminationGracePeriodSeconds: 30, containers: [{ name: 'main', image: 'busybox:1', ...trapping }] })
  await story.create(StatefulSet, statefulSet({ replicas: 2, podManagementPolicy: 'Parallel', template: slow }))
  await ready(story, 2)
  await story.remove(Pod, 'web-0')
  await story.cluster.advance(28_000)
  assert.deepEqual(await story.shown(), ['web-0 going', 'web-1 ready'])
  await story.until(async () => (await story.shown()).join() === 'web-0 waiting,web-1 ready', 10_000)
})

test('each Pod has a claim of its own, which outlives it and is found again', async () => {
  await using story = await beginSets(4)
  await story.create(StatefulSet, withClaims({ replicas: 2 }))
  await ready(story, 2)
  assert.deepEqual(await claims(story), ['data-web-0', 'data-web-1'])
  const claim = await story.get(PersistentVolumeClaim, 'data-web-0')
  assert.deepEqual(claim.metadata.labels, { app: 'web' })
  const mounted = async (name: string) => (await story.get(Pod, name)).spec.volumes?.find(volume => volume.name === 'data')?.persistentVolumeClaim
  assert.equal((await mounted('web-1'))?.claimName, 'data-web-1')
  assert.ok((await story.said('SuccessfulCreate')).includes('create Claim data-web-0 Pod web-0 in StatefulSet web success'))

  await story.remove(Pod, 'web-0')
  await story.patch(StatefulSet, { spec: { replicas: 1 } })
  await ready(story, 1)
  assert.deepEqual(await claims(story), ['data-web-0', 'data-web-1'])
  assert.equal((await story.get(PersistentVolumeClaim, 'data-web-0')).metadata.uid, claim.metadata.uid)
  await story.remove(StatefulSet)
  await story.until(async () => (await story.pods()).length === 0)
  assert.deepEqual(await claims(story), ['data-web-0', 'data-web-1'])
})

test('with whenScaled Delete the claim of a Pod that is too many goes with it, with whenDeleted Delete all go with the set', async () => {
  await using story = await beginSets(5)
  const policy = { whenScaled: 'Delete', whenDeleted: 'Retain' }
  await story.create(StatefulSet, withClaims({ persistentVolumeClaimRetentionPolicy: policy }))
  await ready(story, 3)
  assert.deepEqual(await claims(story), ['data-web-0', 'data-web-1', 'data-web-2'])
  await story.patch(StatefulSet, { spec: { replicas: 1 } })
  await story.until(async () => (await claims(story)).join() === 'data-web-0')
  // It comes again with a claim that is new.
  await story.patch(StatefulSet, { spec: { replicas: 2, persistentVolumeClaimRetentionPolicy: { whenScaled: 'Retain', whenDeleted: 'Delete' } } })
  await ready(story, 2)
  assert.deepEqual(await claims(story), ['data-web-0 of web', 'data-web-1 of web'])
  await story.remove(StatefulSet)
  await story.until(async () => (await claims(story)).length === 0)
})

test('OnDelete waits until somebody deletes the Pods', async () => {
  await using story = await beginSets(6)
  await story.create(StatefulSet, statefulSet({ replicas: 2, updateStrategy: { type: 'OnDelete' } }))
  await ready(story, 2)
  await story.patch(StatefulSet, { spec: { template: image('nginx:2') } })
  await story.cluster.advance(10_000)
  const images = async () => (await story.pods()).map(({ spec }) => spec.containers[0]!.image)
  assert.deepEqual(await images(), ['nginx:1', 'nginx:1'])
  await story.remove(Pod, 'web-0')
  await story.until(async () => (await images()).join() === 'nginx:2,nginx:1')
  await ready(story, 2)
  const { status } = await story.get(StatefulSet)
  assert.deepEqual([status.updatedReplicas, status.currentReplicas], [1, 1])
})

test('an update that breaks waits for help, and goes on when the broken Pod was deleted by hand', async () => {
  await using story = await beginSets(7)
  await story.create(StatefulSet, statefulSet({ replicas: 2 }))
  await ready(story, 2)
  await story.patch(StatefulSet, { spec: { template: image(MISSING) } })
  await story.until(async () => (await story.shown()).join() === 'web-0 ready,web-1 waiting')
  const [good] = await story.revisions()
  await story.patch(StatefulSet, good!.data as object)
  await story.cluster.advance(60_000)
  assert.equal((await story.get(Pod, 'web-1')).spec.containers[0]!.image, MISSING, 'as Kubernetes says of itself')
  await story.remove(Pod, 'web-1')
  await ready(story, 2)
  assert.equal((await story.get(Pod, 'web-1')).spec.containers[0]!.image, 'nginx:1')
})

test('old revisions are kept as far as the limit, and those that Pods are of besides', async () => {
  await using story = await beginSets(8)
  await story.create(StatefulSet, statefulSet({ replicas: 1, revisionHistoryLimit: 1 }))
  await ready(story, 1)
  for (const tag of [2, 3, 4]) {
    await story.patch(StatefulSet, { spec: { template: image(`nginx:${tag}`) } })
    await story.until(async () => (await story.get(Pod, 'web-0')).spec.containers[0]!.image === `nginx:${tag}`)
    await ready(story, 1)
  }
  await story.until(async () => (await story.revisions()).length === 2)
  assert.deepEqual(
    (await story.revisions()).map(({ revision }) => revision),
    [3, 4],
  )
})

test('a new revision has the next number, whichever of the old ones was touched last', async () => {
  await using story = await beginSets('touched')
  await story.create(StatefulSet, statefulSet({ replicas: 1 }))
  await ready(story, 1)
  const [first] = await story.revisions()
  const updatedTo = async (tag: number) => {
    await story.patch(StatefulSet, { spec: { template: image(`nginx:${tag}`) } })
    await story.until(async () => (await story.get(Pod, 'web-0')).spec.containers[0]!.image === `nginx:${tag}`)
    return (await story.revisions()).map(({ revision }) => revision)
  }
  assert.deepEqual(await updatedTo(2), [1, 2])
  await story.patch(ControllerRevision, { metadata: { annotations: { note: 'the first' } } }, first!.metadata.name)
  assert.deepEqual(await updatedTo(3), [1, 2, 3])
})

test('Pods of the right name are adopted and mended, others let be; one whose labels change is let go', async () => {
  await using story = await beginSets(9)
  const orphan = (name: string) => story.create(Pod, { metadata: { name, namespace, labels: { app: 'web' } }, spec: template().spec })
  await orphan('web-0')
  await orphan('stranger')
  await story.create(StatefulSet, statefulSet({ replicas: 2, updateStrategy: { type: 'OnDelete' } }))
  await ready(story, 2)
  const adopted = await story.get(Pod, 'web-0')
  assert.equal(controllerOf(adopted)?.name, 'web')
  assert.equal(adopted.metadata.labels!['apps.kubernetes.io/pod-index'], '0')
  assert.equal(controllerOf(await story.get(Pod, 'stranger')), undefined)
  assert.deepEqual(await story.said('SuccessfulUpdate'), ['update Pod web-0 in StatefulSet web successful'])

  await story.patch(Pod, { metadata: { labels: { app: 'other' } } }, 'web-1')
  await story.until(async () => controllerOf(await story.get(Pod, 'web-1')) === undefined)
  await story.remove(Pod, 'web-1')
  await ready(story, 2)
  assert.equal(controllerOf(await story.get(Pod, 'web-1'))?.name, 'web')
})

test('ordinals may begin elsewhere, and move', async () => {
  await using story = await beginSets(10)
  await story.create(StatefulSet, statefulSet({ replicas: 2, ordinals: { start: 5 } }))
  await ready(story, 2)
  assert.deepEqual(await story.shown(), ['web-5 ready', 'web-6 ready'])
  await story.patch(StatefulSet, { spec: { ordinals: { start: 6 } } })
  await story.until(async () => (await story.shown()).join() === 'web-6 ready,web-7 ready')
})

test('what cannot be made is told, and tried again', async () => {
  await using story = await beginSets(11)
  await story.create(StatefulSet, statefulSet({ replicas: 1, template: template({ serviceAccountName: 'missing' }) }))
  await story.until(async () => (await story.said('FailedCreate')).length > 0)
  assert.deepEqual(await story.said('FailedCreate'), [
    'create Pod web-0 in StatefulSet web failed error: pods "web-0" is forbidden: error looking up service account default/missing: serviceaccount "missing" not found',
  ])
  assert.equal((await story.get(StatefulSet)).status.replicas, 0)
})

test('a Pod that keeps ending is made anew at once, and then ever more slowly', async () => {
  await using story = await beginSets(12)
  const told = story.watchPods()
  await story.create(StatefulSet, statefulSet({ replicas: 1 }))
  await ready(story, 1)
  const times: number[] = []
  for (let n = 0; n < 4; n++) {
    const { uid } = (await story.get(Pod, 'web-0')).metadata
    const from = story.cluster.world.now()
    await story.patch(Pod, { status: { phase: 'Failed' } }, 'web-0', 'status')
    await story.until(async () => (await story.find(Pod, 'web-0'))?.metadata.uid !== uid)
    times.push(story.cluster.world.now() - from)
  }
  assert.ok(times[0]! < 200 && times[3]! >= 300, `${times.join()} ms`)
  assert.ok(told.includes('web-0 gone'))
})

test('a namespace goes with its sets, and nothing is made in it any more', async () => {
  await using story = await beginSets(13)
  const { client } = story.cluster
  await story.create(Namespace, { metadata: { name: 'shop' } })
  await story.cluster.advance(500)
  const inShop = (name: string) => ({ ...statefulSet(), metadata: { name, namespace: 'shop' } })
  await story.create(StatefulSet, inShop('web'))
  const { metadata, spec } = inShop('agent')
  await story.create(DaemonSet, { metadata, spec: { selector: spec.selector, template: spec.template } })
  await story.until(async () => (await story.run(client.list(Pod, { namespace: 'shop' }))).items.length === 4)
  await story.run(client.delete(Namespace, { namespace: '', name: 'shop' }))
  await story.until(async () => (await story.find(Namespace, 'shop')) === undefined)
  for (const kind of [Pod, StatefulSet, DaemonSet, ControllerRevision] as unknown as Kind[])
    assert.deepEqual((await story.run(client.list(kind, { namespace: 'shop' }))).items, [])
})
