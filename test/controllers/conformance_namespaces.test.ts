/** The conformance tests of namespaces, in virtual time. docs/conformance_workloads.md lists them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kind } from '../../src/api/kind.ts'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { Namespace } from '../../src/api/kinds/namespace.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { Service } from '../../src/api/kinds/service.ts'
import type { KubernetesObject } from '../../src/api/meta.ts'
import { isReason } from '../../src/api/status.ts'
import type { Draft } from '../../src/client/client.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'

const NAME = 'nsdeletetest'
const key = { namespace: '', name: NAME }
const JSON_BODY = { 'content-type': 'application/json' }

async function begin(nodes = 0) {
  const cluster = await startVirtualCluster({ seed: 1, nodes })
  const { client, run } = cluster
  const story = {
    cluster,
    client,
    run,
    create: (metadata: object = {}) => run(client.create(Namespace, { metadata: { name: NAME, ...metadata } })),
    get: () => run(client.get(Namespace, key)),
    finalize: (namespace: Namespace) =>
      run(
        client.request({
          method: 'PUT',
          path: `/api/v1/namespaces/${NAME}/finalize`,
          headers: JSON_BODY,
          body: { is: 'object', object: namespace },
        }),
      ) as Promise<Namespace>,
    pod: (more: object = {}) =>
      run(
        client.create(Pod, {
          metadata: { name: 'test-pod', namespace: NAME, ...more },
          spec: { containers: [{ name: 'nginx', image: 'nginx:1' }], terminationGracePeriodSeconds: 5 },
        } as unknown as Draft<Pod>),
      ),
    find: <T extends KubernetesObject>(kind: Kind<T>, name: string): Promise<T | undefined> =>
      run(
        client.get(kind, { namespace: kind.namespaced ? NAME : '', name }).catch(error => {
          if (!isReason(error, 'NotFound')) throw error
          return undefined
        }),
      ),
    async until(what: string, holds: () => Promise<boolean>, limitMs = 60_000) {
      for (let waitedMs = 0; waitedMs < limitMs; waitedMs += 100) {
        if (await holds()) return
        await cluster.advance(100)
      }
      assert.fail(`it never came about: ${what}`)
    },
    gone: () => story.until('the namespace is gone', async () => (await story.find(Namespace, NAME)) === undefined),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  }
  return story
}

test('should apply a finalizer to a Namespace', async () => {
  await using story = await begin()
  const created = await story.create()
  const FAKE = 'e2e.example.com/fakeFinalizer'
  const held = await story.finalize({ ...created, spec: { finalizers: [...created.spec.finalizers!, FAKE] } })
  assert.deepEqual(held.spec.finalizers, ['kubernetes', FAKE])
  assert.deepEqual((await story.get()).spec.finalizers, ['kubernetes', FAKE])
  const free = await story.finalize({ ...held, spec: { finalizers: ['kubernetes'] } })
  assert.deepEqual(free.spec.finalizers, ['kubernetes'])
})

test('should apply an update to a Namespace', async () => {
  await using story = await begin()
  const created = await story.create()
  const labels = { ...created.metadata.labels, [NAME]: 'updated' }
  const updated = await story.run(story.client.update(Namespace, { ...created, metadata: { ...created.metadata, labels } }))
  assert.equal(updated.metadata.labels?.[NAME], 'updated')
  assert.equal(updated.metadata.labels?.['kubernetes.io/metadata.name'], NAME)
})

test('should apply changes to a namespace status', async () => {
  await using story = await begin()
  await story.create()
  const condition = { type: 'StatusPatch', status: 'True', reason: 'E2E', message: 'Patched by an e2e test' } as const
  const patched = await story.run(
    story.client.patch(
      Namespace,
      key,
      { type: 'merge', body: { metadata: { annotations: { patchedstatus: 'true' } }, status: { conditions: [condition] } } },
      { subresource: 'status' },
    ),
  )
  assert.equal(patched.metadata.annotations?.['patchedstatus'], 'true')
  assert.deepEqual(patched.status.conditions, [condition])
  const other = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Updated by an e2e test' } as const
  await story.run(story.client.updateStatus(Namespace, { ...patched, status: { ...patched.status, conditions: [condition, other] } }))
  const { status } = (await story.run(story.client.request({ method: 'GET', path: `/api/v1/namespaces/${NAME}/status` }))) as Namespace
  assert.deepEqual(status, { phase: 'Active', conditions: [condition, other] })
})

test('should ensure that all pods are removed when a namespace is deleted', async () => {
  await using story = await begin(1)
  await story.create()
  await story.cluster.advance(500)
  await story.pod()
  await story.until('it runs', async () => (await story.find(Pod, 'test-pod'))?.status.phase === 'Running')
  await story.run(story.client.delete(Namespace, key))
  await story.gone()
  await story.create()
  assert.deepEqual((await story.run(story.client.list(Pod, { namespace: NAME }))).items, [])
})

test('should ensure that all services are removed when a namespace is deleted', async () => {
  await using story = await begin()
  await story.create()
  await story.run(
    story.client.create(Service, { metadata: { name: 'test-service', namespace: NAME }, spec: { ports: [{ port: 80 }] } } as unknown as Draft<Service>),
  )
  await story.run(story.client.delete(Namespace, key))
  await story.gone()
  await story.create()
  assert.deepEqual((await story.run(story.client.list(Service, { namespace: NAME }))).items, [])
})

test('should patch a Namespace', async () => {
  await using story = await begin()
  await story.create()
  const patched = await story.run(story.client.patch(Namespace, key, { type: 'strategic', body: { metadata: { labels: { testLabel: 'testValue' } } } }))
  assert.equal(patched.metadata.labels?.['testLabel'], 'testValue')
  assert.equal((await story.get()).metadata.labels?.['testLabel'], 'testValue')
})

test('OrderedNamespaceDeletion namespace deletion should delete pod first', async () => {
  await using story = await begin(1)
  await story.create()
  await story.cluster.advance(500)
  const HOLD = 'e2e.example.com/finalizer'
  await story.pod({ finalizers: [HOLD] })
  await story.run(story.client.create(ConfigMap, { metadata: { name: 'test-configmap', namespace: NAME }, data: { key: 'value' } }))
  await story.until('it runs', async () => (await story.find(Pod, 'test-pod'))?.status.phase === 'Running')
  await story.run(story.client.delete(Namespace, key))

  await story.cluster.advance(30_000)
  const going = await story.get()
  assert.equal(going.status.phase, 'Terminating')
  assert.ok((await story.find(Pod, 'test-pod'))?.metadata.deletionTimestamp)
  assert.equal((await story.find(ConfigMap, 'test-configmap'))?.metadata.deletionTimestamp, undefined, 'it waits for the Pod')
  const said = going.status.conditions?.filter(({ status }) => status === 'True').map(({ type, reason, message }) => [type, reason, message])
  assert.deepEqual(said, [
    ['NamespaceContentRemaining', 'SomeResourcesRemain', 'Some resources are remaining: pods. has 1 resource instances'],
    ['NamespaceFinalizersRemaining', 'SomeFinalizersRemain', `Some content in the namespace has finalizers remaining: ${HOLD} in 1 resource instances`],
  ])

  await story.run(story.client.patch(Pod, { namespace: NAME, name: 'test-pod' }, { type: 'merge', body: { metadata: { finalizers: null } } }))
  await story.cluster.advance(100)
  assert.equal(await story.find(Namespace, NAME), undefined, 'it is woken, and need not look again')
})
