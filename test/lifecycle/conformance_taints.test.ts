/** Conformance, sig-node: NoExecuteTaintManager; and what else is known of the eviction for taints, to the millisecond. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Event } from '../../src/api/kinds/event.ts'
import { Node } from '../../src/api/kinds/node.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { podCondition } from '../../src/api/pod.ts'
import { startVirtualCluster, type VirtualCluster } from '../../src/launch/virtual_cluster.ts'

const NODE = { namespace: '', name: 'node-0' }
const TAINT = { key: 'kubernetes.io/e2e-evict-taint-key', value: 'evictTaintVal', effect: 'NoExecute' }
const toleration = (tolerationSeconds?: number) => ({ key: TAINT.key, operator: 'Equal', value: TAINT.value, effect: 'NoExecute', tolerationSeconds })

test('NoExecuteTaintManager Single Pod removing taint cancels eviction', async () => {
  await using cluster = await startVirtualCluster({ seed: 1 })
  await runPod(cluster, 'taint-eviction-3', [toleration(65)])
  await taint(cluster, [TAINT])
  await cluster.advance(20_000)
  await taint(cluster, [])
  await cluster.advance(120_000)
  const pod = await get(cluster, 'taint-eviction-3')
  assert.equal(pod?.metadata.deletionTimestamp, undefined)
  assert.equal(pod?.status.phase, 'Running')
  assert.deepEqual(await events(cluster, 'taint-eviction-3'), ['Cancelling deletion of Pod default/taint-eviction-3'])
})

test('NoExecuteTaintManager Multiple Pods evicts pods with minTolerationSeconds', async () => {
  await using cluster = await startVirtualCluster({ seed: 2 })
  await runPod(cluster, 'taint-eviction-b1', [toleration(5)])
  await runPod(cluster, 'taint-eviction-b2', [toleration(25)])
  const taintedAt = await taint(cluster, [TAINT])
  assert.deepEqual(
    [await evictedAfterMs(cluster, 'taint-eviction-b1', taintedAt), await evictedAfterMs(cluster, 'taint-eviction-b2', taintedAt)],
    [5000, 25_000],
  )
})

test('§ taint eviction: untolerated a Pod leaves in the same instant, with a condition and an Event that say why', async () => {
  await using cluster = await startVirtualCluster({ seed: 3 })
  await runPod(cluster, 'web', [], 10)
  const taintedAt = await taint(cluster, [TAINT])
  assert.equal(await evictedAfterMs(cluster, 'web', taintedAt), 0)
  const pod = (await get(cluster, 'web'))!
  assert.equal(pod.metadata.deletionGracePeriodSeconds, 10, 'its own grace')
  const { lastTransitionTime: _, lastProbeTime: __, observedGeneration: ___, ...condition } = podCondition(pod, 'DisruptionTarget')!
  assert.deepEqual(condition, {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByTaintManager',
    message: 'Taint manager: deleting due to NoExecute taint',
  })
  await cluster.advance(30_000)
  assert.deepEqual(await events(cluster, 'web'), ['Marking for deletion Pod default/web'])
})

test('§ taint eviction: a Pod that tolerates the taint without an end stays, also when others go', async () => {
  await using cluster = await startVirtualCluster({ seed: 4 })
  await runPod(cluster, 'stays', [toleration()])
  await runPod(cluster, 'goes', [])
  await taint(cluster, [TAINT])
  await cluster.advance(3600_000)
  assert.equal((await get(cluster, 'stays'))?.status.phase, 'Running')
  assert.equal(await get(cluster, 'goes'), undefined)
})

test('§ taint eviction: a plan stands when another taint comes, and a new one is made when the taints come back', async () => {
  await using cluster = await startVirtualCluster({ seed: 5 })
  const other = { key: 'other', effect: 'NoExecute' }
  await runPod(cluster, 'web', [toleration(60), { key: 'other', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 10 }])
  await taint(cluster, [TAINT])
  await cluster.advance(30_000)
  await taint(cluster, [])
  await cluster.advance(1000)
  const taintedAt = await taint(cluster, [TAINT])
  await cluster.advance(20_000)
  await taint(cluster, [TAINT, other])
  assert.equal(await evictedAfterMs(cluster, 'web', taintedAt), 60_000)
})

test('§ taint eviction: a Pod that is sent to a tainted Node by its name leaves it again', async () => {
  await using cluster = await startVirtualCluster({ seed: 6 })
  await taint(cluster, [TAINT])
  const begun = cluster.world.now()
  await create(cluster, 'web', [toleration(7)], { nodeName: 'node-0' })
  assert.equal(await evictedAfterMs(cluster, 'web', begun), 7000)
})

async function create(cluster: VirtualCluster, name: string, tolerations: object[], spec: object = {}): Promise<void> {
  const containers = [{ name: 'pause', image: 'pause' }]
  await cluster.run(cluster.client.create(Pod, { metadata: { name, namespace: 'default' }, spec: { ...spec, containers, tolerations } as never }))
}

async function runPod(cluster: VirtualCluster, name: string, tolerations: object[], terminationGracePeriodSeconds?: number): Promise<void> {
  await create(cluster, name, tolerations, { terminationGracePeriodSeconds })
  while ((await get(cluster, name))?.status.phase !== 'Running') await cluster.advance(100)
}

/** Returns when the taints were there, in virtual milliseconds. */
async function taint(cluster: VirtualCluster, taints: object[]): Promise<number> {
  await cluster.run(cluster.client.patch(Node, NODE, { type: 'merge', body: { spec: { taints } } }))
  return cluster.world.now()
}

async function evictedAfterMs(cluster: VirtualCluster, name: string, from: number): Promise<number> {
  let at: number | undefined
  const watch = cluster.client.watch(
    Pod,
    { namespace: 'default', resourceVersion: '0' },
    {
      event: ({ object }) => {
        const pod = object as Pod
        if (pod.metadata.name === name && pod.metadata.deletionTimestamp) at ??= cluster.world.now()
      },
      ended: () => undefined,
    },
  )
  await cluster.until(() => at !== undefined, 120_000)
  watch.stop()
  return at! - from
}

const get = (cluster: VirtualCluster, name: string): Promise<Pod | undefined> =>
  cluster.run(cluster.client.get(Pod, { namespace: 'default', name }).catch(() => undefined))

async function events(cluster: VirtualCluster, name: string): Promise<string[]> {
  await cluster.advance(1000)
  const { items } = await cluster.run(cluster.client.list(Event, { namespace: 'default', fieldSelector: `involvedObject.name=${name}` }))
  return items.filter(({ reason }) => reason === 'TaintManagerEviction').map(({ message }) => message ?? '')
}
