/** Pods of higher priority push others out (behaviour 7.5), over a whole cluster in virtual time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { PodDisruptionBudget } from '../../src/api/kinds/pod_disruption_budget.ts'
import { podCondition } from '../../src/api/pod.ts'
import { begin, farFrom, HOSTNAME, type Site } from './site.ts'

const LOW = { priorityClassName: 'low' }
const HIGH = { priorityClassName: 'high' }
const GRACE_SECONDS = 5

async function beginWithClasses(seed: number, nodes = 1): Promise<Site> {
  const site = await begin({ seed, nodes })
  await site.priorityClass('low', 10)
  await site.priorityClass('mid', 100)
  await site.priorityClass('high', 1_000)
  return site
}

/** Three of the four cores of a node. */
const large = (more: object = {}) => ({ requests: { cpu: '3' }, terminationGracePeriodSeconds: GRACE_SECONDS, ...more })
/** The same, and it does not go before it is killed. */
const stubborn = (more: object = {}) => ({
  ...large(more),
  containers: [{ name: 'main', image: 'busybox', command: ['sh', '-c', 'trap "" TERM; sleep 3600'], resources: { requests: { cpu: '3' } } }],
})

test('the victim is told why, has its own grace, and its room goes to the one that pushed it out', async () => {
  const site = await beginWithClasses(1)
  await site.place('victim', stubborn(LOW))
  await site.running('victim')
  assert.equal(await site.failToPlace('important', large(HIGH)), '0/1 nodes are available: 1 Insufficient cpu.')
  await site.advance(200)
  const [victim, important] = [await site.get('victim'), await site.get('important')]
  assert.equal(important.status.nominatedNodeName, 'node-0')
  assert.equal(victim.metadata.deletionGracePeriodSeconds, GRACE_SECONDS)
  const condition = podCondition(victim, 'DisruptionTarget')
  assert.deepEqual(
    [condition?.status, condition?.reason, condition?.message],
    ['True', 'PreemptionByScheduler', 'default-scheduler: preempting to accommodate a higher priority pod'],
  )
  const [event] = await site.said('victim', 'Preempted')
  assert.deepEqual(
    [event?.type, event?.reportingComponent, event?.action, event?.message],
    ['Normal', 'default-scheduler', 'Preempting', `Preempted by pod ${important.metadata.uid} on node node-0`],
  )
  const before = site.now()
  await site.until('important', ({ spec }) => spec.nodeName === 'node-0')
  assert.ok(site.now() - before >= (GRACE_SECONDS - 2) * 1_000, 'not before the victim has ended')
  assert.equal((await site.get('important')).status.nominatedNodeName, undefined)
  await site.gone('victim', 1_000)
  await site.cluster.stop()
})

test('while its victim is going a Pod pushes nobody else out, and says so', async () => {
  const site = await beginWithClasses(2, 2)
  for (const name of ['first', 'second']) await site.place(name, stubborn({ ...LOW, terminationGracePeriodSeconds: 30 }))
  await site.running('first')
  await site.running('second')
  await site.create('important', large(HIGH))
  await site.advance(3_000)
  // Its spec changes, so that it is tried again.
  await site.run(site.client.patch(Pod, { namespace: 'default', name: 'important' }, { type: 'merge', body: { metadata: { labels: { changed: 'yes' } } } }))
  await site.advance(3_000)
  assert.equal((await survivors(site, 'first', 'second')).length, 1)
  assert.equal(
    podCondition(await site.get('important'), 'PodScheduled')?.message,
    '0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to a terminating pod on the nominated node.',
  )
  await site.until('important', ({ spec }) => spec.nodeName !== undefined, 60_000)
  await site.cluster.stop()
})

test('whoever must not push others out waits', async () => {
  const site = await beginWithClasses(3)
  await site.priorityClass('polite', 1_000, { preemptionPolicy: 'Never' })
  await site.place('low', large(LOW))
  assert.equal(
    await site.failToPlace('polite', large({ priorityClassName: 'polite' })),
    '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.',
  )
  await site.advance(30_000)
  assert.equal((await site.get('low')).metadata.deletionTimestamp, undefined)
  await site.cluster.stop()
})

test('nobody is pushed out by an equal, nor in vain', async () => {
  const site = await beginWithClasses(4)
  await site.place('low', large(LOW))
  assert.match(await site.failToPlace('equal', large(LOW)), /preemption: 0\/1 nodes are available: 1 No preemption victims found for incoming pod\.$/)
  assert.match(
    await site.failToPlace('too-big', { requests: { cpu: '64' }, ...HIGH }),
    /^0\/1 nodes are available: 1 Insufficient cpu\. .*: 1 Preemption is not helpful for scheduling\.$/,
  )
  await site.place('fixed', { requests: { cpu: '500m' }, priorityClassName: 'system-node-critical' })
  assert.match(
    await site.failToPlace('still-too-big', { requests: { cpu: '4' }, ...HIGH }),
    /^0\/1 nodes are available: 1 Insufficient cpu\. .*preemption: 0\/1 nodes are available: 1 Insufficient cpu\.$/,
    'even without the low one',
  )
  await site.advance(20_000)
  assert.equal((await site.get('low')).metadata.deletionTimestamp, undefined)
  await site.cluster.stop()
})

test('as few go as possible, and the least important of them', async () => {
  const site = await beginWithClasses(5, 2)
  const small = (cpu: string, priorityClassName: string, node: string) => ({ requests: { cpu }, priorityClassName, nodeSelector: { [HOSTNAME]: node } })
  await site.place('a-low', small('2', 'low', 'node-0'))
  await site.place('a-mid', small('1500m', 'mid', 'node-0'))
  await site.place('b-mid', small('3500m', 'mid', 'node-1'))
  await site.place('important', { requests: { cpu: '2' }, ...HIGH })
  assert.equal(await site.nodeOf('important'), 'node-0')
  assert.deepEqual(await survivors(site, 'a-low', 'a-mid', 'b-mid'), ['a-mid', 'b-mid'])
  await site.cluster.stop()
})

test('a Pod that a budget protects goes last', async () => {
  const site = await beginWithClasses(6, 2)
  await site.place('kept', large({ ...LOW, labels: { app: 'kept' }, nodeSelector: { [HOSTNAME]: 'node-0' } }))
  await site.place('free', large({ priorityClassName: 'mid', nodeSelector: { [HOSTNAME]: 'node-1' } }))
  const { client, run } = site
  await run(
    client.create(PodDisruptionBudget, {
      metadata: { name: 'kept', namespace: 'default' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'kept' } } },
    } as never),
  )
  await site.running('kept')
  await site.running('free')
  await site.advance(2_000)
  await site.place('important', large(HIGH))
  assert.deepEqual(await survivors(site, 'kept', 'free'), ['kept'], 'although the other one is more important')
  await site.cluster.stop()
})

test('room that was made for one Pod is not taken by another of lower priority', async () => {
  const site = await beginWithClasses(7)
  await site.place('victim', stubborn({ ...LOW, terminationGracePeriodSeconds: 20 }))
  await site.running('victim')
  await site.failToPlace('important', { requests: { cpu: '2' }, ...HIGH })
  await site.advance(100)
  assert.match(await site.failToPlace('sneaky', { requests: { cpu: '2500m' }, priorityClassName: 'mid' }), /^0\/1 nodes are available: 1 Insufficient cpu\. /)
  await site.until('important', ({ spec }) => spec.nodeName !== undefined, 60_000)
  await site.advance(15_000)
  assert.equal(await site.nodeOf('sneaky'), undefined)
  await site.cluster.stop()
})

test('when the Pod that room was made for is gone, the next one gets the room', async () => {
  const site = await beginWithClasses(8)
  await site.changeNode('node-0', { spec: { taints: [{ key: 'only', value: 'one', effect: 'NoSchedule' }] } })
  const tolerations = [{ key: 'only', operator: 'Exists' }]
  await site.place('victim', large({ ...LOW, tolerations, finalizers: ['example.com/hold'] }))
  await site.failToPlace('important', large({ ...HIGH, tolerations }))
  await site.failToPlace('next', large({ priorityClassName: 'mid', tolerations }))
  await site.run(site.client.patch(Pod, { namespace: 'default', name: 'victim' }, { type: 'merge', body: { metadata: { finalizers: null } } }))
  await site.delete('important', 0)
  await site.until('next', ({ spec }) => spec.nodeName === 'node-0', 60_000)
  await site.cluster.stop()
})

test('a Pod is pushed out for its anti-affinity too', async () => {
  const site = await beginWithClasses(9)
  await site.place('loner', { ...LOW, terminationGracePeriodSeconds: 1, affinity: farFrom('web') })
  await site.running('loner')
  await site.place('web', { ...HIGH, labels: { app: 'web' } })
  assert.equal(await site.find('loner'), undefined)
  await site.cluster.stop()
})

test('a more important Pod takes the room that was made for a less important one, which looks for another', async () => {
  const site = await beginWithClasses(10)
  await site.place('victim', stubborn({ ...LOW, terminationGracePeriodSeconds: 20 }))
  await site.running('victim')
  await site.failToPlace('middle', large({ priorityClassName: 'mid' }))
  await site.advance(100)
  assert.equal((await site.get('middle')).status.nominatedNodeName, 'node-0')
  await site.place('important', large(HIGH))
  const middle = await site.get('middle')
  assert.deepEqual([middle.spec.nodeName, middle.status.nominatedNodeName], [undefined, undefined])
  await site.cluster.stop()
})

async function survivors(site: Site, ...names: string[]): Promise<string[]> {
  const left: string[] = []
  for (const name of names) {
    const pod = await site.find(name)
    if (pod && !pod.metadata.deletionTimestamp) left.push(name)
  }
  return left
}
