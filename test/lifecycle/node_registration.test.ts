/** How a node comes into the API: made by its kubelet, or found there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Node } from '../../src/api/kinds/node.ts'
import { beginNodeStory } from './node_story.ts'
import { beginStory, type Story } from './story.ts'

const nodeOf = (story: Story) => story.api.get(Node, 'node-a')!
const patch = (story: Story, body: object, subresource?: string) =>
  story.world.finish(story.api.client.patch(Node, { namespace: '', name: 'node-a' }, { type: 'strategic', body }, { subresource }))

test('§ registration: a Node that is there is taken over; what others have written to it stays', async () => {
  const story = await beginStory()
  const { uid } = nodeOf(story).metadata
  await patch(story, {
    metadata: { labels: { disk: 'ssd', 'kubernetes.io/hostname': 'somebody-else' }, annotations: { 'example.com/rack': '7' } },
    spec: { unschedulable: true, taints: [{ key: 'k', effect: 'NoSchedule' }] },
  })
  await story.restartKubelet()
  const { metadata, spec } = nodeOf(story)
  assert.deepEqual([metadata.uid, metadata.labels!['disk'], metadata.labels!['kubernetes.io/hostname']], [uid, 'ssd', 'node-a'])
  assert.deepEqual(metadata.annotations, { 'example.com/rack': '7', 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' })
  assert.deepEqual(spec, { unschedulable: true, taints: [{ key: 'k', effect: 'NoSchedule' }] })
})

test('§ registration: a machine that was booted since is told of once, by its new boot id', async () => {
  const story = await beginStory()
  await patch(story, { status: { nodeInfo: { ...nodeOf(story).status.nodeInfo, bootID: 'before' } } }, 'status')
  await story.restartKubelet()
  const reboots = () => story.nodeEvents.filter(({ reason }) => reason === 'Rebooted')
  assert.deepEqual(
    reboots().map(({ type, message }) => `${type} ${message}`),
    ['Warning Node node-a has been rebooted, boot id: boot'],
  )
  assert.equal(nodeOf(story).status.nodeInfo!.bootID, 'boot')
  await story.restartKubelet()
  assert.equal(reboots().length, 1)
})

test('§ registration: the runtime, what it can do and what it has stand in the status', async () => {
  const story = await beginStory()
  const { nodeInfo, runtimeHandlers, images } = nodeOf(story).status
  assert.equal(nodeInfo!.containerRuntimeVersion, 'simulated://0.1.0')
  assert.deepEqual(
    runtimeHandlers,
    ['', 'runc'].map(name => ({ name, features: { recursiveReadOnlyMounts: true, userNamespaces: false } })),
  )
  assert.ok(images!.some(({ names }) => names!.includes('docker.io/library/nginx:1')))
})

test('§ registration: in a cluster a Node has its range of Pod addresses, no taint is left, and an annotation says how many Nodes there are', async () => {
  await using story = await beginNodeStory({ nodes: 2 })
  await story.at(5)
  const { items } = await story.write(client => client.list(Node))
  assert.deepEqual(
    items.map(({ spec }) => spec),
    [
      { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24'] },
      { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24'] },
    ],
  )
  const ttl = async () => (await story.node('node-1'))!.metadata.annotations!['node.alpha.kubernetes.io/ttl']
  assert.equal(await ttl(), '0')
  await story.write(client => Promise.all(Array.from({ length: 99 }, (_, index) => client.create(Node, { metadata: { name: `paper-${index}` } }))))
  await story.patchNode('node-1', { metadata: { labels: { looked: 'at' } } })
  await story.advance(0)
  assert.equal(await ttl(), '15')
})
