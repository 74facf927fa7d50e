/** Many nodes are lost at once: how fast their Pods are given up, and that nobody is when it may be us (behaviour 10.10). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Node } from '../../src/api/kinds/node.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { podCondition } from '../../src/api/pod.ts'
import { beginNodeStory, type NodeStory } from './node_story.ts'

const UNREACHABLE = 'unreachable:NoExecute'

/** When each node got its eviction taint, in seconds. */
const tainted = (story: NodeStory, from = 0) =>
  story
    .told(from)
    .filter(line => line.includes(UNREACHABLE) && !line.includes('True'))
    .map(line => line.split(' ').slice(0, 2).join(' '))

const nodesOf = (count: number) => Array.from({ length: count }, (_, index) => `node-${index}`)

test('§ disruption: of nodes that are lost together one is given up every ten seconds', async () => {
  await using story = await beginNodeStory({ nodes: 6 })
  await story.at(31)
  for (const name of ['node-2', 'node-1', 'node-4']) story.vnode(name).crash()
  await story.at(200)
  assert.deepEqual(tainted(story), ['85.000 node-1', '95.000 node-2', '105.000 node-4'])
})

test('§ disruption: one that comes back before its turn is left in peace', async () => {
  await using story = await beginNodeStory({ nodes: 5 })
  await story.at(31)
  for (const name of ['node-1', 'node-2']) story.vnode(name).link.cut()
  await story.at(86)
  story.vnode('node-2').crash()
  await story.run(story.vnode('node-2').restart())
  await story.at(200)
  assert.deepEqual(tainted(story), ['85.000 node-1'])
})

test('§ disruption: when most of a small zone is lost nobody is given up; each zone counts for itself', async () => {
  await using story = await beginNodeStory({ nodes: 8 })
  for (const name of nodesOf(8)) await story.patchNode(name, { metadata: { labels: { 'topology.kubernetes.io/zone': name < 'node-5' ? 'small' : 'other' } } })
  await story.at(31)
  for (const name of ['node-0', 'node-1', 'node-2', 'node-5']) story.vnode(name).crash()
  await story.at(800)
  assert.deepEqual(tainted(story), ['85.000 node-5'])
  await story.run(story.vnode('node-0').restart())
  await story.at(900)
  // Two of five are no disruption any more: at the next look the rate is the usual one, and the first turn comes ten seconds after it.
  assert.deepEqual(tainted(story, 800), ['815.000 node-1', '825.000 node-2'])
})

test('§ disruption: when all are silent nothing is evicted, what was planned is off, and after the first word all get their time anew', async () => {
  await using story = await beginNodeStory({ nodes: 4 })
  for (const name of nodesOf(4)) await story.runPod(`on-${name}`, name)
  await story.at(31)
  story.vnode('node-3').link.cut()
  await story.at(100)
  assert.deepEqual(await story.taints('node-3'), ['unreachable:NoSchedule', UNREACHABLE])
  for (const name of nodesOf(3)) story.vnode(name).link.cut()
  await story.at(200)
  for (const name of nodesOf(4)) assert.deepEqual(await story.taints(name), ['unreachable:NoSchedule'], name)
  await story.at(1200)
  const { items } = await story.write(client => client.list(Pod, { namespace: 'default' }))
  assert.deepEqual(
    items.map(pod => [podCondition(pod, 'Ready')?.status, pod.metadata.deletionTimestamp]),
    items.map(() => ['False', undefined]),
  )
  for (const name of nodesOf(3)) story.vnode(name).link.mend()
  await story.at(1400)
  assert.equal(tainted(story, 1200).length, 1, 'only the one that is still silent')
  for (const name of nodesOf(3)) assert.deepEqual(await story.taints(name), [])
  const ready = (await story.write(client => client.list(Pod, { namespace: 'default' }))).items.filter(pod => podCondition(pod, 'Ready')?.status === 'True')
  assert.deepEqual(ready.map(({ metadata }) => metadata.name!).toSorted(), ['on-node-0', 'on-node-1', 'on-node-2'])
})

test('§ disruption: most of a large zone is lost: one is given up every 100 seconds', async () => {
  await using story = await beginNodeStory({ nodes: 1 })
  const names = Array.from({ length: 51 }, (_, index) => `paper-${String(index).padStart(2, '0')}`)
  const labels = { 'topology.kubernetes.io/zone': 'large' }
  for (const name of names) await story.write(client => client.create(Node, { metadata: { name, labels } }))
  for (let second = 30; second <= 300; second += 30) {
    await story.at(second)
    for (const name of second <= 60 ? names : names.slice(0, 20)) await speak(story, name)
  }
  // Heard last at 60 s, which the look at 65 s saw.
  assert.deepEqual(tainted(story), ['115.000 paper-20', '215.000 paper-21'])
})

test('§ disruption: a control plane that slept itself takes nobody for lost', async () => {
  await using story = await beginNodeStory({ nodes: 1, world: { chores: { labels: /^every node monitor/, everyMs: 600_000 } } })
  await story.write(client => client.create(Node, { metadata: { name: 'paper' } }))
  await story.at(590)
  await speak(story, 'paper')
  // It looks at 600 s, which hears that, and at 1200 s: so long it was silent, or we were deaf.
  await story.at(1201)
  assert.equal(await story.ready('paper'), 'True')
})

/** As its kubelet would. */
const speak = ({ patchNode, world }: NodeStory, name: string) =>
  patchNode(
    name,
    { status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: new Date(Date.UTC(2026, 0, 1) + world.now()).toISOString() }] } },
    'status',
  )
