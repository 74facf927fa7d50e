/** The conformance tests of ReplicaSets and ReplicationControllers, in virtual time. docs/conformance_workloads.md lists them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kind } from '../../src/api/kind.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { ReplicaSet } from '../../src/api/kinds/replica_set.ts'
import { ReplicationController } from '../../src/api/kinds/replication_controller.ts'
import { ResourceQuota } from '../../src/api/kinds/resource_quota.ts'
import { controllerOf, type KubernetesObject } from '../../src/api/meta.ts'
import { isReady } from '../../src/api/pod.ts'
import type { Draft } from '../../src/client/client.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'

const namespace = 'default'
const labels = { name: 'sample', pod: 'httpd' }
const template = (image = 'nginx:1') => ({
  metadata: { labels },
  spec: { containers: [{ name: 'httpd', image, ports: [{ containerPort: 80 }] }], terminationGracePeriodSeconds: 0 },
})

type Sized = KubernetesObject & {
  spec: { replicas: number }
  status?: { replicas: number; readyReplicas?: number; conditions?: { type: string; status: string }[] }
}

/** Both kinds do the same; only their selectors are written differently. */
const REPLICA_SET = { kind: ReplicaSet as unknown as Kind<Sized>, selector: { matchLabels: labels } as object }
const CONTROLLER = { kind: ReplicationController as unknown as Kind<Sized>, selector: labels as object }

async function begin({ kind, selector }: typeof REPLICA_SET) {
  const cluster = await startVirtualCluster({ seed: 1, nodes: 2 })
  const { client, run } = cluster
  const draft = (name: string, replicas: number, more: object = {}) =>
    ({ metadata: { name, namespace, labels, ...more }, spec: { replicas, selector, template: template() } }) as unknown as Draft<Sized>
  const story = {
    cluster,
    client,
    run,
    draft,
    create: (name: string, replicas: number, more: object = {}) => run(client.create(kind, draft(name, replicas, more))),
    get: (name: string) => run(client.get(kind, { namespace, name })),
    patch: (name: string, body: object, subresource?: string) => run(client.patch(kind, { namespace, name }, { type: 'merge', body }, { subresource })),
    pods: async () => (await run(client.list(Pod, { namespace }))).items,
    async until(what: string, holds: () => Promise<boolean>) {
      for (let waitedMs = 0; waitedMs < 120_000; waitedMs += 100) {
        if (await holds()) return
        await cluster.advance(100)
      }
      assert.fail(`it never came about: ${what}`)
    },
    ready: (name: string, count: number) => story.until(`${count} ready`, async () => ((await story.get(name)).status?.readyReplicas ?? 0) === count),
    /** What a watch has told, as `MODIFIED 2 1`: type, wanted, ready. */
    watch(more: object = {}) {
      const told: { type: string; object: Sized }[] = []
      client.watch(kind, { namespace, ...more }, { event: ({ type, object }) => void told.push({ type, object: object as Sized }), ended() {} })
      return told
    },
    adopted: async (name: string) => controllerOf(await run(client.get(Pod, { namespace, name })))?.name,
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  }
  return story
}

async function adoption(story: Awaited<ReturnType<typeof begin>>): Promise<void> {
  await story.run(story.client.create(Pod, { metadata: { name: 'pod-adoption', namespace, labels }, spec: template().spec } as unknown as Draft<Pod>))
  await story.create('adopts', 1)
  await story.until('adopted', async () => (await story.adopted('pod-adoption')) === 'adopts')
  assert.equal((await story.pods()).length, 1)
}

async function release(story: Awaited<ReturnType<typeof begin>>, name: string): Promise<void> {
  const [pod] = await story.pods()
  await story.run(
    story.client.patch(Pod, { namespace, name: pod!.metadata.name! }, { type: 'merge', body: { metadata: { labels: { name: 'not-matching' } } } }),
  )
  await story.until('released', async () => (await story.adopted(pod!.metadata.name!)) === undefined)
  await story.until('replaced', async () => (await story.pods()).some(other => controllerOf(other)?.name === name))
}

async function serves(story: Awaited<ReturnType<typeof begin>>): Promise<void> {
  await story.create('basic', 2)
  await story.ready('basic', 2)
  for (const pod of await story.pods()) {
    assert.ok(isReady(pod))
    const path = `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}/proxy/`
    // Without a readiness probe it is ready before it listens.
    await story.until(`an answer of ${pod.metadata.name}`, () =>
      story.run(
        story.client.request({ method: 'GET', path }).then(
          () => true,
          () => false,
        ),
      ),
    )
  }
}

async function scaled(story: Awaited<ReturnType<typeof begin>>, name: string): Promise<void> {
  await story.create(name, 1)
  await story.ready(name, 1)
  const before = (await story.patch(name, {}, 'scale')) as unknown as {
    kind: string
    spec: { replicas: number }
    status: { replicas: number; selector: string }
  }
  assert.deepEqual([before.kind, before.spec.replicas, before.status], ['Scale', 1, { replicas: 1, selector: 'name=sample,pod=httpd' }])
  await story.patch(name, { spec: { replicas: 2 } }, 'scale')
  assert.equal((await story.get(name)).spec.replicas, 2)
  await story.ready(name, 2)
}

test('ReplicaSet should serve a basic image on each replica with a public image', async () => {
  await using story = await begin(REPLICA_SET)
  await serves(story)
})

test('ReplicationController should serve a basic image on each replica with a public image', async () => {
  await using story = await begin(CONTROLLER)
  await serves(story)
})

test('should adopt matching pods on creation and release no longer matching pods', async () => {
  await using story = await begin(REPLICA_SET)
  await adoption(story)
  await release(story, 'adopts')
})

test('should adopt matching pods on creation', async () => {
  await using story = await begin(CONTROLLER)
  await adoption(story)
})

test('should release no longer matching pods', async () => {
  await using story = await begin(CONTROLLER)
  await story.create('releases', 1)
  await story.ready('releases', 1)
  await release(story, 'releases')
})

test('Replicaset should have a working scale subresource', async () => {
  await using story = await begin(REPLICA_SET)
  await scaled(story, 'test-rs')
})

test('should get and update a ReplicationController scale', async () => {
  await using story = await begin(CONTROLLER)
  await scaled(story, 'test-rc')
})

test('Replace and Patch tests', async () => {
  await using story = await begin(REPLICA_SET)
  await story.create('test-rs', 1)
  await story.ready('test-rs', 1)
  const told = story.watch({ labelSelector: 'name=sample' })
  const current = await story.get('test-rs')
  await story.run(story.client.update(REPLICA_SET.kind, { ...current, spec: { ...current.spec, replicas: 2 } }))
  await story.ready('test-rs', 2)
  await story.patch('test-rs', { metadata: { labels: { patched: 'yes' } }, spec: { replicas: 3, template: { spec: { terminationGracePeriodSeconds: 1 } } } })
  await story.ready('test-rs', 3)
  assert.equal((await story.get('test-rs')).metadata.labels!.patched, 'yes')
  assert.ok(told.some(({ type, object }) => type === 'MODIFIED' && object.metadata.labels!.patched === 'yes' && object.status?.readyReplicas === 3))
})

test('should list and delete a collection of ReplicaSets', async () => {
  await using story = await begin(REPLICA_SET)
  const { client, run } = story
  for (const name of ['one', 'two', 'three']) await story.create(name, 1, { labels: { e2e: 'collection' } })
  await story.create('other', 1)
  const list = () => run(client.list(ReplicaSet, { namespace, labelSelector: 'e2e=collection' }))
  assert.equal((await list()).items.length, 3)
  await run(client.request({ method: 'DELETE', path: `/apis/apps/v1/namespaces/${namespace}/replicasets`, query: { labelSelector: 'e2e=collection' } }))
  await story.until('deleted', async () => (await list()).items.length === 0)
  assert.equal((await story.get('other')).metadata.name, 'other')
})

test('should validate Replicaset Status endpoints', async () => {
  await using story = await begin(REPLICA_SET)
  const { client, run } = story
  await story.create('test-rs', 1)
  await story.ready('test-rs', 1)
  const condition = (message: string) => ({ type: 'StatusUpdate', status: 'True', reason: 'E2E', message })
  const current = await story.get('test-rs')
  const updated = await run(client.updateStatus(ReplicaSet, { ...current, status: { ...current.status!, conditions: [condition('by PUT')] } } as never))
  assert.deepEqual(
    updated.status!.conditions!.map(({ message }) => message),
    ['by PUT'],
  )
  const patched = await run(
    client.patch(
      ReplicaSet,
      { namespace, name: 'test-rs' },
      { type: 'merge', body: { status: { conditions: [condition('by PATCH')] }, spec: { replicas: 9 } } },
      { subresource: 'status' },
    ),
  )
  assert.deepEqual([patched.status!.conditions![0]!.message, patched.spec.replicas], ['by PATCH', 1], 'and the spec is not the status')
})

test('should surface a failure condition on a common issue like exceeded quota', async () => {
  await using story = await begin(CONTROLLER)
  const { client, run } = story
  await run(client.create(ResourceQuota, { metadata: { name: 'condition-test', namespace }, spec: { hard: { pods: '2' } } }))
  const failing = async () =>
    (await story.get('condition-test')).status?.conditions?.some(({ type, status }) => type === 'ReplicaFailure' && status === 'True') ?? false
  await story.until('the quota is known', async () => (await run(client.get(ResourceQuota, { namespace, name: 'condition-test' }))).status?.hard?.pods === '2')
  await story.create('condition-test', 3)
  await story.until('the condition', failing)
  assert.equal((await story.pods()).length, 2)
  await story.patch('condition-test', { spec: { replicas: 2 } })
  await story.until('no condition any more', async () => !(await failing()))
})

test('should test the lifecycle of a ReplicationController', async () => {
  await using story = await begin(CONTROLLER)
  const { client, run } = story
  const told = story.watch()
  await story.create('rc-test', 1)
  await story.ready('rc-test', 1)
  await story.patch('rc-test', { metadata: { labels: { 'test-rc': 'patched' } } })
  await run(
    client.patch(
      CONTROLLER.kind,
      { namespace, name: 'rc-test' },
      { type: 'merge', body: { status: { readyReplicas: 0, availableReplicas: 0 } } },
      { subresource: 'status' },
    ),
  )
  await story.ready('rc-test', 1)
  await story.patch('rc-test', { spec: { replicas: 2 } }, 'scale')
  await story.ready('rc-test', 2)
  const current = await story.get('rc-test')
  await run(client.update(CONTROLLER.kind, { ...current, metadata: { ...current.metadata, labels: { ...current.metadata.labels, updated: 'yes' } } }))
  const { items } = await run(client.list(CONTROLLER.kind, { labelSelector: 'updated=yes' }))
  assert.deepEqual(
    items.map(({ metadata }) => metadata.name),
    ['rc-test'],
  )
  await run(client.request({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}/replicationcontrollers`, query: { labelSelector: 'updated=yes' } }))
  await story.until('deleted', async () => told.some(({ type }) => type === 'DELETED'))
  assert.equal(told[0]!.type, 'ADDED')
})
