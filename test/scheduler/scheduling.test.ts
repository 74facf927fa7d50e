import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Event } from '../../src/api/kinds/event.ts'
import { Node } from '../../src/api/kinds/node.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { podCondition } from '../../src/api/pod.ts'
import type { Draft } from '../../src/client/client.ts'
import { startVirtualCluster, type VirtualCluster } from '../../src/launch/virtual_cluster.ts'

const EPOCH_MS = Date.UTC(2026, 0, 1)

test('a Pod is given a node, and the Event says so as on Kubernetes', async () => {
  const cluster = await startVirtualCluster({ seed: 1, nodes: 2 })
  await create(cluster, pod('web'))
  const bound = await until(cluster, 'web', ({ spec }) => spec.nodeName !== undefined)
  assert.equal(podCondition(bound, 'PodScheduled')?.status, 'True')
  await cluster.advance(100)
  const [event] = await eventsAbout(cluster, 'web', 'Scheduled')
  assert.ok(event)
  assert.equal(event.message, `Successfully assigned default/web to ${bound.spec.nodeName}`)
  assert.deepEqual(
    [event.type, event.reportingComponent, event.action, event.count, event.firstTimestamp, event.source],
    ['Normal', 'default-scheduler', 'Binding', undefined, undefined, {}],
  )
  assert.match(event.eventTime ?? '', /^2026-01-01T00:00:\d\d\.\d{6}Z$/)
  await cluster.stop()
})

test('equal nodes fill evenly', async () => {
  const cluster = await startVirtualCluster({ seed: 2, nodes: 4 })
  for (let i = 0; i < 12; i++) await create(cluster, pod(`web-${i}`, { requests: { cpu: '500m' } }))
  await cluster.advance(1_000)
  const { items } = await cluster.run(cluster.client.list(Pod, { namespace: 'default' }))
  const counts = new Map<string, number>()
  for (const { spec } of items) counts.set(spec.nodeName ?? '', (counts.get(spec.nodeName ?? '') ?? 0) + 1)
  assert.deepEqual([...counts.values()], [3, 3, 3, 3])
  await cluster.stop()
})

test('a Pod for which there is no room says why in an Event and in its condition', async () => {
  const cluster = await startVirtualCluster({ seed: 3, nodes: 3 })
  await cordon(cluster, 'node-1', true)
  await cluster.run(
    cluster.client.patch(Node, { namespace: '', name: 'node-2' }, { type: 'merge', body: { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } } }),
  )
  await cluster.advance(500)
  await create(cluster, pod('big', { requests: { cpu: '64', memory: '1Ti', 'example.com/gpu': '1' }, limits: { 'example.com/gpu': '1' } }))
  await cluster.advance(500)
  const message =
    '0/3 nodes are available: 1 Insufficient cpu, 1 Insufficient example.com/gpu, 1 Insufficient memory, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. ' +
    'no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.'
  const condition = podCondition(await get(cluster, 'big'), 'PodScheduled')
  assert.deepEqual([condition?.status, condition?.reason, condition?.message], ['False', 'Unschedulable', message])
  const [event] = await eventsAbout(cluster, 'big', 'FailedScheduling')
  assert.deepEqual([event?.type, event?.action, event?.message], ['Warning', 'Scheduling', message])
  await cluster.stop()
})

test('a Pod waits for a full node until a Pod leaves it', async () => {
  const cluster = await startVirtualCluster({ seed: 4 })
  await create(cluster, pod('first', { requests: { cpu: '3' } }))
  await until(cluster, 'first', ({ spec }) => spec.nodeName !== undefined)
  await create(cluster, pod('second', { requests: { cpu: '3' } }))
  const waiting = await until(cluster, 'second', one => podCondition(one, 'PodScheduled')?.status === 'False')
  assert.equal(
    podCondition(waiting, 'PodScheduled')?.message,
    '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
  )
  await cluster.advance(60_000)
  assert.equal((await get(cluster, 'second')).spec.nodeName, undefined)
  await cluster.run(cluster.client.delete(Pod, { namespace: 'default', name: 'first' }, { gracePeriodSeconds: 0 }))
  const before = cluster.world.now()
  await until(cluster, 'second', ({ spec }) => spec.nodeName === 'node-0')
  assert.ok(cluster.world.now() - before < 100, 'its back-off was long over')
  await cluster.stop()
})

test('no Pod goes to a cordoned node, and the waiting one goes there when it is opened again', async () => {
  const cluster = await startVirtualCluster({ seed: 5 })
  await cordon(cluster, 'node-0', true)
  await cluster.advance(500)
  await create(cluster, pod('web'))
  const waiting = await until(cluster, 'web', one => podCondition(one, 'PodScheduled')?.status === 'False')
  assert.match(podCondition(waiting, 'PodScheduled')?.message ?? '', /^0\/1 nodes are available: 1 node\(s\) were unschedulable\. /)
  const node = await cluster.run(cluster.client.get(Node, { namespace: '', name: 'node-0' }))
  assert.deepEqual(
    node.spec?.taints?.map(({ key, effect }) => `${key}:${effect}`),
    ['node.kubernetes.io/unschedulable:NoSchedule'],
  )
  await cordon(cluster, 'node-0', false)
  await until(cluster, 'web', ({ spec }) => spec.nodeName === 'node-0')
  await cluster.stop()
})

test('a Pod that nothing has changed for is tried again after five minutes, to the second', async () => {
  const cluster = await startVirtualCluster({ seed: 6 })
  await create(cluster, pod('web', {}, { nodeSelector: { here: 'yes' } }))
  await cluster.advance(1_000)
  const [first] = await eventsAbout(cluster, 'web', 'FailedScheduling')
  assert.equal(first?.series, undefined)
  await cluster.advance(300_000)
  const [second] = await eventsAbout(cluster, 'web', 'FailedScheduling')
  assert.equal(second?.series?.count, 2)
  assert.equal(Date.parse(second.series.lastObservedTime!) - Date.parse(second.eventTime!), 300_000)
  await cluster.stop()
})

test('a gated Pod is left alone until its gates are gone', async () => {
  const cluster = await startVirtualCluster({ seed: 7 })
  await create(cluster, pod('web', {}, { schedulingGates: [{ name: 'example.com/wait' }] }))
  await cluster.advance(20_000)
  const gated = await get(cluster, 'web')
  assert.equal(gated.spec.nodeName, undefined)
  assert.deepEqual(await eventsAbout(cluster, 'web', 'FailedScheduling'), [])
  await cluster.run(cluster.client.patch(Pod, { namespace: 'default', name: 'web' }, { type: 'merge', body: { spec: { schedulingGates: null } } }))
  await until(cluster, 'web', ({ spec }) => spec.nodeName === 'node-0')
  await cluster.stop()
})

test('of two waiting Pods the one with the higher priority gets the room', async () => {
  const cluster = await startVirtualCluster({ seed: 8 })
  await cordon(cluster, 'node-0', true)
  await cluster.advance(500)
  await create(cluster, pod('low', { requests: { cpu: '3' } }))
  await create(cluster, pod('high', { requests: { cpu: '3' } }, { priorityClassName: 'system-node-critical' }, 'kube-system'))
  await cluster.advance(20_000)
  await cordon(cluster, 'node-0', false)
  await cluster.advance(1_000)
  assert.equal((await cluster.run(cluster.client.get(Pod, { namespace: 'kube-system', name: 'high' }))).spec.nodeName, 'node-0')
  assert.equal((await get(cluster, 'low')).spec.nodeName, undefined)
  await cluster.stop()
})

test('a Pod for another scheduler is not touched', async () => {
  const cluster = await startVirtualCluster({ seed: 9 })
  await create(cluster, pod('other', {}, { schedulerName: 'mine' }))
  await cluster.advance(20_000)
  const other = await get(cluster, 'other')
  assert.equal(other.spec.nodeName, undefined)
  assert.equal(podCondition(other, 'PodScheduled'), undefined)
  await cluster.stop()
})

interface Requirements {
  requests?: Record<string, string>
  limits?: Record<string, string>
}

const pod = (name: string, resources: Requirements = {}, spec: object = {}, namespace = 'default'): Draft<Pod> =>
  ({ metadata: { name, namespace }, spec: { ...spec, containers: [{ name: 'main', image: 'nginx:1', resources }] } }) as Draft<Pod>

const create = ({ run, client }: VirtualCluster, draft: Draft<Pod>) => run(client.create(Pod, draft))
const get = ({ run, client }: VirtualCluster, name: string) => run(client.get(Pod, { namespace: 'default', name }))

const cordon = ({ run, client }: VirtualCluster, name: string, unschedulable: boolean) =>
  run(client.patch(Node, { namespace: '', name }, { type: 'merge', body: { spec: { unschedulable: unschedulable || null } } }))

async function eventsAbout({ run, client }: VirtualCluster, name: string, reason: string): Promise<Event[]> {
  const { items } = await run(client.list(Event, { namespace: 'default', fieldSelector: `involvedObject.name=${name},reason=${reason}` }))
  return [...items]
}

/** Looks every 10 ms of virtual time. */
async function until(cluster: VirtualCluster, name: string, holds: (pod: Pod) => boolean, limitMs = 30_000): Promise<Pod> {
  for (let waited = 0; waited < limitMs; waited += 10) {
    const current = await get(cluster, name)
    if (holds(current)) return current
    await cluster.advance(10)
  }
  throw new Error(`${name} at ${new Date(EPOCH_MS + cluster.world.now()).toISOString()}: waited in vain`)
}
