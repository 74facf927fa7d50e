/** The conformance tests of the garbage collector, in virtual time. docs/conformance_workloads.md lists them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiVersionOf, type Kind } from '../../src/api/kind.ts'
import { Deployment } from '../../src/api/kinds/deployment.ts'
import { Namespace } from '../../src/api/kinds/namespace.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { ReplicaSet } from '../../src/api/kinds/replica_set.ts'
import { ReplicationController } from '../../src/api/kinds/replication_controller.ts'
import type { KubernetesObject, OwnerReference } from '../../src/api/meta.ts'
import { isReason } from '../../src/api/status.ts'
import type { DeleteOptions, Draft } from '../../src/client/client.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'

const namespace = 'gc'
const labels = { app: 'gc' }

async function begin() {
  const cluster = await startVirtualCluster({ seed: 1, nodes: 2 })
  const { client, run } = cluster
  await run(client.create(Namespace, { metadata: { name: namespace } }))
  await cluster.advance(500)
  const spec = { containers: [{ name: 'nginx', image: 'nginx:1' }], terminationGracePeriodSeconds: 5 }
  const story = {
    cluster,
    client,
    run,
    deployment: (name: string, replicas: number) =>
      run(
        client.create(Deployment, {
          metadata: { name, namespace, labels },
          spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
        } as unknown as Draft<Deployment>),
      ),
    controller: (name: string, replicas: number) =>
      run(
        client.create(ReplicationController, {
          metadata: { name, namespace },
          spec: { replicas, selector: { app: name }, template: { metadata: { labels: { app: name } }, spec } },
        } as unknown as Draft<ReplicationController>),
      ),
    list: async <T extends KubernetesObject>(kind: Kind<T>): Promise<readonly T[]> => (await run(client.list(kind, { namespace }))).items,
    delete: <T extends KubernetesObject>(kind: Kind<T>, object: T, propagationPolicy: DeleteOptions['propagationPolicy']) =>
      run(client.delete(kind, { namespace, name: object.metadata.name! }, { propagationPolicy, uid: object.metadata.uid })),
    find: <T extends KubernetesObject>(kind: Kind<T>, name: string): Promise<T | undefined> =>
      run(
        client.get(kind, { namespace, name }).catch(error => {
          if (!isReason(error, 'NotFound')) throw error
          return undefined
        }),
      ),
    async until(what: string, holds: () => Promise<boolean>, limitMs = 120_000) {
      for (let waitedMs = 0; waitedMs < limitMs; waitedMs += 100) {
        if (await holds()) return
        await cluster.advance(100)
      }
      assert.fail(`it never came about: ${what}`)
    },
    running: (count: number) =>
      story.until(`${count} Pods`, async () => (await story.list(Pod)).filter(({ status }) => status.phase === 'Running').length === count),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  }
  return story
}

test('should delete RS created by deployment when not orphaning', async () => {
  await using story = await begin()
  const deployment = await story.deployment('simpletest.deployment', 2)
  await story.until('a ReplicaSet', async () => (await story.list(ReplicaSet)).length === 1)
  await story.running(2)
  await story.delete(Deployment, deployment, 'Background')
  await story.until('none is left', async () => (await story.list(ReplicaSet)).length === 0)
  await story.until('nor a Pod', async () => (await story.list(Pod)).length === 0)
})

test('should delete pods created by rc when not orphaning', async () => {
  await using story = await begin()
  const controller = await story.controller('simpletest.rc', 2)
  await story.running(2)
  await story.delete(ReplicationController, controller, 'Background')
  await story.until('none is left', async () => (await story.list(Pod)).length === 0)
})

test('should keep the rc around until all its pods are deleted if the deleteOptions says so', async () => {
  await using story = await begin()
  const controller = await story.controller('simpletest.rc', 10)
  await story.running(10)
  await story.delete(ReplicationController, controller, 'Foreground')
  let seenWaiting = 0
  await story.until('it is gone', async () => {
    const left = await story.find(ReplicationController, 'simpletest.rc')
    const pods = await story.list(Pod)
    if (!left) {
      assert.deepEqual(pods, [], 'it went after its Pods')
      return true
    }
    assert.ok(left.metadata.deletionTimestamp)
    assert.deepEqual(left.metadata.finalizers, ['foregroundDeletion'])
    if (pods.length > 0) seenWaiting++
    return false
  })
  assert.ok(seenWaiting > 0)
})

test("should not delete dependents that have both valid owner and owner that's waiting for dependents to be deleted", async () => {
  await using story = await begin()
  const leaving = await story.controller('simpletest-rc-to-be-deleted', 10)
  const staying = await story.controller('simpletest-rc-to-stay', 0)
  await story.running(10)
  const second = reference(ReplicationController, staying)
  const half = (await story.list(Pod)).slice(0, 5)
  for (const { metadata } of half)
    await story.run(
      story.client.patch(Pod, { namespace, name: metadata.name! }, { type: 'strategic', body: { metadata: { uid: metadata.uid, ownerReferences: [second] } } }),
    )
  await story.delete(ReplicationController, leaving, 'Foreground')
  await story.until('it is gone', async () => (await story.find(ReplicationController, 'simpletest-rc-to-be-deleted')) === undefined)
  await story.cluster.advance(30_000)
  const left = await story.list(Pod)
  assert.deepEqual(
    left.map(({ metadata }) => metadata.name!),
    half.map(({ metadata }) => metadata.name!),
  )
  for (const { metadata } of left) {
    assert.equal(metadata.deletionTimestamp, undefined)
    assert.deepEqual(metadata.ownerReferences, [second])
  }
})

test('should not be blocked by dependency circle', async () => {
  await using story = await begin()
  const pod = (name: string) =>
    story.run(story.client.create(Pod, { metadata: { name, namespace }, spec: { containers: [{ name: 'nginx', image: 'nginx:1' }] } } as unknown as Draft<Pod>))
  const [one, two, three] = [await pod('pod1'), await pod('pod2'), await pod('pod3')]
  for (const [dependent, owner] of [
    [one, three],
    [two, one],
    [three, two],
  ] as const) {
    const body = { metadata: { ownerReferences: [{ ...reference(Pod, owner), controller: true, blockOwnerDeletion: true }] } }
    await story.run(story.client.patch(Pod, { namespace, name: dependent.metadata.name! }, { type: 'merge', body }))
  }
  await story.running(3)
  await story.delete(Pod, one, 'Foreground')
  await story.until('all are gone', async () => (await story.list(Pod)).length === 0)
})

test('should orphan RS created by deployment when deleteOptions.PropagationPolicy is Orphan', async () => {
  await using story = await begin()
  const deployment = await story.deployment('simpletest.deployment', 2)
  await story.until('a ReplicaSet', async () => (await story.list(ReplicaSet)).length === 1)
  await story.running(2)
  await story.delete(Deployment, deployment, 'Orphan')
  await story.until('the Deployment is gone', async () => (await story.find(Deployment, 'simpletest.deployment')) === undefined)
  await story.cluster.advance(30_000)
  const [replicaSet, ...others] = await story.list(ReplicaSet)
  assert.deepEqual(others, [])
  assert.equal(replicaSet?.metadata.deletionTimestamp, undefined)
  assert.equal(replicaSet?.metadata.ownerReferences, undefined)
  assert.equal((await story.list(Pod)).length, 2)
})

test('should orphan pods created by rc if delete options say so', async () => {
  await using story = await begin()
  const controller = await story.controller('simpletest.rc', 20)
  await story.running(20)
  await story.delete(ReplicationController, controller, 'Orphan')
  await story.until('it is gone', async () => (await story.find(ReplicationController, 'simpletest.rc')) === undefined)
  await story.cluster.advance(30_000)
  const pods = await story.list(Pod)
  assert.equal(pods.length, 20)
  for (const { metadata } of pods) {
    assert.equal(metadata.deletionTimestamp, undefined)
    assert.equal(metadata.ownerReferences, undefined)
  }
})

const reference = <T extends KubernetesObject>(kind: Kind<T>, { metadata }: T): OwnerReference => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
  name: metadata.name!,
  uid: metadata.uid!,
})
