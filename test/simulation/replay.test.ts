/** A seed is a run: the same one twice is the same to the last event, and another one is another run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Namespace } from '../../src/api/kinds/namespace.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import type { Draft } from '../../src/client/client.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'
import { firstDifference } from '../../src/sim/trace.ts'
import type { World } from '../../src/sim/world.ts'

test('the same seed gives the same run, event by event', async () => {
  const one = await story('42')
  const other = await story('42')
  assert.equal(one.events, other.events)
  assert.equal(firstDifference(one.trace, other.trace), undefined)
  assert.equal(one.trace.hash(), other.trace.hash())
})

test('another seed gives another run of the same story', async () => {
  const [one, other] = [await story('1'), await story('2')]
  assert.notEqual(one.trace.hash(), other.trace.hash())
})

/** A crash loop, a Pod with init containers, one that finds no node, and deletions while things are under way. */
async function story(seed: string): Promise<World> {
  const { world, run, client, advance, stop } = await startVirtualCluster({ seed, nodes: 3, world: { traceEvents: true } })
  const create = (name: string, spec: object, namespace = 'default') =>
    run(client.create(Pod, { metadata: { name, namespace }, spec } as unknown as Draft<Pod>))

  await create('loop', { containers: [container('main', 'sleep 1; exit 3')] })
  await create('starts', { initContainers: [container('first', 'sleep 2'), container('second', 'sleep 1')], containers: [container('main', 'sleep 3600')] })
  await create('too-big', { containers: [{ ...container('main', 'true'), resources: { requests: { cpu: '99' } } }] })
  await run(client.create(Namespace, { metadata: { name: 'shop' } }))
  await advance(1_000)
  for (let i = 0; i < 5; i++) await create(`web-${i}`, { terminationGracePeriodSeconds: 5, containers: [container('main', 'sleep 3600')] }, 'shop')
  await advance(120_000)
  const loop = await run(client.get(Pod, { namespace: 'default', name: 'loop' }))
  assert.ok((loop.status.containerStatuses?.[0]?.restartCount ?? 0) >= 3, 'it loops')

  await run(client.delete(Pod, { namespace: 'default', name: 'loop' }))
  await run(client.delete(Namespace, { namespace: '', name: 'shop' }))
  await advance(60_000)
  const { items } = await run(client.list(Pod))
  assert.deepEqual(
    items.map(({ metadata, status }) => `${metadata.namespace}/${metadata.name} ${status.phase}`),
    ['default/starts Running', 'default/too-big Pending'],
  )
  await stop()
  return world
}

const container = (name: string, script: string) => ({ name, image: 'busybox:1', command: ['sh', '-c', script] })
