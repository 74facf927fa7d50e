/** ReplicaSets and ReplicationControllers, over a whole cluster in virtual time (behaviour 8.2). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Event } from '../../src/api/kinds/event.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { ReplicaSet } from '../../src/api/kinds/replica_set.ts'
import { ReplicationController } from '../../src/api/kinds/replication_controller.ts'
import { controllerOf } from '../../src/api/meta.ts'
import { isActive, isReady } from '../../src/api/pod.ts'
import { isReason } from '../../src/api/status.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'
import type { Draft } from '../../src/client/client.ts'

const namespace = 'default'

const template = (more: object = {}) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'main', image: 'nginx:1' }], terminationGracePeriodSeconds: 5, ...more },
})
const replicaSet = (spec: object = {}) =>
  ({
    metadata: { name: 'web', namespace },
    spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: template(), ...spec },
  }) as unknown as Draft<ReplicaSet>

async function begin(seed: number, nodes = 1) {
  const cluster = await startVirtualCluster({ seed, nodes })
  const { client, run } = cluster
  const pods = async () => (await run(client.list(Pod, { namespace }))).items
  return {
    cluster,
    client,
    run,
    pods,
    replicaSet: () => run(client.get(ReplicaSet, { namespace, name: 'web' })),
    async until(holds: () => Promise<boolean>, limitMs = 60_000) {
      for (let waitedMs = 0; waitedMs < limitMs; waitedMs += 100) {
        if (await holds()) return
        await cluster.advance(100)
      }
      assert.fail('it never came about')
    },
    scale: (replicas: number) =>
      run(client.patch(ReplicaSet, { namespace, name: 'web' }, { type: 'merge', body: { spec: { replicas } } }, { subresource: 'scale' })),
    async said(reason: string) {
      const { items } = await run(client.list(Event, { namespace }))
      return items.filter(event => event.reason === reason).map(({ message }) => message)
    },
  }
}

test('a ReplicaSet makes its Pods, says so, and reports them as they become ready', async () => {
  const story = await begin(1)
  await using _ = story.cluster
  await story.run(story.client.create(ReplicaSet, replicaSet()))
  await story.cluster.advance(50)
  const pods = await story.pods()
  assert.equal(pods.length, 3)
  for (const pod of pods) {
    assert.match(pod.metadata.name!, /^web-[a-z0-9]{5}$/)
    assert.equal(pod.metadata.generateName, 'web-')
    const { uid, ...owner } = controllerOf(pod)!
    assert.equal(uid, (await story.replicaSet()).metadata.uid)
    assert.deepEqual(owner, { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', controller: true, blockOwnerDeletion: true })
  }
  assert.deepEqual((await story.replicaSet()).status, { replicas: 3, fullyLabeledReplicas: 3, observedGeneration: 1 })
  await story.until(async () => (await story.replicaSet()).status?.readyReplicas === 3)
  assert.deepEqual((await story.replicaSet()).status, { replicas: 3, fullyLabeledReplicas: 3, readyReplicas: 3, availableReplicas: 3, observedGeneration: 1 })
  assert.deepEqual(new Set(await story.said('SuccessfulCreate')), new Set(pods.map(({ metadata }) => `Created pod: ${metadata.name}`)))
})

test('a Pod that is being deleted is replaced at once, and one that has ended too', async () => {
  const story = await begin(2)
  await using _ = story.cluster
  await story.run(story.client.create(ReplicaSet, replicaSet({ replicas: 2, template: template({ terminationGracePeriodSeconds: 30 }) })))
  await story.until(async () => (await story.replicaSet()).status?.readyReplicas === 2)
  const [first, second] = await story.pods()
  await story.run(story.client.delete(Pod, { namespace, name: first!.metadata.name! }))
  await story.cluster.advance(50)
  assert.equal((await story.pods()).filter(isActive).length, 2)
  assert.equal((await story.replicaSet()).status?.replicas, 2, 'the one that goes is not counted')
  await story.run(
    story.client.patch(Pod, { namespace, name: second!.metadata.name! }, { type: 'merge', body: { status: { phase: 'Failed' } } }, { subresource: 'status' }),
  )
  await story.cluster.advance(50)
  assert.equal((await story.pods()).filter(isActive).length, 2)
})

test('the scale subresource changes the size and shows the selector; what is too many goes, the unready first', async () => {
  const story = await begin(3)
  await using _ = story.cluster
  await story.run(story.client.create(ReplicaSet, replicaSet({ replicas: 2 })))
  await story.until(async () => (await story.replicaSet()).status?.readyReplicas === 2)
  const old = new Set((await story.pods()).map(({ metadata }) => metadata.name))
  const scale = (await story.scale(4)) as unknown as { kind: string; spec: object; status: object }
  assert.equal(scale.kind, 'Scale')
  assert.deepEqual([scale.spec, scale.status], [{ replicas: 4 }, { replicas: 2, selector: 'app=web' }])
  assert.equal((await story.replicaSet()).metadata.generation, 2)
  await story.cluster.advance(20)
  assert.equal((await story.pods()).length, 4)
  await story.scale(2)
  await story.cluster.advance(20)
  assert.deepEqual(new Set((await story.pods()).filter(isActive).map(({ metadata }) => metadata.name)), old)
  assert.equal((await story.said('SuccessfulDelete')).length, 2)
  await assert.rejects(
    story.scale(-1),
    error => isReason(error, 'Invalid') && /spec.replicas: Invalid value: -1: must be greater than or equal to 0/.test(error.message),
  )
})

test('Pods that are there already are adopted, and let go when their labels change', async () => {
  const story = await begin(4)
  await using _ = story.cluster
  await story.run(story.client.create(Pod, { metadata: { name: 'lonely', namespace, labels: { app: 'web' } }, spec: template().spec } as unknown as Draft<Pod>))
  await story.run(story.client.create(ReplicaSet, replicaSet({ replicas: 1 })))
  await story.cluster.advance(50)
  assert.deepEqual(
    (await story.pods()).map(pod => [pod.metadata.name, controllerOf(pod)?.name]),
    [['lonely', 'web']],
  )
  await story.run(story.client.patch(Pod, { namespace, name: 'lonely' }, { type: 'merge', body: { metadata: { labels: { app: 'other' } } } }))
  await story.cluster.advance(50)
  const pods = await story.pods()
  assert.equal(pods.length, 2)
  assert.equal(controllerOf(pods.find(({ metadata }) => metadata.name === 'lonely')!), undefined)
  assert.equal(controllerOf(pods.find(({ metadata }) => metadata.name !== 'lonely')!)?.name, 'web')
})

test('a Pod counts as available after minReadySeconds, to the second, without anything else happening', async () => {
  const story = await begin(5)
  await using _ = story.cluster
  await story.run(story.client.create(ReplicaSet, replicaSet({ replicas: 1, minReadySeconds: 10 })))
  await story.until(async () => (await story.replicaSet()).status?.readyReplicas === 1)
  const [pod] = await story.pods()
  const readyAt = Date.parse(pod!.status.conditions!.find(({ type }) => type === 'Ready')!.lastTransitionTime!)
  const { world } = story.cluster
  await story.cluster.advance(readyAt + 10_000 - 1 - world.host('control-plane').clock.wall())
  assert.equal((await story.replicaSet()).status?.availableReplicas, undefined)
  await story.cluster.advance(20)
  assert.equal((await story.replicaSet()).status?.availableReplicas, 1)
})

test('Pods that may not be made are a condition and an Event, until they may', async () => {
  const story = await begin(6)
  await using _ = story.cluster
  const refused = { priorityClassName: 'missing' }
  await story.run(story.client.create(ReplicaSet, replicaSet({ replicas: 2, template: template(refused) })))
  await story.cluster.advance(200)
  const { status } = await story.replicaSet()
  const [condition] = status!.conditions!
  assert.deepEqual([status!.replicas, condition!.type, condition!.status, condition!.reason], [0, 'ReplicaFailure', 'True', 'FailedCreate'])
  assert.match(condition!.message!, /^pods "web-[a-z0-9]*" is forbidden: no PriorityClass with name missing was found$/)
  assert.ok((await story.said('FailedCreate')).some(message => message?.startsWith('Error creating: pods "web-')))
  await story.scale(0)
  await story.cluster.advance(61_000)
  assert.equal((await story.replicaSet()).status?.conditions, undefined)
})

test('hundreds of Pods come and go without anything being too much for the API', async () => {
  const story = await begin(9)
  await using _ = story.cluster
  const troubles: string[] = []
  story.cluster.store.watch('/apps/replicasets/', story.cluster.store.revision, ({ stored }) => {
    for (const { message } of (stored?.value as ReplicaSet | undefined)?.status?.conditions ?? []) troubles.push(message ?? '')
  })
  await story.run(story.client.create(ReplicaSet, replicaSet({ replicas: 600, template: template({ terminationGracePeriodSeconds: 0 }) })))
  await story.until(async () => (await story.replicaSet()).status?.replicas === 600)
  await story.scale(0)
  await story.until(async () => (await story.replicaSet()).status?.replicas === 0)
  assert.deepEqual(troubles, [])
})

test('a ReplicationController takes its selector and labels from the template, and does the same', async () => {
  const story = await begin(7)
  await using _ = story.cluster
  await story.run(
    story.client.create(ReplicationController, {
      metadata: { name: 'old', namespace },
      spec: { replicas: 2, template: template() },
    } as unknown as Draft<ReplicationController>),
  )
  const get = () => story.run(story.client.get(ReplicationController, { namespace, name: 'old' }))
  await story.until(async () => (await get()).status?.readyReplicas === 2)
  const { metadata, spec } = await get()
  assert.deepEqual([metadata.labels, spec.selector], [{ app: 'web' }, { app: 'web' }])
  assert.ok((await story.pods()).every(pod => isReady(pod) && controllerOf(pod)?.kind === 'ReplicationController'))
})

test('what is wrong with a ReplicaSet is named by its field', async () => {
  const story = await begin(8)
  await using _ = story.cluster
  const refusal = async (spec: object) => {
    const error = await story.run(story.client.create(ReplicaSet, replicaSet(spec)).catch((thrown: unknown) => thrown))
    assert.ok(isReason(error, 'Invalid'), String(error))
    return error.message
  }
  assert.match(
    await refusal({ selector: { matchLabels: { app: 'other' } } }),
    /spec\.template\.metadata\.labels: Invalid value: \{"app":"web"\}: `selector` does not match template `labels`$/,
  )
  assert.match(await refusal({ selector: {} }), /spec\.selector: Invalid value: \{\}: empty selector is invalid for replicaset/)
  assert.match(await refusal({ replicas: -1 }), /spec\.replicas: Invalid value: -1: must be greater than or equal to 0/)
  assert.match(
    await refusal({ template: template({ restartPolicy: 'Never' }) }),
    /spec\.template\.spec\.restartPolicy: Unsupported value: "Never": supported values: "Always"/,
  )
  await story.run(story.client.create(ReplicaSet, replicaSet()))
  const body = { spec: { selector: { matchLabels: { app: 'web', more: 'x' } }, template: { metadata: { labels: { more: 'x' } } } } }
  await assert.rejects(
    story.run(story.client.patch(ReplicaSet, { namespace, name: 'web' }, { type: 'merge', body })),
    error => isReason(error, 'Invalid') && /spec\.selector: Invalid value: .*: field is immutable/.test(error.message),
  )
})
