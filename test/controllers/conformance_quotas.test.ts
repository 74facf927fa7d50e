/** The conformance tests of ResourceQuota and LimitRange, in virtual time. docs/conformance_workloads.md lists them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kind } from '../../src/api/kind.ts'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { LimitRange } from '../../src/api/kinds/limit_range.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { ReplicaSet } from '../../src/api/kinds/replica_set.ts'
import { ReplicationController } from '../../src/api/kinds/replication_controller.ts'
import { ResourceQuota } from '../../src/api/kinds/resource_quota.ts'
import { Secret } from '../../src/api/kinds/secret.ts'
import { Service } from '../../src/api/kinds/service.ts'
import { isReason } from '../../src/api/status.ts'
import { beginSets, namespace, type SetsStory } from './sets.ts'

const named = (name: string, more: object = {}) => ({ metadata: { name, namespace, ...more } })
const quota = (hard: object, name = 'test-quota', spec: object = {}) => ({ ...named(name), spec: { hard, ...spec } })
const pod = (name: string, resources: object = {}, spec: object = {}) => ({
  ...named(name),
  spec: { containers: [{ name: 'pause', image: 'pause', resources }], terminationGracePeriodSeconds: 1, ...spec },
})
const uses = (story: SetsStory, used: Record<string, string>, name = 'test-quota') =>
  story.until(async () => {
    const { status } = await story.get(ResourceQuota, name)
    return Object.entries(used).every(([resource, amount]) => status.used?.[resource] === amount)
  }, 30_000)

const gone = async (story: SetsStory, kind: Kind<never>, name: string) => {
  await story.remove(kind, name)
  await story.until(async () => (await story.find(kind as never, name)) === undefined)
}
const refused = (story: SetsStory, object: object) =>
  assert.rejects(story.create(Pod, object), error => isReason(error, 'Forbidden') && error.message.includes('exceeded quota'))

test('should create a ResourceQuota and ensure its status is promptly calculated.', async () => {
  await using story = await beginSets(1)
  const hard = {
    pods: '5',
    services: '10',
    cpu: '1',
    memory: '500Mi',
    'requests.cpu': '1',
    'limits.memory': '1Gi',
    secrets: '10',
    'count/replicasets.apps': '5',
  }
  await story.create(ResourceQuota, quota(hard))
  await story.cluster.advance(500)
  const { status } = await story.get(ResourceQuota, 'test-quota')
  assert.deepEqual(status.hard, hard)
  assert.deepEqual(status.used, {
    'count/replicasets.apps': '0',
    cpu: '0',
    'limits.memory': '0',
    memory: '0',
    pods: '0',
    'requests.cpu': '0',
    secrets: '0',
    // Every cluster has one in this namespace.
    services: '1',
  })
})

test('should create a ResourceQuota and capture the life of a service.', async () => {
  await using story = await beginSets(2)
  await story.create(ResourceQuota, quota({ services: '11', 'services.nodeports': '1', 'services.loadbalancers': '1' }))
  await uses(story, { services: '1', 'services.nodeports': '0', 'services.loadbalancers': '0' })
  const service = (name: string, type: string) => ({ ...named(name), spec: { type, selector: { a: 'b' }, ports: [{ port: 80 }] } })
  await story.create(Service, service('test-service', 'ClusterIP'))
  await story.create(Service, service('test-service-np', 'NodePort'))
  await assert.rejects(story.create(Service, service('test-service-lb', 'LoadBalancer')), /exceeded quota: test-quota, requested: services\.nodeports=1/)
  await uses(story, { services: '3', 'services.nodeports': '1', 'services.loadbalancers': '0' })
  await gone(story, Service as never, 'test-service')
  await gone(story, Service as never, 'test-service-np')
  await uses(story, { services: '1', 'services.nodeports': '0', 'services.loadbalancers': '0' })
})

test('should create a ResourceQuota and capture the life of a secret.', async () => {
  await using story = await beginSets(3)
  await story.create(Secret, named('before'))
  await story.create(ResourceQuota, quota({ secrets: '2' }))
  await uses(story, { secrets: '1' })
  await story.create(Secret, { ...named('test-secret'), stringData: { 'data-1': 'value-1' } })
  await uses(story, { secrets: '2' })
  await gone(story, Secret as never, 'test-secret')
  await uses(story, { secrets: '1' })
})

test('should create a ResourceQuota and capture the life of a configMap.', async () => {
  await using story = await beginSets(4)
  await story.create(ResourceQuota, quota({ configmaps: '2' }))
  // The certificate of the cluster is one already.
  await uses(story, { configmaps: '1' })
  await story.create(ConfigMap, { ...named('test-configmap'), data: { a: 'b' } })
  await uses(story, { configmaps: '2' })
  await gone(story, ConfigMap as never, 'test-configmap')
  await uses(story, { configmaps: '1' })
})

test('should create a ResourceQuota and capture the life of a pod.', async () => {
  await using story = await beginSets(5)
  const extended = 'requests.example.com/dongle'
  await story.create(ResourceQuota, quota({ cpu: '1', memory: '500Mi', pods: '5', 'ephemeral-storage': '50Gi', [extended]: '3' }))
  const nothing = { cpu: '0', memory: '0', pods: '0', 'ephemeral-storage': '0', [extended]: '0' }
  await uses(story, nothing)
  const requests = { cpu: '500m', memory: '252Mi', 'ephemeral-storage': '30Gi', 'example.com/dongle': '2' }
  const limits = { 'example.com/dongle': '2' }
  await story.create(Pod, pod('test-pod', { requests, limits }))
  const taken = { cpu: '500m', memory: '252Mi', pods: '1', 'ephemeral-storage': '30Gi', [extended]: '2' }
  await uses(story, taken)
  await refused(story, pod('fail-pod', { requests: { cpu: '600m', memory: '100Mi' } }))
  await refused(story, pod('fail-pod-for-extended-resource', { requests: { cpu: '500m', memory: '100Mi', 'example.com/dongle': '2' }, limits }))
  await story.patch(Pod, { metadata: { labels: { a: 'b' } } }, 'test-pod')
  await uses(story, taken)
  await gone(story, Pod as never, 'test-pod')
  await uses(story, nothing)
})

for (const [sentence, kind, name] of [
  ['should create a ResourceQuota and capture the life of a replica set.', ReplicaSet, 'count/replicasets.apps'],
  ['should create a ResourceQuota and capture the life of a replication controller.', ReplicationController, 'replicationcontrollers'],
] as const)
  test(sentence, async () => {
    await using story = await beginSets(6)
    await story.create(ResourceQuota, quota({ [name]: '5' }))
    await uses(story, { [name]: '0' })
    const labels = { name: 'test' }
    const template = { metadata: { labels }, spec: { containers: [{ name: 'pause', image: 'pause' }] } }
    await story.create(kind as Kind, { ...named('test'), spec: { replicas: 0, selector: kind === ReplicaSet ? { matchLabels: labels } : labels, template } })
    await uses(story, { [name]: '1' })
    await story.remove(kind as never, 'test', { propagationPolicy: 'Background' })
    await uses(story, { [name]: '0' })
  })

test('should verify ResourceQuota with terminating scopes.', async () => {
  await using story = await beginSets(7)
  const hard = { pods: '5', 'requests.cpu': '1', 'requests.memory': '500Mi', 'limits.cpu': '2', 'limits.memory': '1Gi' }
  const [ending, endless] = ['quota-terminating', 'quota-not-terminating'] as const
  await story.create(ResourceQuota, quota(hard, ending, { scopes: ['Terminating'] }))
  await story.create(ResourceQuota, quota(hard, endless, { scopes: ['NotTerminating'] }))
  const nothing = { pods: '0', 'requests.cpu': '0', 'requests.memory': '0', 'limits.cpu': '0', 'limits.memory': '0' }
  const taken = { pods: '1', 'requests.cpu': '500m', 'requests.memory': '200Mi', 'limits.cpu': '1', 'limits.memory': '400Mi' }
  await uses(story, nothing, ending)
  await uses(story, nothing, endless)
  const resources = { requests: { cpu: '500m', memory: '200Mi' }, limits: { cpu: '1', memory: '400Mi' } }
  for (const [name, spec, its, other] of [
    ['test-pod', {}, endless, ending],
    ['terminating-pod', { activeDeadlineSeconds: 3600 }, ending, endless],
  ] as const) {
    await story.create(Pod, pod(name, resources, spec))
    await uses(story, taken, its)
    await uses(story, nothing, other)
    await gone(story, Pod as never, name)
    await uses(story, nothing, its)
  }
})

test('should verify ResourceQuota with best effort scope.', async () => {
  await using story = await beginSets(8)
  const [lowest, others] = ['quota-besteffort', 'quota-not-besteffort'] as const
  await story.create(ResourceQuota, quota({ pods: '5' }, lowest, { scopes: ['BestEffort'] }))
  await story.create(ResourceQuota, quota({ pods: '5' }, others, { scopes: ['NotBestEffort'] }))
  for (const name of [lowest, others]) await uses(story, { pods: '0' }, name)
  for (const [name, resources, its, other] of [
    ['besteffort-pod', {}, lowest, others],
    ['burstable-pod', { requests: { cpu: '500m', memory: '200Mi' }, limits: { cpu: '1', memory: '400Mi' } }, others, lowest],
  ] as const) {
    await story.create(Pod, pod(name, resources))
    await uses(story, { pods: '1' }, its)
    await uses(story, { pods: '0' }, other)
    await gone(story, Pod as never, name)
    await uses(story, { pods: '0' }, its)
  }
})

test('should be able to update and delete ResourceQuota.', async () => {
  await using story = await beginSets(9)
  await story.create(ResourceQuota, quota({ cpu: '1', memory: '500Mi' }))
  assert.deepEqual((await story.get(ResourceQuota, 'test-quota')).spec.hard, { cpu: '1', memory: '500Mi' })
  const current = await story.get(ResourceQuota, 'test-quota')
  const updated = await story.run(story.cluster.client.update(ResourceQuota, { ...current, spec: { hard: { cpu: '2', memory: '1Gi' } } }))
  assert.deepEqual(updated.spec.hard, { cpu: '2', memory: '1Gi' })
  assert.deepEqual((await story.get(ResourceQuota, 'test-quota')).spec.hard, { cpu: '2', memory: '1Gi' })
  await story.remove(ResourceQuota as never, 'test-quota')
  assert.equal(await story.find(ResourceQuota, 'test-quota'), undefined)
})

test('should manage the lifecycle of a ResourceQuota', async () => {
  await using story = await beginSets(10)
  const { client } = story.cluster
  const label = { 'e2e-rq-status': 'one' }
  await story.create(ResourceQuota, { ...quota({ cpu: '1', memory: '1Gi' }), metadata: { ...named('test-quota').metadata, labels: label } })
  assert.equal((await story.list(ResourceQuota, 'e2e-rq-status=one')).length, 1)
  const patched = await story.patch(ResourceQuota, { metadata: { labels: { patched: 'true' } }, spec: { hard: { memory: '750Mi' } } }, 'test-quota')
  assert.deepEqual(
    [patched.spec.hard, patched.metadata.labels],
    [
      { cpu: '1', memory: '750Mi' },
      { ...label, patched: 'true' },
    ],
  )
  await story.run(client.request({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}/resourcequotas`, query: { labelSelector: 'e2e-rq-status=one' } }))
  assert.deepEqual(await story.list(ResourceQuota, 'e2e-rq-status=one'), [])
})

test('should apply changes to a resourcequota status', async () => {
  await using story = await beginSets(11)
  const seen: ResourceQuota[] = []
  story.cluster.client.watch(ResourceQuota, { namespace }, { event: ({ object }) => void seen.push(object as ResourceQuota), ended: () => undefined })
  await story.create(ResourceQuota, quota({ cpu: '500m', memory: '500Mi' }))
  await uses(story, { cpu: '0', memory: '0' })
  const current = await story.get(ResourceQuota, 'test-quota')
  const wanted = { cpu: '1', memory: '1Gi' }
  const updated = await story.run(story.cluster.client.updateStatus(ResourceQuota, { ...current, status: { ...current.status, hard: wanted } }))
  assert.deepEqual(updated.status.hard, wanted)
  await story.patch(ResourceQuota, { metadata: { annotations: { patched: 'true' } }, status: { hard: { cpu: '2' } } }, 'test-quota', 'status')
  await story.cluster.advance(1_000)
  assert.ok(seen.some(({ metadata, status }) => metadata.annotations?.patched === 'true' && status.hard?.cpu === '2'))
  const { spec, status } = await story.get(ResourceQuota, 'test-quota')
  assert.deepEqual(
    [spec.hard, status.hard],
    [
      { cpu: '500m', memory: '500Mi' },
      { cpu: '500m', memory: '500Mi' },
    ],
    'and the controller puts it right',
  )
})

const LIMITS = {
  type: 'Container',
  min: { cpu: '50m', memory: '100Mi', 'ephemeral-storage': '100Gi' },
  max: { cpu: '500m', memory: '500Mi', 'ephemeral-storage': '500Gi' },
  default: { cpu: '500m', memory: '500Mi', 'ephemeral-storage': '500Gi' },
  defaultRequest: { cpu: '100m', memory: '200Mi', 'ephemeral-storage': '200Gi' },
}

test('should create a LimitRange with defaults and ensure pod has those defaults applied.', async () => {
  await using story = await beginSets(12)
  const added: string[] = []
  story.cluster.client.watch(
    LimitRange,
    { namespace },
    { event: ({ type, object }) => void added.push(`${type} ${(object as LimitRange).metadata.name}`), ended: () => undefined },
  )
  await story.create(LimitRange, { ...named('limit-range'), spec: { limits: [LIMITS] } })
  await story.cluster.advance(10)
  assert.deepEqual(added, ['ADDED limit-range'])
  assert.deepEqual((await story.get(LimitRange, 'limit-range')).spec.limits, [LIMITS])

  const resourcesOf = async (resources: object, name: string) => (await story.create(Pod, pod(name, resources))).spec.containers[0]!.resources
  assert.deepEqual(await resourcesOf({}, 'pod-no-resources'), { requests: LIMITS.defaultRequest, limits: LIMITS.default })
  // A limit without a request is a request as well.
  assert.deepEqual(await resourcesOf({ limits: { cpu: '300m' }, requests: { memory: '100Mi', 'ephemeral-storage': '100Gi' } }, 'pod-partial-resources'), {
    requests: { cpu: '300m', memory: '100Mi', 'ephemeral-storage': '100Gi' },
    limits: { ...LIMITS.default, cpu: '300m' },
  })
  await assert.rejects(
    story.create(Pod, pod('pfailed', { requests: { cpu: '10m', memory: '50Mi' } })),
    /minimum cpu usage per Container is 50m, but request is 10m/,
  )
  await assert.rejects(story.create(Pod, pod('pfailed', { limits: { cpu: '600m', memory: '600Mi' } })), /maximum cpu usage per Container is 500m/)

  const wider = { ...LIMITS, min: { cpu: '9m', memory: '49Mi' } }
  const current = await story.get(LimitRange, 'limit-range')
  await story.run(story.cluster.client.update(LimitRange, { ...current, spec: { limits: [wider] } }))
  await story.create(Pod, pod('small', { requests: { cpu: '10m', memory: '50Mi' } }))
  await assert.rejects(story.create(Pod, pod('pfailed', { limits: { cpu: '600m', memory: '600Mi' } })), /maximum cpu usage per Container is 500m/)
  await story.remove(LimitRange as never, 'limit-range')
  await story.cluster.advance(10)
  assert.equal(added.at(-1), 'DELETED limit-range')
  const limits = { cpu: '600m', memory: '600Mi' }
  await story.create(Pod, pod('large', { limits }))
})

test('should list, patch and delete a LimitRange by collection', async () => {
  await using story = await beginSets(13)
  const { client } = story.cluster
  const labels = { test: 'limits' }
  for (const name of ['one', 'two']) await story.create(LimitRange, { ...named(name, { labels }), spec: { limits: [LIMITS] } })
  const everywhere = await story.run(client.list(LimitRange, { labelSelector: 'test=limits' }))
  assert.deepEqual(
    everywhere.items.map(({ metadata }) => metadata.name),
    ['one', 'two'],
  )
  const patched = await story.patch(LimitRange, { metadata: { labels: { one: 'patched' } }, spec: { limits: [{ ...LIMITS, min: { cpu: '40m' } }] } }, 'one')
  assert.deepEqual([patched.metadata.labels, patched.spec.limits[0]!.min], [{ ...labels, one: 'patched' }, { cpu: '40m' }])
  await story.run(client.request({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}/limitranges`, query: { labelSelector: 'one=patched' } }))
  assert.deepEqual(
    (await story.list(LimitRange, 'test=limits')).map(({ metadata }) => metadata.name),
    ['two'],
  )
})
