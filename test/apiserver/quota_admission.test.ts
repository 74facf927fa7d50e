/** What a ResourceQuota refuses, in which words, and what it charges: atomically, whoever asks at the same time. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { stampResourceVersion } from '../../src/apiserver/api_server.ts'
import { createMemoryStore } from '../../src/store/memory_store.ts'
import type { Store } from '../../src/store/store.ts'
import { CONFIG_MAPS, configMapNamed, podNamed, PODS, startServer, type Harness } from './harness.ts'

const QUOTAS = '/api/v1/namespaces/default/resourcequotas'

/** A quota that has been counted: what the controller does is another test's. */
async function startWith(hard: Record<string, string>, used: Record<string, string> = {}, spec: object = {}, name = 'q', running?: Harness): Promise<Harness> {
  const server = running ?? (await startServer())
  assert.equal((await server.post(QUOTAS, { metadata: { name }, spec: { hard, ...spec } })).status, 201)
  const nothing = Object.fromEntries(Object.keys(hard).map(resource => [resource, '0']))
  await server.patch(`${QUOTAS}/${name}/status`, 'merge', { status: { hard, used: { ...nothing, ...used } } })
  return server
}
const usedOf = async (server: Harness, name = 'q') => (await server.get(`${QUOTAS}/${name}`)).json.status.used
const pod = (name: string, resources: object = {}, more: object = {}): any =>
  podNamed(name, { spec: { containers: [{ name: 'main', image: 'nginx', resources }], ...more } })

describe('what exceeds a quota is refused, with what was asked for, what is used and what there may be', () => {
  test('a Pod too many', async () => {
    const server = await startWith({ pods: '2' }, { pods: '2' })
    const { status, json } = await server.post(PODS, pod('p'))
    assert.deepEqual([status, json.reason], [403, 'Forbidden'])
    assert.equal(json.message, 'pods "p" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2')
  })

  test('several resources at once: those that are exceeded, in the order of their names', async () => {
    const server = await startWith({ 'requests.memory': '100Mi', 'limits.cpu': '1', pods: '9' }, { 'requests.memory': '60Mi', 'limits.cpu': '500m' })
    const { json } = await server.post(PODS, pod('p', { requests: { memory: '50Mi' }, limits: { cpu: '600m' } }))
    assert.equal(
      json.message,
      'pods "p" is forbidden: exceeded quota: q, requested: limits.cpu=600m,requests.memory=50Mi, used: limits.cpu=500m,requests.memory=60Mi, limited: limits.cpu=1,requests.memory=100Mi',
    )
    assert.deepEqual(await usedOf(server), { 'limits.cpu': '500m', pods: '0', 'requests.memory': '60Mi' }, 'and nothing is charged')
  })

  test('a Pod that does not say what the quota counts, by container', async () => {
    const server = await startWith({ 'limits.cpu': '1', 'requests.memory': '1Gi' })
    const container = (name: string, resources: object) => ({ name, image: 'nginx', resources })
    const { json } = await server.post(
      PODS,
      podNamed('p', { spec: { containers: [container('b', {}), container('a', { requests: { memory: '1Mi' } })], initContainers: [container('i', {})] } }),
    )
    assert.equal(json.message, 'pods "p" is forbidden: failed quota: q: must specify limits.cpu for: a,b,i; requests.memory for: b,i')
  })

  test('anything that a quota counts whose use nobody knows yet', async () => {
    const server = await startServer()
    await server.post(QUOTAS, { metadata: { name: 'q' }, spec: { hard: { configmaps: '5', pods: '5' } } })
    assert.equal((await server.post(CONFIG_MAPS, configMapNamed('before'))).status, 201, 'a quota nobody has looked at does not count')
    await server.patch(`${QUOTAS}/q/status`, 'merge', { status: { hard: { configmaps: '5', pods: '5' } } })
    assert.equal(
      (await server.post(CONFIG_MAPS, configMapNamed('c'))).json.message,
      'configmaps "c" is forbidden: status unknown for quota: q, resources: configmaps',
    )
  })

  test('what one of two quotas forbids; and then neither is charged', async () => {
    const server = await startWith({ pods: '5' }, {}, {}, 'wide')
    await startWith({ pods: '1' }, { pods: '1' }, {}, 'narrow', server)
    assert.match((await server.post(PODS, pod('p'))).json.message, /exceeded quota: narrow, requested: pods=1, used: pods=1, limited: pods=1/)
    assert.deepEqual(await usedOf(server, 'wide'), { pods: '0' })
  })
})

describe('what fits is charged', () => {
  test('a Pod: its number, what its containers ask for and what they may use at most', async () => {
    const hard = { pods: '9', 'count/pods': '9', cpu: '9', 'requests.cpu': '9', 'limits.cpu': '9', 'requests.memory': '9Gi', 'requests.example.com/gpu': '4' }
    const server = await startWith(hard)
    const resources = { requests: { cpu: '250m', memory: '64Mi', 'example.com/gpu': '2' }, limits: { cpu: '1', 'example.com/gpu': '2' } }
    const first = { name: 'first', image: 'nginx', resources: { requests: { cpu: '400m', memory: '1Mi' }, limits: { cpu: '400m' } } }
    assert.equal((await server.post(PODS, pod('p', resources, { initContainers: [first] }))).status, 201)
    assert.deepEqual(await usedOf(server), {
      'count/pods': '1',
      cpu: '400m',
      'limits.cpu': '1',
      pods: '1',
      'requests.cpu': '400m',
      'requests.example.com/gpu': '2',
      'requests.memory': '64Mi',
    })
  })

  test('a Service: its node ports and whether it wants a load balancer, also when it becomes one later', async () => {
    const server = await startWith({ services: '5', 'services.nodeports': '2', 'services.loadbalancers': '1' })
    const SERVICES = '/api/v1/namespaces/default/services'
    const service = (name: string, type: string) => ({ metadata: { name }, spec: { type, selector: { a: 'b' }, ports: [{ port: 80 }] } })
    await server.post(SERVICES, service('plain', 'ClusterIP'))
    assert.deepEqual(await usedOf(server), { services: '1', 'services.loadbalancers': '0', 'services.nodeports': '0' })
    await server.post(SERVICES, service('ports', 'NodePort'))
    await server.patch(`${SERVICES}/plain`, 'merge', { spec: { type: 'LoadBalancer' } })
    assert.deepEqual(await usedOf(server), { services: '2', 'services.loadbalancers': '1', 'services.nodeports': '2' })
    assert.equal(
      (await server.post(SERVICES, service('more', 'LoadBalancer'))).json.message,
      'services "more" is forbidden: exceeded quota: q, requested: services.loadbalancers=1,services.nodeports=1, used: services.loadbalancers=1,services.nodeports=2, limited: services.loadbalancers=1,services.nodeports=2',
    )
  })

  test('a claim: its size, and that of its class', async () => {
    const server = await startWith({ persistentvolumeclaims: '5', 'requests.storage': '10Gi', 'gold.storageclass.storage.k8s.io/requests.storage': '4Gi' })
    const claim = (name: string, storage: string, storageClassName = 'gold') =>
      server.post('/api/v1/namespaces/default/persistentvolumeclaims', {
        metadata: { name },
        spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage } } },
      })
    assert.equal((await claim('a', '3Gi')).status, 201)
    assert.equal((await claim('b', '3Gi', 'silver')).status, 201)
    assert.deepEqual(await usedOf(server), {
      'gold.storageclass.storage.k8s.io/requests.storage': '3Gi',
      persistentvolumeclaims: '2',
      'requests.storage': '6Gi',
    })
    assert.match(
      (await claim('c', '2Gi')).json.message,
      /requested: gold\.storageclass\.storage\.k8s\.io\/requests\.storage=2Gi, used: .*=3Gi, limited: .*=4Gi/,
    )
  })

  test('any other object, by its name with its group', async () => {
    const server = await startWith({ 'count/leases.coordination.k8s.io': '1', 'count/configmaps': '1', configmaps: '1' })
    const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases'
    assert.equal((await server.post(LEASES, { metadata: { name: 'a' }, spec: {} })).status, 201)
    assert.match(
      (await server.put(`${LEASES}/b`, { metadata: { name: 'b' }, spec: {} })).json.message,
      /^leases\.coordination\.k8s\.io "b" is forbidden: exceeded quota: q/,
    )
    await server.post(CONFIG_MAPS, configMapNamed('c'))
    assert.deepEqual(await usedOf(server), { configmaps: '1', 'count/configmaps': '1', 'count/leases.coordination.k8s.io': '1' })
  })

  test('not what is refused for another reason, nor what is only tried', async () => {
    const server = await startWith({ configmaps: '5' })
    await server.post(CONFIG_MAPS, configMapNamed('c'))
    assert.equal((await server.post(CONFIG_MAPS, configMapNamed('c'))).status, 409)
    assert.equal((await server.post(`${CONFIG_MAPS}?dryRun=All`, configMapNamed('d'))).status, 201)
    assert.deepEqual(await usedOf(server), { configmaps: '1' })
  })

  test('a resize by what it takes more; what it takes less is for the controller to see', async () => {
    const server = await startWith({ 'requests.cpu': '1' })
    await server.post(PODS, pod('p', { requests: { cpu: '300m' } }))
    const resize = (cpu: string) =>
      server.patch(`${PODS}/p/resize`, 'strategic', { spec: { containers: [{ name: 'main', resources: { requests: { cpu } } }] } })
    assert.equal((await resize('900m')).status, 200)
    assert.deepEqual(await usedOf(server), { 'requests.cpu': '900m' })
    assert.equal(
      (await resize('2')).json.message,
      'pods "p" is forbidden: exceeded quota: q, requested: requests.cpu=1100m, used: requests.cpu=900m, limited: requests.cpu=1',
    )
    assert.equal((await resize('100m')).status, 200)
    assert.deepEqual(await usedOf(server), { 'requests.cpu': '900m' })
  })
})

describe('a quota with scopes counts the Pods it is about', () => {
  const big = { requests: { cpu: '1' } }
  const cases: [string, object, any, any][] = [
    ['BestEffort', { scopes: ['BestEffort'] }, pod('p'), pod('p', big)],
    ['NotBestEffort', { scopes: ['NotBestEffort'] }, pod('p', big), pod('p')],
    ['Terminating', { scopes: ['Terminating'] }, pod('p', {}, { activeDeadlineSeconds: 60 }), pod('p')],
    ['NotTerminating', { scopes: ['NotTerminating'] }, pod('p'), pod('p', {}, { activeDeadlineSeconds: 60 })],
    [
      'a priority class',
      { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['system-cluster-critical'] }] } },
      pod('p', {}, { priorityClassName: 'system-cluster-critical' }),
      pod('p', {}, { priorityClassName: 'system-node-critical' }),
    ],
    [
      'no priority class',
      { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'DoesNotExist' }] } },
      pod('p'),
      pod('p', {}, { priorityClassName: 'system-node-critical' }),
    ],
    [
      'affinity to Pods of other namespaces',
      { scopes: ['CrossNamespacePodAffinity'] },
      pod(
        'p',
        {},
        {
          affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'a', namespaces: ['x'], labelSelector: {} }] } },
        },
      ),
      pod('p', {}, { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'a', labelSelector: {} }] } } }),
    ],
    ['both of two scopes', { scopes: ['BestEffort', 'Terminating'] }, pod('p', {}, { activeDeadlineSeconds: 60 }), pod('p')],
  ]
  for (const [what, spec, inside, outside] of cases)
    test(what, async () => {
      const server = await startWith({ pods: '1' }, {}, spec)
      const other = await server.post(PODS, outside)
      assert.equal(other.status, 201, other.text)
      assert.deepEqual(await usedOf(server), { pods: '0' })
      await server.delete(`${PODS}/p`)
      assert.equal((await server.post(PODS, inside)).status, 201)
      assert.deepEqual(await usedOf(server), { pods: '1' })
    })
})

test('of many creates at once no more go through than the quota has room for', async () => {
  const server = await startWith({ pods: '7' }, {}, {}, 'a')
  await startWith({ 'count/pods': '9' }, {}, {}, 'b', server)
  const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => server.post(PODS, pod(`p${index}`))))
  assert.equal(answers.filter(({ status }) => status === 201).length, 7)
  assert.equal(answers.filter(({ status }) => status === 403).length, 33)
  assert.equal((await server.get(PODS)).json.items.length, 7)
  assert.deepEqual([await usedOf(server, 'a'), await usedOf(server, 'b')], [{ pods: '7' }, { 'count/pods': '7' }])
})

test('a create that meets a change of its quota is charged to the new one', async () => {
  const server = await startWith({ pods: '100' })
  const create = (index: number) => server.post(PODS, pod(`p${index}`))
  const touch = (index: number) => server.patch(`${QUOTAS}/q`, 'merge', { metadata: { annotations: { touched: `${index}` } } })
  const touches = Array.from({ length: 20 }, (_, index) => touch(index))
  const created = await Promise.all(Array.from({ length: 20 }, (_, index) => create(index)))
  assert.ok((await Promise.all(touches)).some(({ status }) => status === 200))
  assert.ok(created.every(({ status }) => status === 201))
  assert.deepEqual(await usedOf(server), { pods: '20' })
})

test('where there is no quota and no limit nothing is looked up for them, whatever other namespaces have', async () => {
  const inner = createMemoryStore({ stamp: stampResourceVersion })
  const looked: string[] = []
  const store: Store = Object.assign(Object.create(inner) as Store, {
    list(prefix: string, options?: object) {
      looked.push(prefix)
      return inner.list(prefix, options)
    },
  })
  const server = await startServer({ store })
  const inNamespace = (namespace: string, resource: string) => `/api/v1/namespaces/${namespace}/${resource}`
  await server.post('/api/v1/namespaces', { metadata: { name: 'other' } })
  await server.post(inNamespace('other', 'resourcequotas'), { metadata: { name: 'q' }, spec: { hard: { pods: '1' } } })
  await server.post(inNamespace('other', 'limitranges'), {
    metadata: { name: 'l' },
    spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] },
  })
  await server.post(PODS, pod('first'))
  looked.length = 0
  await server.post(PODS, pod('second'))
  assert.deepEqual(
    looked.filter(prefix => /quotas|limit/.test(prefix)),
    [],
  )

  await server.post(inNamespace('default', 'limitranges'), {
    metadata: { name: 'l' },
    spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] },
  })
  assert.equal((await server.post(PODS, pod('third'))).json.spec.containers[0].resources.limits.cpu, '1')
  await server.delete(inNamespace('default', 'limitranges/l'))
  assert.equal((await server.post(PODS, pod('fourth'))).json.spec.containers[0].resources.limits, undefined)
})
