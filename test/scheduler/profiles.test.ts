/** Several schedulers in one cluster, by the name that Pods ask for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { podCondition } from '../../src/api/pod.ts'
import { begin } from './site.ts'

test('a scheduler of another name packs what the default one spreads, and signs its events', async () => {
  const schedulerProfiles = [
    { schedulerName: 'default-scheduler' },
    { schedulerName: 'packer', packing: 'MostAllocated' as const, weights: { NodeResourcesBalancedAllocation: 0 } },
  ]
  const site = await begin({ seed: 1, nodes: 3, schedulerProfiles })
  const requests = { cpu: '500m', memory: '512Mi' }
  const packed = new Set<string>()
  for (const name of ['a', 'b', 'c', 'd']) packed.add(await site.place(name, { requests, schedulerName: 'packer' }))
  assert.equal(packed.size, 1)
  assert.notEqual(await site.place('e', { requests }), [...packed][0])
  await site.advance(100)
  const [byPacker] = await site.said('a', 'Scheduled')
  const [byDefault] = await site.said('e', 'Scheduled')
  assert.deepEqual([byPacker?.reportingComponent, byDefault?.reportingComponent], ['packer', 'default-scheduler'])
  await site.cluster.stop()
})

test('a Pod whose scheduler is not there waits for it without a word', async () => {
  const site = await begin({ seed: 2 })
  await site.create('other', { schedulerName: 'mine' })
  await site.advance(400_000)
  const other = await site.get('other')
  assert.deepEqual([other.spec.nodeName, podCondition(other, 'PodScheduled')], [undefined, undefined])
  await site.cluster.stop()
})

test('a gated Pod says that it waits for its gates, and keeps nobody else waiting', async () => {
  const site = await begin({ seed: 3 })
  await site.create('gated', { schedulingGates: [{ name: 'example.com/wait' }], requests: { cpu: '3' } })
  const condition = podCondition(await site.get('gated'), 'PodScheduled')
  assert.deepEqual(
    [condition?.status, condition?.reason, condition?.message],
    ['False', 'SchedulingGated', 'Scheduling is blocked due to non-empty scheduling gates'],
  )
  assert.equal(await site.place('free', { requests: { cpu: '3' } }), 'node-0')
  await site.cluster.stop()
})
