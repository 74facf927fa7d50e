/** The conformance tests of Deployments, in virtual time. docs/conformance_workloads.md lists them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deployment } from '../../src/api/kinds/deployment.ts'
import { ReplicaSet } from '../../src/api/kinds/replica_set.ts'
import { controllerOf } from '../../src/api/meta.ts'
import type { Draft } from '../../src/client/client.ts'
import { beginRollouts, BROKEN, conditionOf, namespace, REVISION, rolling, template, type Rollouts } from './rollouts.ts'

const key = { namespace, name: 'web' }

/** One that was there before, as the suite makes it: what the Deployment selects, and an image of its own. */
async function withReplicaSet(story: Rollouts, replicas: number, annotations: Record<string, string> = {}): Promise<void> {
  const labels = { app: 'web' }
  const spec = { replicas, selector: { matchLabels: labels }, template: template('nginx:0', {}, { labels }) }
  await story.run(
    story.cluster.client.create(ReplicaSet, { metadata: { name: 'before', namespace, labels, annotations }, spec } as unknown as Draft<ReplicaSet>),
  )
  await story.until('its Pods run', async () => (await story.replicaSets())[0]?.status?.availableReplicas === replicas)
}

test('Deployment should have a working scale subresource', async () => {
  await using story = await beginRollouts(1)
  await story.create({ replicas: 1 })
  await story.arrived()
  const { client } = story.cluster
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/web/scale`
  const scale = (await story.run(client.request({ method: 'GET', path }))) as { kind: string; metadata: object; spec: { replicas: number }; status: object }
  assert.deepEqual([scale.kind, scale.spec.replicas, scale.status], ['Scale', 1, { replicas: 1, selector: 'app=web' }])
  const body = { is: 'object', object: { ...scale, spec: { replicas: 2 } } } as const
  await story.run(client.request({ method: 'PUT', path, body, headers: { 'content-type': 'application/json' } }))
  assert.equal((await story.get()).spec.replicas, 2)
  await story.patch({ spec: { replicas: 4 } }, 'scale')
  assert.equal((await story.get()).spec.replicas, 4)
  await story.arrived()
})

test('RecreateDeployment should delete old pods and create new ones', async () => {
  await using story = await beginRollouts(2)
  await story.create({ replicas: 1, strategy: { type: 'Recreate' } })
  await story.arrived()
  const told = story.watch(Deployment)
  await story.setImage('nginx:2')
  await story.arrived()
  assert.deepEqual(
    told.filter(({ object: { status = {} } }) => (status.updatedReplicas ?? 0) > 0 && status.replicas !== status.updatedReplicas),
    [],
    'old and new Pods never ran together',
  )
  assert.deepEqual(await story.sizes(), ['1: 0 of 0', '2: 1 of 1'])
})

test('RollingUpdateDeployment should delete old pods and create new ones', async () => {
  await using story = await beginRollouts(3)
  await withReplicaSet(story, 1, { [REVISION]: '3546343826724305832' })
  await story.create({ replicas: 1 })
  await story.arrived()
  assert.equal((await story.get()).metadata.annotations?.[REVISION], '3546343826724305833')
  const old = (await story.replicaSets()).filter(({ metadata }) => metadata.annotations?.[REVISION] !== '3546343826724305833')
  assert.deepEqual(
    old.map(({ metadata, spec, status }) => [metadata.name, controllerOf({ metadata })?.name, spec.replicas, status?.replicas]),
    [['before', 'web', 0, 0]],
  )
})

test('deployment should delete old replica sets', async () => {
  await using story = await beginRollouts(4)
  await withReplicaSet(story, 1)
  await story.create({ replicas: 1, revisionHistoryLimit: 0 })
  await story.arrived()
  await story.until('the old one is gone', async () => (await story.replicaSets()).length === 1)
  assert.notEqual((await story.replicaSets())[0]!.metadata.name, 'before')
})

test('deployment should support rollover', async () => {
  await using story = await beginRollouts(5)
  await withReplicaSet(story, 1)
  const moments = story.moments()
  await story.create({ replicas: 1, minReadySeconds: 10, ...rolling(1, 0), template: template(BROKEN) })
  await story.until('the first revision has begun', async () => (await story.get()).metadata.annotations?.[REVISION] === '1')
  await story.cluster.advance(5_000)
  assert.deepEqual(
    (await story.replicaSets()).map(({ spec }) => spec.replicas),
    [1, 1],
    'the old Pod stays while the new one does not come',
  )
  await story.setImage('nginx:2')
  await story.arrived()
  const left = (await story.replicaSets()).filter(({ metadata }) => metadata.annotations?.[REVISION] !== '2')
  assert.deepEqual(
    left.map(({ spec, status }) => [spec.replicas, status?.replicas]),
    [
      [0, 0],
      [0, 0],
    ],
  )
  const whole = moments.slice(moments.findIndex(({ available }) => available > 0))
  assert.ok(whole.every(({ available, wanted }) => available >= 1 && wanted <= 2))
})

test('deployment should support proportional scaling', async () => {
  await using story = await beginRollouts(6, 2)
  await story.create({ replicas: 10, ...rolling(3, 2) })
  await story.arrived()
  await story.setImage(BROKEN)
  await story.until('it is stuck in the middle', async () => String(await story.sizes()) === '1: 8 of 8,2: 0 of 5')
  await story.patch({ spec: { replicas: 30 } })
  // 8 + 20 × 8/13, and 5 + 20 × 5/13
  await story.until('each got its share', async () => String(await story.sizes()) === '1: 20 of 20,2: 0 of 13')
})

test('should run the lifecycle of a Deployment', async () => {
  await using story = await beginRollouts(7)
  const { client } = story.cluster
  const labels = { 'test-deployment-static': 'true' }
  const told = story.watch(Deployment)
  await story.create({ replicas: 2 }, { labels })
  await story.until('ADDED was told', async () => told.some(({ type }) => type === 'ADDED'))
  await story.until('its Pods are ready', async () => told.some(({ object }) => object.status?.readyReplicas === 2))
  const since = (holds: (deployment: Deployment) => boolean) => async () => told.some(({ type, object }) => type === 'MODIFIED' && holds(object))

  await story.patch({ metadata: { labels: { 'test-deployment': 'patched' } }, spec: { replicas: 1, template: { spec: { terminationGracePeriodSeconds: 0 } } } })
  await story.setImage('nginx:2')
  await story.until(
    'the patch was told',
    since(({ metadata }) => metadata.labels?.['test-deployment'] === 'patched'),
  )
  await story.arrived()
  const everywhere = await story.run(client.list(Deployment, { labelSelector: 'test-deployment-static=true' }))
  assert.deepEqual(
    everywhere.items.map(({ metadata, spec }) => [metadata.name, spec.replicas, spec.template.spec.containers[0]!.image]),
    [['web', 1, 'nginx:2']],
  )

  const current = await story.get()
  await story.run(client.update(Deployment, { ...current, metadata: { ...current.metadata, labels: { ...labels, 'test-deployment': 'updated' } } }))
  await story.until(
    'the update was told',
    since(({ metadata }) => metadata.labels?.['test-deployment'] === 'updated'),
  )
  await story.arrived()

  const status = { conditions: [{ type: 'Available', status: 'False', reason: 'PatchedByTest', message: 'in between' }] }
  await story.patch({ status }, 'status')
  await story.until(
    'the status was told',
    since(deployment => conditionOf(deployment, 'Available')?.reason === 'PatchedByTest'),
  )
  await story.until('and put right', async () => conditionOf(await story.get(), 'Available')?.reason === 'MinimumReplicasAvailable')

  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`
  await story.run(client.request({ method: 'DELETE', path, query: { labelSelector: 'test-deployment-static=true' } }))
  await story.until('DELETED was told', async () => told.at(-1)?.type === 'DELETED')
})

test('should validate Deployment Status endpoints', async () => {
  await using story = await beginRollouts(8)
  const { client } = story.cluster
  await story.create({ replicas: 1 })
  await story.arrived()
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/web/status`
  const read = (await story.run(client.request({ method: 'GET', path }))) as Deployment
  assert.equal(read.status?.availableReplicas, 1)

  const told = story.watch(Deployment)
  const update = { type: 'StatusUpdate', status: 'True' as const, reason: 'E2E', message: 'Set from e2e test' }
  await story.run(client.updateStatus(Deployment, { ...read, status: { ...read.status, conditions: [...(read.status?.conditions ?? []), update] } }))
  await story.until('the update was told', async () => told.some(({ object }) => object.status?.conditions?.some(({ type }) => type === 'StatusUpdate')))
  await story.cluster.advance(5_000)
  const { conditions } = (await story.get()).status!
  assert.deepEqual(
    conditions!.find(({ type }) => type === 'StatusUpdate'),
    update,
    'and it stays',
  )

  const patched = { type: 'merge', body: { status: { conditions: [{ type: 'StatusPatched', status: 'True' }] } } } as const
  await story.run(client.patch(Deployment, key, patched, { subresource: 'status' }))
  await story.until('the patch was told', async () => told.some(({ object }) => object.status?.conditions?.some(({ type }) => type === 'StatusPatched')))
})
