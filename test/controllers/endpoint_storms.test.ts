/** How soon a change of a Pod is in the slices of its Services, how often they are written in a storm, and what happens when they cannot be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Endpoints } from '../../src/api/kinds/endpoints.ts'
import { EndpointSlice } from '../../src/api/kinds/endpoint_slice.ts'
import { Event } from '../../src/api/kinds/event.ts'
import { Node } from '../../src/api/kinds/node.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { Service } from '../../src/api/kinds/service.ts'
import { timestamp } from '../../src/api/meta.ts'
import type { Draft } from '../../src/client/client.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'

const namespace = 'default'
const KEY = { namespace, name: 'web' }

/** A cluster without nodes: the story itself says what becomes of each Pod, at the millisecond it wants. */
async function begin(spec: object = {}) {
  const cluster = await startVirtualCluster({ seed: 1, nodes: 0 })
  const { client, run, world } = cluster
  await run(
    client.create(Service, {
      metadata: KEY,
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }], ...spec },
    } as unknown as Draft<Service>),
  )
  await cluster.advance(1_000)
  const writes: { readonly at: number; readonly slice: EndpointSlice }[] = []
  const endpointsWrites: number[] = []
  const from = { resourceVersion: String(cluster.store.revision) }
  const ended = () => {}
  client.watch(EndpointSlice, from, { event: ({ object }) => void writes.push({ at: world.now(), slice: object as EndpointSlice }), ended })
  client.watch(Endpoints, from, { event: ({ object }) => void ((object as Endpoints).metadata.name === 'web' && endpointsWrites.push(world.now())), ended })
  const status = (name: string, body: object) =>
    run(client.patch(Pod, { namespace, name }, { type: 'merge', body: { status: body } }, { subresource: 'status' }))
  return {
    cluster,
    client,
    run,
    world,
    writes,
    endpointsWrites,
    async pod(name: string, more: object = {}) {
      const containers = [{ name: 'main', image: 'nginx:1', ports: [{ name: 'http', containerPort: 80 }] }]
      await run(
        client.create(Pod, { metadata: { name, namespace, labels: { app: 'web' } }, spec: { nodeName: 'a', containers, ...more } } as unknown as Draft<Pod>),
      )
    },
    address: (name: string, number: number) => {
      const podIP = `10.244.${Math.floor(number / 250)}.${(number % 250) + 1}`
      return status(name, { phase: 'Running', podIP, podIPs: [{ ip: podIP }] })
    },
    ready: (name: string) =>
      status(name, { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: timestamp(cluster.world.host('control-plane').clock.wall()) }] }),
    slices: async () => (await run(client.list(EndpointSlice, { namespace, labelSelector: 'kubernetes.io/service-name=web' }))).items,
  }
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `web-${i}`)

test('a change leaves in the instant in which it comes, and so does one that follows a millisecond later', async () => {
  const story = await begin()
  await using _ = story.cluster
  await story.pod('web-0')
  await story.cluster.advance(1_000)
  const times = [story.world.now()]
  await story.address('web-0', 0)
  await story.cluster.advance(1)
  times.push(story.world.now())
  await story.ready('web-0')
  await story.cluster.advance(1)
  times.push(story.world.now())
  await story.run(story.client.delete(Pod, { namespace, name: 'web-0' }))
  await story.cluster.advance(1_000)
  assert.deepEqual(
    story.writes.map(({ at }) => at),
    times,
  )
  assert.deepEqual(
    story.writes.map(({ slice }) => slice.endpoints[0]?.conditions),
    [
      { ready: false, serving: false, terminating: false },
      { ready: true, serving: true, terminating: false },
      { ready: false, serving: true, terminating: true },
    ],
  )
})

test('a hundred Pods that start together make few writes, and all of them are in soon after the last', async () => {
  const story = await begin()
  await using _ = story.cluster
  for (const name of names(100)) await story.pod(name)
  for (const [number, name] of names(100).entries()) {
    await story.address(name, number)
    await story.cluster.advance(3)
    await story.ready(name)
    await story.cluster.advance(3)
  }
  const lastAt = story.world.now()
  await story.cluster.advance(1_000)
  assert.ok(story.writes.length <= 5 + 600 / 100 + 2, `${story.writes.length} writes of slices for 200 changes in 600 ms`)
  assert.ok(story.endpointsWrites.length <= 5 + 600 / 100 + 2, `${story.endpointsWrites.length} writes of Endpoints`)
  const last = story.writes.at(-1)!
  assert.equal(last.slice.endpoints.filter(({ conditions }) => conditions?.ready).length, 100)
  assert.ok(last.at <= lastAt + 100, 'the last one waited no longer than 100 ms')
})

test('a hundred Pods that are deleted are each withdrawn within 10 ms', async () => {
  const story = await begin()
  await using _ = story.cluster
  for (const [number, name] of names(100).entries()) {
    await story.pod(name)
    await story.address(name, number)
    await story.ready(name)
  }
  await story.cluster.advance(10_000)
  story.writes.length = 0
  const deletedAt = new Map<string, number>()
  for (const name of names(100)) {
    deletedAt.set(name, story.world.now())
    await story.run(story.client.delete(Pod, { namespace, name }))
    await story.cluster.advance(1)
  }
  await story.cluster.advance(1_000)
  for (const [name, at] of deletedAt) {
    const withdrawn = story.writes.find(({ slice }) => slice.endpoints.some(({ targetRef, conditions }) => targetRef?.name === name && !conditions?.ready))
    assert.ok(withdrawn && withdrawn.at - at <= 10, `${name} was deleted at ${at} and withdrawn at ${withdrawn?.at}`)
  }
  assert.ok(story.writes.length <= 20 + 100 / 10 + 2, `${story.writes.length} writes`)
})

test('250 Pods are in slices of a hundred, and one that leaves changes one of them', async () => {
  const story = await begin()
  await using _ = story.cluster
  for (const [number, name] of names(250).entries()) {
    await story.pod(name)
    await story.address(name, number)
  }
  await story.cluster.advance(1_000)
  const sizes = async () => (await story.slices()).map(({ endpoints }) => endpoints.length).sort((a, b) => b - a)
  assert.deepEqual(
    (await sizes()).reduce((sum, size) => sum + size),
    250,
  )
  assert.ok(
    (await sizes()).every(size => size <= 100),
    String(await sizes()),
  )
  story.writes.length = 0
  await story.run(story.client.delete(Pod, { namespace, name: 'web-200' }))
  await story.cluster.advance(1_000)
  assert.equal(story.writes.length, 1)
  const { subsets } = await story.run(story.client.get(Endpoints, KEY))
  assert.equal(subsets?.[0]?.notReadyAddresses?.length, 249)
})

test('a Pod without the named port is in a slice without ports, and not in Endpoints', async () => {
  const story = await begin()
  await using _ = story.cluster
  await story.pod('web-0', { containers: [{ name: 'main', image: 'nginx:1' }] })
  await story.address('web-0', 0)
  await story.ready('web-0')
  await story.cluster.advance(100)
  assert.deepEqual(
    (await story.slices()).map(({ ports, endpoints }) => [ports ?? [], endpoints.length]),
    [[[], 1]],
  )
  assert.deepEqual((await story.run(story.client.get(Endpoints, KEY))).subsets ?? [], [])
})

test('a Service that prefers what is near says so to each node', async () => {
  const story = await begin({ trafficDistribution: 'PreferSameNode' })
  await using _ = story.cluster
  const node = { metadata: { name: 'a', labels: { 'topology.kubernetes.io/zone': 'east' } } } as unknown as Draft<Node>
  await story.run(story.client.create(Node, node))
  await story.cluster.advance(100)
  await story.pod('web-0')
  await story.address('web-0', 0)
  await story.cluster.advance(100)
  const [near] = (await story.slices())[0]!.endpoints
  assert.deepEqual([near!.zone, near!.nodeName, near!.hints], ['east', 'a', { forZones: [{ name: 'east' }], forNodes: [{ name: 'a' }] }])
  for (const [trafficDistribution, hints] of [
    ['PreferClose', { forZones: [{ name: 'east' }] }],
    ['PreferSameZone', { forZones: [{ name: 'east' }] }],
    [null, undefined],
  ] as const) {
    await story.run(story.client.patch(Service, KEY, { type: 'merge', body: { spec: { trafficDistribution } } }))
    await story.cluster.advance(500)
    assert.deepEqual((await story.slices())[0]!.endpoints[0]!.hints, hints, String(trafficDistribution))
  }
})

test('what cannot be written is told in an Event, tried again 15 times with longer and longer pauses, and then when something changes', async () => {
  const story = await begin()
  await using _ = story.cluster
  const { store, world } = story.cluster
  const commit = store.commit.bind(store)
  const tries: number[] = []
  let isBroken = true
  Object.assign(store, {
    commit: async (writes: Parameters<typeof commit>[0]) => {
      if (isBroken && writes.some(({ key }) => key.includes('/endpointslices/default/web'))) {
        tries.push(world.now())
        throw new Error('the disk is on strike')
      }
      return commit(writes)
    },
  })
  // Three hours are long: its Node is there, though lost, and the Pod puts up with that.
  await story.run(story.client.create(Node, { metadata: { name: 'a' } }))
  await story.pod('web-0', { tolerations: [{ operator: 'Exists' }] })
  await story.address('web-0', 0)
  const beganAt = world.now()
  await story.cluster.advance(10_000_000)
  const pauses = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000, 1000, 1000, 1000]
  assert.deepEqual(
    tries.map((at, i) => (at - (tries[i - 1] ?? beganAt)) / 1_000),
    [0, ...pauses],
  )
  isBroken = false
  await story.ready('web-0')
  await story.cluster.advance(10)
  assert.deepEqual((await story.slices())[0]!.endpoints.length, 1)
})

test('the Event of a failed write names the Service and the reason', async () => {
  const story = await begin()
  await using _ = story.cluster
  const { store } = story.cluster
  const commit = store.commit.bind(store)
  Object.assign(store, {
    commit: async (writes: Parameters<typeof commit>[0]) => {
      if (writes.some(({ key }) => key.includes('/endpointslices/default/web'))) throw new Error('the disk is on strike')
      return commit(writes)
    },
  })
  await story.pod('web-0')
  await story.address('web-0', 0)
  await story.cluster.advance(5_000)
  const { items } = await story.run(story.client.list(Event, { namespace }))
  const event = items.find(({ reason }) => reason === 'FailedToUpdateEndpointSlices')
  assert.equal(event?.type, 'Warning')
  assert.deepEqual([event?.involvedObject.kind, event?.involvedObject.name, event?.source?.component], ['Service', 'web', 'endpoint-slice-controller'])
  assert.match(event?.message ?? '', /^Error updating Endpoint Slices for Service default\/web: Internal error occurred: .*strike/)
  assert.equal(event?.count, 3)
})
