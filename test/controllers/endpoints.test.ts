/** Which Pods a Service's EndpointSlices and Endpoints name, from the first to the last instant of a Pod. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Endpoints } from '../../src/api/kinds/endpoints.ts'
import { EndpointSlice } from '../../src/api/kinds/endpoint_slice.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { Service } from '../../src/api/kinds/service.ts'
import { podCondition } from '../../src/api/pod.ts'
import { isReason } from '../../src/api/status.ts'
import type { Draft } from '../../src/client/client.ts'
import { startVirtualCluster, type VirtualCluster } from '../../src/launch/virtual_cluster.ts'

const namespace = 'default'

const pod = (name: string, more: object = {}, labels: object = { app: 'web' }) =>
  ({
    metadata: { name, namespace, labels },
    spec: { containers: [{ name: 'main', image: 'nginx:1', ports: [{ name: 'http', containerPort: 80 }] }], terminationGracePeriodSeconds: 5, ...more },
  }) as unknown as Draft<Pod>

const service = (name: string, spec: object = {}) =>
  ({ metadata: { name, namespace }, spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }], ...spec } }) as unknown as Draft<Service>

async function begin(seed: number) {
  const cluster = await startVirtualCluster({ seed })
  const { client, run } = cluster
  return {
    cluster,
    client,
    run,
    create: {
      pod: (draft: Draft<Pod>) => run(client.create(Pod, draft)),
      service: (draft: Draft<Service>) => run(client.create(Service, draft)),
    },
    async slices(name: string) {
      const { items } = await run(client.list(EndpointSlice, { namespace, labelSelector: `kubernetes.io/service-name=${name}` }))
      return items
    },
    /** `web-1 ready`, `web-2 serving terminating`, in the order of names. */
    async endpoints(name: string) {
      const members = (await this.slices(name)).flatMap(({ endpoints }) => endpoints)
      return members
        .map(({ targetRef, conditions }) => [targetRef?.name, ...Object.keys(conditions ?? {}).filter(key => conditions![key as 'ready'])].join(' '))
        .sort()
    },
    async old(name: string) {
      const { subsets } = await run(client.get(Endpoints, { namespace, name }))
      return (subsets ?? []).map(({ addresses, notReadyAddresses, ports }) => ({
        ready: addresses?.map(({ targetRef }) => targetRef?.name),
        notReady: notReadyAddresses?.map(({ targetRef }) => targetRef?.name),
        ports: ports?.map(({ port }) => port),
      }))
    },
    async ready(name: string, condition = 'Ready') {
      await waitFor(cluster, async () => podCondition(await run(client.get(Pod, { namespace, name })), condition)?.status === 'True')
      await cluster.advance(50)
    },
  }
}

async function waitFor(cluster: VirtualCluster, holds: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < 120_000; waitedMs += 100) {
    if (await holds()) return
    await cluster.advance(100)
  }
  assert.fail('it never came about')
}

test('a Pod is in the slice of its Service as soon as it has an address, and ready when it is Ready', async () => {
  const story = await begin(1)
  await using _ = story.cluster
  await story.create.service(service('web'))
  await story.cluster.advance(100)
  assert.deepEqual(
    (await story.slices('web')).map(({ ports, endpoints }) => [ports ?? [], endpoints]),
    [[[], []]],
    'no Pod, and one slice that says so',
  )
  await story.create.pod(
    pod('slow', {
      containers: [{ name: 'main', image: 'nginx:1', ports: [{ name: 'http', containerPort: 80 }], readinessProbe: { exec: { command: ['false'] } } }],
    }),
  )
  await story.create.pod(pod('web-1'))
  await story.create.pod(pod('other', {}, { app: 'other' }))
  await story.ready('web-1')
  await waitFor(story.cluster, async () => (await story.endpoints('web')).length === 2)
  assert.deepEqual(await story.endpoints('web'), ['slow', 'web-1 ready serving'])
  const [slice] = await story.slices('web')
  assert.match(slice!.metadata.name!, /^web-[a-z0-9]{5}$/)
  assert.deepEqual(slice!.metadata.labels, { 'kubernetes.io/service-name': 'web', 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' })
  assert.deepEqual(slice!.ports, [{ name: '', port: 80, protocol: 'TCP' }])
  assert.equal(slice!.metadata.ownerReferences?.[0]?.name, 'web')
  assert.deepEqual(await story.old('web'), [{ ready: ['web-1'], notReady: ['slow'], ports: [80] }])
})

test('a Pod that is deleted is not ready in the same instant, serves on while it terminates, and is gone when it has ended', async () => {
  const story = await begin(2)
  await using _ = story.cluster
  await story.create.service(service('web'))
  await story.create.pod(
    pod('web-1', {
      containers: [{ name: 'main', image: 'nginx:1', ports: [{ name: 'http', containerPort: 80 }], lifecycle: { preStop: { sleep: { seconds: 3 } } } }],
    }),
  )
  await story.ready('web-1')
  await story.run(story.client.delete(Pod, { namespace, name: 'web-1' }))
  await story.cluster.advance(50)
  assert.deepEqual(await story.endpoints('web'), ['web-1 serving terminating'])
  assert.deepEqual(await story.old('web'), [], 'the older list leaves it out')
  await waitFor(story.cluster, async () => (await story.endpoints('web')).length === 0)
  assert.deepEqual(
    (await story.slices('web')).map(({ endpoints }) => endpoints),
    [[]],
  )
})

test('a Service that publishes what is not ready has them ready, terminating or not', async () => {
  const story = await begin(3)
  await using _ = story.cluster
  await story.create.service(service('web', { clusterIP: 'None', publishNotReadyAddresses: true }))
  const containers = [{ name: 'main', image: 'nginx:1', ports: [{ name: 'http', containerPort: 80 }], lifecycle: { preStop: { sleep: { seconds: 3 } } } }]
  await story.create.pod(pod('web-1', { containers, readinessGates: [{ conditionType: 'example.com/never' }], hostname: 'one', subdomain: 'web' }))
  await story.ready('web-1', 'ContainersReady')
  assert.deepEqual(await story.endpoints('web'), ['web-1 ready'])
  const [slice] = await story.slices('web')
  assert.equal(slice!.endpoints[0]!.hostname, 'one')
  assert.equal(slice!.metadata.labels?.['service.kubernetes.io/headless'], '')
  await story.run(story.client.delete(Pod, { namespace, name: 'web-1' }))
  await story.cluster.advance(50)
  assert.deepEqual(await story.endpoints('web'), ['web-1 ready terminating'])
  assert.deepEqual(await story.old('web'), [{ ready: ['web-1'], notReady: undefined, ports: [80] }])
})

test('named ports are looked up in each Pod; Pods that differ are in different slices', async () => {
  const story = await begin(4)
  await using _ = story.cluster
  await story.create.pod(pod('web-1'))
  await story.create.pod(pod('web-2', { containers: [{ name: 'main', image: 'nginx:1', ports: [{ name: 'http', containerPort: 8080 }] }] }))
  await story.create.service(service('web'))
  await story.ready('web-1')
  await story.ready('web-2')
  assert.deepEqual(
    (await story.slices('web')).map(({ ports, endpoints }) => `${ports?.[0]?.port} ${endpoints.map(({ targetRef }) => targetRef?.name).join()}`).sort(),
    ['80 web-1', '8080 web-2'],
  )
})

test('labels, selectors and the Service itself may change or go, and the slices follow', async () => {
  const story = await begin(5)
  await using _ = story.cluster
  await story.create.service(service('web'))
  await story.create.pod(pod('web-1'))
  await story.create.pod(pod('blue', {}, { app: 'blue' }))
  await story.ready('web-1')
  await story.ready('blue')
  const patch = (body: object) => story.run(story.client.patch(Service, { namespace, name: 'web' }, { type: 'merge', body }))
  await patch({ spec: { selector: { app: 'blue' } } })
  await story.cluster.advance(50)
  assert.deepEqual(await story.endpoints('web'), ['blue ready serving'])
  await story.run(story.client.patch(Pod, { namespace, name: 'web-1' }, { type: 'merge', body: { metadata: { labels: { app: 'blue' } } } }))
  await story.cluster.advance(50)
  assert.deepEqual(await story.endpoints('web'), ['blue ready serving', 'web-1 ready serving'])
  await story.run(story.client.delete(Service, { namespace, name: 'web' }))
  await story.cluster.advance(50)
  assert.deepEqual(await story.slices('web'), [])
  await assert.rejects(story.run(story.client.get(Endpoints, { namespace, name: 'web' })), error => isReason(error, 'NotFound'))
})

test('a slice that somebody removes or spoils is put right', async () => {
  const story = await begin(6)
  await using _ = story.cluster
  await story.create.service(service('web'))
  await story.create.pod(pod('web-1'))
  await story.ready('web-1')
  const [slice] = await story.slices('web')
  await story.run(story.client.patch(EndpointSlice, { namespace, name: slice!.metadata.name! }, { type: 'merge', body: { endpoints: [] } }))
  await story.cluster.advance(100)
  assert.deepEqual(await story.endpoints('web'), ['web-1 ready serving'])
  await story.run(story.client.delete(EndpointSlice, { namespace, name: slice!.metadata.name! }))
  await story.cluster.advance(100)
  assert.deepEqual(await story.endpoints('web'), ['web-1 ready serving'])
})

test('a Pod that has ended is no endpoint', async () => {
  const story = await begin(7)
  await using _ = story.cluster
  await story.create.service(service('web'))
  await story.create.pod(pod('job', { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox:1', command: ['sh', '-c', 'sleep 5'] }] }))
  await story.ready('job')
  assert.equal((await story.endpoints('web')).length, 1)
  await waitFor(story.cluster, async () => (await story.run(story.client.get(Pod, { namespace, name: 'job' }))).status.phase === 'Succeeded')
  await story.cluster.advance(50)
  assert.deepEqual(await story.endpoints('web'), [])
})

test('Endpoints of a Service without a selector are mirrored into slices', async () => {
  const story = await begin(8)
  await using _ = story.cluster
  const key = { namespace, name: 'outside' }
  await story.run(story.client.create(Service, { metadata: key, spec: { ports: [{ port: 80 }] } } as unknown as Draft<Service>))
  const subset = { addresses: [{ ip: '192.0.2.1' }], notReadyAddresses: [{ ip: '192.0.2.2' }], ports: [{ port: 9376, protocol: 'TCP' as const }] }
  await story.run(story.client.create(Endpoints, { metadata: { ...key, labels: { team: 'a' } }, subsets: [subset] }))
  await story.cluster.advance(50)
  const [slice] = await story.slices('outside')
  assert.deepEqual(slice!.endpoints, [
    { addresses: ['192.0.2.1'], conditions: { ready: true } },
    { addresses: ['192.0.2.2'], conditions: { ready: false } },
  ])
  assert.equal(slice!.metadata.labels?.['endpointslice.kubernetes.io/managed-by'], 'endpointslicemirroring-controller.k8s.io')
  assert.equal(slice!.metadata.labels?.['team'], 'a')
  await story.run(story.client.delete(Endpoints, key))
  await story.cluster.advance(50)
  assert.deepEqual(await story.slices('outside'), [])
})

test('the annotation of the last change tells since when it was to be applied', async () => {
  const story = await begin(9)
  await using _ = story.cluster
  const made = await story.create.service(service('web'))
  await story.cluster.advance(50)
  const trigger = async () => (await story.slices('web'))[0]!.metadata.annotations?.['endpoints.kubernetes.io/last-change-trigger-time']
  assert.equal(await trigger(), made.metadata.creationTimestamp)
  await story.create.pod(pod('web-1'))
  await story.ready('web-1')
  const { status } = await story.run(story.client.get(Pod, { namespace, name: 'web-1' }))
  assert.equal(await trigger(), status.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime)
  await story.run(story.client.delete(Pod, { namespace, name: 'web-1' }))
  await story.cluster.advance(50)
  assert.equal(await trigger(), undefined, 'a deletion is no change of a condition')
})
