/** A node falls silent, and comes back or does not: second by second, as on Kubernetes (behaviour 10). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lease } from '../../src/api/kinds/lease.ts'
import { Node } from '../../src/api/kinds/node.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { podCondition } from '../../src/api/pod.ts'
import { beginNodeStory } from './node_story.ts'

const key = (name: string) => ({ namespace: 'default', name })

test('§ lost node: a crash, second by second, until the kubelet is back', async () => {
  await using story = await beginNodeStory()
  const before = await story.runPod('web', 'node-1')
  await story.at(30.2)
  // Its Lease was renewed at 30.1 s and seen at 35 s; 50 s of grace, and 300 s that every Pod tolerates.
  story.vnode('node-1').crash()
  await story.at(630)
  assert.deepEqual(story.told(30.2), [
    '85.000 node-1 Unknown',
    '85.000 node-1 Unknown unreachable:NoSchedule',
    '85.000 web Running not ready',
    '85.000 node-1 Unknown unreachable:NoSchedule unreachable:NoExecute',
    '385.000 web Running not ready deleting',
  ])
  const lost = (await story.pod('web'))!
  assert.deepEqual(lost.status.containerStatuses, before.status.containerStatuses, 'what is known of its containers stays as it was')
  const { reason, message, status } = podCondition(lost, 'Ready')!
  assert.deepEqual({ reason, message, status }, { reason: undefined, message: undefined, status: 'False' })
  assert.equal(podCondition(lost, 'DisruptionTarget')?.reason, 'DeletionByTaintManager')
  assert.deepEqual(await story.events('web', 'NodeNotReady', 'TaintManagerEviction'), [
    'Warning NodeNotReady: Node is not ready',
    'Normal TaintManagerEviction: Marking for deletion Pod default/web',
  ])
  assert.deepEqual(await story.events('node-1', 'NodeNotReady', 'RegisteredNode'), [
    'Normal RegisteredNode: Node node-1 event: Registered Node node-1 in Controller',
    'Normal NodeNotReady: Node node-1 status is now: NodeNotReady',
  ])
  for (const condition of (await story.node('node-1'))!.status.conditions!)
    assert.deepEqual(
      [condition.status, condition.reason, condition.message],
      ['Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.'],
      condition.type,
    )
  await story.run(story.vnode('node-1').restart())
  await story.until(() => story.told(630).some(line => line.endsWith('web gone')), 5_000)
  await story.advance(5_000)
  assert.deepEqual(await story.taints('node-1'), [])
  assert.deepEqual(await story.running('node-1'), [], 'what was deleted meanwhile the kubelet has ended')
})

test('§ lost node: who is silent for less than the grace period is not lost', async () => {
  await using story = await beginNodeStory()
  await story.runPod('web', 'node-1')
  await story.at(30.2)
  story.vnode('node-1').link.cut()
  await story.at(75)
  story.vnode('node-1').link.mend()
  await story.at(400)
  assert.deepEqual(story.told(30.2), [])
})

test('§ lost node: one that comes back in time keeps its Pods, and they are ready again without a restart', async () => {
  await using story = await beginNodeStory()
  const before = await story.runPod('web', 'node-1')
  await story.at(30.2)
  story.vnode('node-1').link.cut()
  await story.at(200)
  assert.deepEqual(story.told(30.2).at(-1), '85.000 node-1 Unknown unreachable:NoSchedule unreachable:NoExecute')
  story.vnode('node-1').link.mend()
  await story.at(1000)
  assert.equal(await story.ready('node-1'), 'True')
  assert.deepEqual(await story.taints('node-1'), [])
  const after = (await story.pod('web'))!
  assert.deepEqual(after.status.containerStatuses, before.status.containerStatuses)
  assert.equal(podCondition(after, 'Ready')?.status, 'True')
  assert.deepEqual(await story.events('web', 'NodeNotReady', 'TaintManagerEviction'), [
    'Warning NodeNotReady: Node is not ready',
    'Normal TaintManagerEviction: Cancelling deletion of Pod default/web',
  ])
  // The Node is ready with its next report, and the eviction is off with the next look after that.
  const [ready, free] = ['True unreachable:NoExecute', 'True'].map(state => story.told(200).find(line => line.endsWith(`node-1 ${state}`)))
  assert.ok(Number.parseFloat(ready!) < 230, ready)
  assert.equal(Number.parseFloat(free!) % 5, 0, free)
})

test('§ lost node: a Pod that is deleted stays Terminating until the kubelet is back; by force it goes, and its containers go on meanwhile', async () => {
  await using story = await beginNodeStory()
  const first = await story.runPod('kept', 'node-1')
  const old = await story.runPod('forced', 'node-1')
  story.vnode('node-1').link.cut()
  await story.advance(100_000)
  await story.write(client => client.delete(Pod, key('kept')))
  await story.write(client => client.delete(Pod, key('forced'), { gracePeriodSeconds: 0 }))
  const other = await story.runPod('forced', 'node-2')
  await story.advance(100_000)
  assert.equal((await story.pod('kept'))?.metadata.uid, first.metadata.uid)
  assert.deepEqual(await story.running('node-1'), [old.metadata.uid!, first.metadata.uid!].toSorted(), 'nobody can tell the node')
  assert.deepEqual(await story.running('node-2'), [other.metadata.uid])
  story.vnode('node-1').link.mend()
  await story.advance(60_000)
  assert.equal(await story.pod('kept'), undefined)
  assert.deepEqual([await story.running('node-1'), await story.running('node-2')], [[], [other.metadata.uid]])
  assert.equal((await story.pod('forced'))?.metadata.uid, other.metadata.uid)
})

test('§ lost node: eviction taints that an earlier control plane left on a Node that is ready go with the next look, and nobody is evicted', async () => {
  await using story = await beginNodeStory()
  const before = await story.runPod('web', 'node-1')
  await story.at(31)
  const taints = ['unreachable', 'not-ready'].map(key => ({ key: `node.kubernetes.io/${key}`, effect: 'NoExecute' }))
  await story.patchNode('node-1', { spec: { taints } })
  await story.at(36)
  assert.deepEqual(story.told(31), ['31.000 node-1 True unreachable:NoExecute not-ready:NoExecute', '35.000 node-1 True'])
  await story.at(400)
  assert.equal((await story.pod('web'))?.metadata.uid, before.metadata.uid)
})

test('§ removed node: 40 s after it was missed its Pods fail and go, and the machine ends them when it is back', async () => {
  await using story = await beginNodeStory()
  await story.runPod('web', 'node-1')
  await story.at(30)
  story.vnode('node-1').crash()
  await story.write(client => client.delete(Node, { namespace: '', name: 'node-1' }))
  let last: Pod | undefined
  story.store.watch('/pods/', story.store.revision, ({ stored }) => (last = (stored?.value as Pod | undefined) ?? last))
  await story.at(79.999)
  assert.deepEqual(story.told(30), ['30.000 node-1 gone'])
  await story.at(80)
  await story.advance(0)
  // Looked at every 20 s: missed at 40 s, and for 40 s at 80 s.
  assert.deepEqual(story.told(79), ['80.000 web Failed ready', '80.000 web gone'])
  const { reason, message } = podCondition(last!, 'DisruptionTarget')!
  assert.deepEqual([reason, message], ['DeletionByPodGC', 'PodGC: node no longer exists'])
  assert.deepEqual(await story.events('node-1', 'RemovingNode'), ['Normal RemovingNode: Node node-1 event: Removing Node node-1 from Controller'])
  assert.equal((await story.running('node-1')).length, 1)
  await story.run(story.vnode('node-1').restart())
  await story.advance(60_000)
  assert.deepEqual(await story.running('node-1'), [])
  assert.equal(await story.ready('node-1'), 'True')
  assert.equal((await story.events('node-1', 'RegisteredNode')).length, 2, 'the old one and the new one')
})

test('§ removed node: one that is made again within 40 s keeps its Pods', async () => {
  await using story = await beginNodeStory()
  const before = await story.runPod('web', 'node-1')
  await story.at(30)
  await story.write(client => client.delete(Node, { namespace: '', name: 'node-1' }))
  await story.at(70)
  await story.run(story.vnode('node-1').restart())
  await story.at(300)
  assert.equal((await story.pod('web'))?.metadata.uid, before.metadata.uid)
})

test('§ lost node: the only one of a cluster is not evicted from, because then it is us who are cut off', async () => {
  await using story = await beginNodeStory({ nodes: 1 })
  await story.runPod('web')
  await story.at(30.2)
  story.vnode('node-0').link.cut()
  await story.at(2000)
  assert.deepEqual(story.told(30.2), ['85.000 node-0 Unknown', '85.000 node-0 Unknown unreachable:NoSchedule', '85.000 web Running not ready'])
  story.vnode('node-0').link.mend()
  await story.at(2100)
  assert.equal(podCondition((await story.pod('web'))!, 'Ready')?.status, 'True')
})

test('§ lost node: a machine that was booted again runs its Pods anew, and counts it', async () => {
  await using story = await beginNodeStory()
  const before = await story.runPod('web', 'node-1')
  await story.at(30)
  story.vnode('node-1').powerOff()
  await story.at(60)
  await story.run(story.vnode('node-1').restart())
  await story.at(90)
  const after = (await story.pod('web'))!
  const [was, is] = [before, after].map(({ status }) => status.containerStatuses![0]!)
  assert.deepEqual([was!.restartCount, is!.restartCount, after.metadata.uid], [0, 1, before.metadata.uid])
  assert.equal(podCondition(after, 'Ready')?.status, 'True')
  const bootId = (await story.node('node-1'))!.status.nodeInfo!.bootID
  assert.deepEqual(await story.events('node-1', 'Rebooted'), [`Warning Rebooted: Node node-1 has been rebooted, boot id: ${bootId}`])
})

test('§ lost node: when it is declared out of service its Pods go at once, without its kubelet', async () => {
  await using story = await beginNodeStory()
  await story.runPod('web', 'node-1')
  await story.at(30.2)
  story.vnode('node-1').powerOff()
  await story.at(93)
  const taints = [...(await story.node('node-1'))!.spec.taints!, { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }]
  await story.patchNode('node-1', { spec: { taints } })
  await story.at(101)
  assert.deepEqual(story.told(93).slice(1), ['93.000 web Running not ready deleting', '100.000 web Failed not ready deleting', '100.000 web gone'])
})

test('§ silent node: one that is made by hand and never speaks has 60 s', async () => {
  await using story = await beginNodeStory()
  await story.at(31)
  await story.write(client => client.create(Node, { metadata: { name: 'paper' } }))
  await story.at(200)
  const made = 31
  assert.deepEqual(story.told(31), [
    '31.000 paper silent not-ready:NoSchedule',
    // The first look after that minute.
    `${(Math.ceil((made + 60) / 5) * 5).toFixed(3)} paper Unknown not-ready:NoSchedule`,
    '95.000 paper Unknown unreachable:NoSchedule',
    '95.000 paper Unknown unreachable:NoSchedule unreachable:NoExecute',
  ])
  const { status, reason, message } = (await story.node('paper'))!.status.conditions!.find(({ type }) => type === 'Ready')!
  assert.deepEqual([status, reason, message], ['Unknown', 'NodeStatusNeverUpdated', 'Kubelet never posted node status.'])
})

test('§ node that is not ready: the eviction taint comes with the next look, changes with the condition, and goes with it', async () => {
  await using story = await beginNodeStory()
  await story.write(client => client.create(Node, { metadata: { name: 'paper' } }))
  const say = (status: string) =>
    story.patchNode(
      'paper',
      { status: { conditions: [{ type: 'Ready', status, lastHeartbeatTime: new Date(Date.UTC(2026, 0, 1) + story.world.now()).toISOString() }] } },
      'status',
    )
  await story.at(31)
  await say('False')
  await story.at(40)
  await story.at(86)
  await say('True')
  await story.at(91)
  assert.deepEqual(story.told(31), [
    '31.000 paper False not-ready:NoSchedule',
    '35.000 paper False not-ready:NoSchedule not-ready:NoExecute',
    '85.000 paper Unknown not-ready:NoSchedule not-ready:NoExecute',
    '85.000 paper Unknown not-ready:NoExecute unreachable:NoSchedule',
    '85.000 paper Unknown unreachable:NoSchedule unreachable:NoExecute',
    '86.000 paper True unreachable:NoSchedule unreachable:NoExecute',
    '86.000 paper True unreachable:NoExecute',
    '90.000 paper True',
  ])
})

test('§ removed node: the kubelet that lives on registers no more until it is started again; a Node made by others it takes up', async () => {
  await using story = await beginNodeStory()
  const lease = { namespace: 'kube-node-lease', name: 'node-1' }
  await story.at(30)
  await story.write(client => client.delete(Node, { namespace: '', name: 'node-1' }))
  await story.at(600)
  assert.deepEqual(story.told(30), ['30.000 node-1 gone'])
  assert.equal(await story.write(client => client.get(Lease, lease).catch(() => undefined)), undefined, 'its heartbeats go with it')
  const made = await story.write(client => client.create(Node, { metadata: { name: 'node-1' } }))
  await story.at(620)
  assert.equal(await story.ready('node-1'), 'True')
  const { ownerReferences } = (await story.write(client => client.get(Lease, lease))).metadata
  assert.deepEqual(
    ownerReferences?.map(({ uid }) => uid),
    [made.metadata.uid],
  )
})
