/** The loop that keeps a node's rules: when it writes, what it puts together, and how it recovers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EndpointSlice } from '../../src/api/kinds/endpoint_slice.ts'
import { Service } from '../../src/api/kinds/service.ts'
import { timestamp } from '../../src/api/meta.ts'
import type { Draft } from '../../src/client/client.ts'
import { createCache } from '../../src/client/reflector.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'
import { startServiceProxy, type Programmed, type RuleProgrammer } from '../../src/network/proxy/proxy.ts'
import type { ServicePort } from '../../src/network/proxy/service_ports.ts'

const namespace = 'default'
const service = (name: string) => ({ metadata: { name, namespace }, spec: { ports: [{ port: 80 }] } }) as unknown as Draft<Service>
const slice = (name: string, ...addresses: string[]) =>
  ({
    metadata: { name: `${name}-1`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints: addresses.map(address => ({ addresses: [address], conditions: { ready: true } })),
  }) as unknown as Draft<EndpointSlice>

async function begin(seed: number, programMs = 0) {
  const cluster = await startVirtualCluster({ seed, nodes: 0 })
  const host = cluster.world.host('proxy')
  const { client, run } = cluster
  const services = createCache(host, client, Service)
  const endpointSlices = createCache(host, client, EndpointSlice)
  const steps: string[] = []
  const programmed: Programmed[] = []
  const held = new Map<string, ServicePort>()
  const failing = { next: 0 }
  const work = async (what: string, apply: () => void) => {
    const startedAt = host.clock.now()
    if (programMs > 0) await new Promise<void>(resolve => host.clock.at(startedAt + programMs, resolve, 'programming'))
    steps.push(what)
    if (failing.next-- > 0) throw new Error('no such table')
    apply()
  }
  const rules: RuleProgrammer = {
    replace: ports =>
      work(`replace ${ports.length}`, () => {
        held.clear()
        for (const port of ports) held.set(port.name, port)
      }),
    change: changes =>
      work(`change ${[...changes.keys()].join(' ')}`, () => {
        for (const [name, port] of changes) {
          if (port) held.set(name, port)
          else held.delete(name)
        }
      }),
  }
  const proxy = startServiceProxy(host, {
    services,
    endpointSlices,
    node: () => ({ name: 'proxy', zone: undefined }),
    rules,
    programmed: step => void programmed.push(step),
  })
  await run(proxy.synced)
  const targets = (name: string) => {
    const destination = held.get(name)?.internal
    return destination?.is === 'targets' ? destination.targets.map(({ address }) => address) : destination?.is
  }
  return { cluster, client, run, steps, programmed, targets, failing, held, clock: host.clock }
}

test('a new endpoint is programmed with the revision it came with, and nothing else is touched', async () => {
  const story = await begin(1)
  await using _ = story.cluster
  await story.run(story.client.create(Service, service('web')))
  await story.cluster.advance(20)
  assert.equal(story.targets('default/web/tcp'), 'refuse')
  const made = await story.run(story.client.create(EndpointSlice, slice('web', '10.0.0.1')))
  await story.cluster.advance(20)
  assert.deepEqual(story.targets('default/web/tcp'), ['10.0.0.1'])
  assert.deepEqual(story.steps.slice(-2), ['change default/web/tcp', 'change default/web/tcp'])
  const last = story.programmed.at(-1)!
  assert.deepEqual([last.services, last.endpointSlicesRevision], [['default/web'], Number(made.metadata.resourceVersion)])
})

test('what changes while rules are being written goes together in the next step', async () => {
  const story = await begin(2, 200)
  await using _ = story.cluster
  const before = story.steps.length
  for (const name of ['a', 'b', 'c', 'd']) {
    await story.run(story.client.create(Service, service(name)))
    await story.run(story.client.create(EndpointSlice, slice(name, '10.0.0.1')))
  }
  await story.cluster.advance(1_000)
  assert.ok(story.steps.length - before <= 3, story.steps.join('; '))
  for (const name of ['a', 'b', 'c', 'd']) assert.deepEqual(story.targets(`default/${name}/tcp`), ['10.0.0.1'])
})

test('a Service that goes takes its rules with it', async () => {
  const story = await begin(3)
  await using _ = story.cluster
  await story.run(story.client.create(Service, service('web')))
  await story.cluster.advance(20)
  await story.run(story.client.delete(Service, { namespace, name: 'web' }))
  await story.cluster.advance(20)
  assert.equal(story.held.has('default/web/tcp'), false)
})

test('after a step that failed everything is written anew, 100 ms later, then 200', async () => {
  const story = await begin(4)
  await using _ = story.cluster
  story.failing.next = 2
  const startedAt = story.clock.now()
  await story.run(story.client.create(Service, service('web')))
  await story.cluster.until(() => story.held.has('default/web/tcp'))
  assert.match(story.steps.slice(-3).join('; '), /^change default\/web\/tcp; replace \d+; replace \d+$/)
  const waitedMs = story.clock.now() - startedAt
  assert.ok(waitedMs >= 300 && waitedMs < 330, `${waitedMs}`)
})

test('once an hour the rules are written anew, changed or not', async () => {
  const story = await begin(5)
  await using _ = story.cluster
  const before = story.steps.length
  await story.cluster.advance(2 * 60 * 60_000 + 1_000)
  assert.deepEqual(
    story.steps.slice(before).map(step => step.split(' ')[0]),
    ['replace', 'replace'],
  )
})

test('a step tells how long it took, and since when what it follows was to be followed; a failed one keeps that for the next', async () => {
  const story = await begin(8, 200)
  await using _ = story.cluster
  await story.run(story.client.create(Service, service('web')))
  await story.cluster.advance(1_000)
  const changedAt = story.clock.wall()
  story.failing.next = 1
  const draft = slice('web', '10.0.0.1')
  const annotations = { 'endpoints.kubernetes.io/last-change-trigger-time': timestamp(changedAt) }
  await story.run(story.client.create(EndpointSlice, { ...draft, metadata: { ...draft.metadata, annotations } }))
  await story.cluster.advance(1_000)
  const last = story.programmed.at(-1)!
  assert.deepEqual(last.triggers, [{ service: 'default/web', at: Date.parse(timestamp(changedAt)) }])
  assert.equal(last.tookMs, 200)
  assert.equal(last.wallMs - changedAt, 200 + 100 + 200, 'failed, waited, written')
  const before = story.programmed.length
  await story.run(story.client.patch(EndpointSlice, { namespace, name: 'web-1' }, { type: 'merge', body: { endpoints: [] } }))
  await story.cluster.advance(1_000)
  assert.deepEqual(
    story.programmed.slice(before).map(({ triggers }) => triggers),
    [[]],
    'the same annotation is no new change',
  )
})

test('every node tells which revisions it follows since when', async () => {
  const cluster = await startVirtualCluster({ seed: 9, nodes: 2 })
  await using _ = cluster
  const { client, run } = cluster
  await run(client.create(Service, service('web')))
  const made = await run(client.create(EndpointSlice, slice('web', '10.0.0.1')))
  const madeAt = cluster.world.host('control-plane').clock.wall()
  await cluster.advance(5_000)
  for (const node of ['node-0', 'node-1']) {
    const steps = cluster.cluster.programmed.of(node).filter(({ services }) => services.includes('default/web'))
    const first = steps.find(({ endpointSlicesRevision }) => endpointSlicesRevision >= Number(made.metadata.resourceVersion))
    assert.ok(first && first.wallMs >= madeAt && first.wallMs < madeAt + 5_000, `${node}: ${JSON.stringify(steps)}`)
    assert.ok(steps.every(({ at }, i) => i === 0 || at >= steps[i - 1]!.at))
  }
})
