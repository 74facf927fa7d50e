/** A whole cluster in virtual time: a node that is short of memory says so, gets no more Pods, and comes back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Event } from '../../src/api/kinds/event.ts'
import { Node } from '../../src/api/kinds/node.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { startVirtualCluster, type VirtualCluster, type VirtualNode } from '../../src/launch/virtual_cluster.ts'

const MI = 2 ** 20
const TAINT = 'node.kubernetes.io/memory-pressure'

test('§ eviction: a node short of memory is tainted, the scheduler passes it over, and after five minutes it is as before', async () => {
  await using cluster = await startVirtualCluster({ seed: 1, nodes: 2 })
  const [first, second] = [...cluster.nodes.values()]
  await run(cluster, 'hog', 600, { nodeName: first!.name })
  await cluster.advance(5_000)
  first!.machineStats.set({ systemMemoryBytes: 8192 * MI - 50 * MI - first!.runtime.usage().memoryBytes })
  await cluster.advance(10_000)

  const hog = await podNamed(cluster, 'hog')
  assert.deepEqual([hog.status.phase, hog.status.reason], ['Failed', 'Evicted'])
  assert.deepEqual(await taintsOf(cluster, first!.name), [`${TAINT}:NoSchedule`])
  assert.deepEqual(await taintsOf(cluster, second!.name), [])

  for (let i = 0; i < 4; i++) await run(cluster, `web-${i}`, 10)
  await run(cluster, 'tolerant', 10, { nodeSelector: { 'kubernetes.io/hostname': first!.name }, tolerations: [{ key: TAINT, operator: 'Exists' }] })
  await run(cluster, 'waiting', 10, { nodeSelector: { 'kubernetes.io/hostname': first!.name } })
  await cluster.advance(5_000)
  for (let i = 0; i < 4; i++) assert.equal((await podNamed(cluster, `web-${i}`)).spec.nodeName, second!.name)
  assert.equal((await podNamed(cluster, 'tolerant')).status.phase, 'Running')
  assert.equal((await podNamed(cluster, 'waiting')).spec.nodeName, undefined)

  // Of the node itself the Events tell how it went.
  const { items } = await cluster.run(cluster.client.list(Event, { namespace: 'default', fieldSelector: `involvedObject.name=${first!.name}` }))
  assert.deepEqual(
    items.filter(({ reason }) => reason === 'EvictionThresholdMet' || reason === 'NodeHasInsufficientMemory').map(({ type, message }) => `${type} ${message}`),
    ['Warning Attempting to reclaim memory', `Normal Node ${first!.name} status is now: NodeHasInsufficientMemory`],
  )

  await cluster.advance(280_000)
  assert.deepEqual(await taintsOf(cluster, first!.name), [`${TAINT}:NoSchedule`])
  await cluster.advance(20_000)
  assert.deepEqual(await taintsOf(cluster, first!.name), [])
  await cluster.advance(10_000)
  assert.equal((await podNamed(cluster, 'waiting')).status.phase, 'Running')
})

test('§ eviction: a kubelet that begins on a node already short of memory says so in its first status and refuses its first Pod', async () => {
  await using cluster = await startVirtualCluster({ seed: 2 })
  const [node] = [...cluster.nodes.values()]
  node!.machineStats.set({ systemMemoryBytes: 8192 * MI - 50 * MI })
  await cluster.run(node!.restart())
  await run(cluster, 'web', 1, { nodeName: node!.name })
  await cluster.advance(100)
  assert.equal((await podNamed(cluster, 'web')).status.message, 'Pod was rejected: The node had condition: [MemoryPressure]. ')
  assert.deepEqual(await taintsOf(cluster, node!.name), [`${TAINT}:NoSchedule`])
})

test('§ node events: what a kubelet says of its node from its start on, and when somebody cordons it', async () => {
  await using cluster = await startVirtualCluster({ seed: 3 })
  const [{ name }] = [...cluster.nodes.values()] as [VirtualNode]
  const cordon = (unschedulable: boolean) =>
    cluster.run(cluster.client.patch(Node, { namespace: '', name }, { type: 'merge', body: { spec: { unschedulable: unschedulable || null } } }))
  await cluster.advance(5_000)
  await cordon(true)
  await cluster.advance(20_000)
  await cordon(false)
  await cluster.advance(20_000)
  const { items } = await cluster.run(cluster.client.list(Event, { namespace: 'default', fieldSelector: `involvedObject.name=${name},source=kubelet` }))
  assert.deepEqual(items.map(({ reason, message }) => `${reason}: ${message}`).sort(), [
    'NodeAllocatableEnforced: Updated Node Allocatable limit across pods',
    ...['NodeHasNoDiskPressure', 'NodeHasSufficientMemory', 'NodeHasSufficientPID', 'NodeNotSchedulable', 'NodeReady', 'NodeSchedulable'].map(
      reason => `${reason}: Node ${name} status is now: ${reason}`,
    ),
    'Starting: Starting kubelet.',
  ])
})

const run = (cluster: VirtualCluster, name: string, mib: number, spec: object = {}) =>
  cluster.run(
    cluster.client.create(Pod, {
      metadata: { name, namespace: 'default', annotations: { 'simulate.poise.dev/main': `listen=80, memory=${mib}Mi` } },
      spec: { ...spec, containers: [{ name: 'main', image: 'nginx:1' }] },
    } as never),
  )

const podNamed = (cluster: VirtualCluster, name: string) => cluster.run(cluster.client.get(Pod, { namespace: 'default', name }))

async function taintsOf(cluster: VirtualCluster, name: string): Promise<string[]> {
  const node = await cluster.run(cluster.client.get(Node, { namespace: '', name }))
  return (node.spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`)
}
